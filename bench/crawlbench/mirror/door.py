"""Where a connection's protocol is chosen: by TLS's negotiation, or by what comes first (floor 2).

Plain connections begin as HTTP/1.1 and turn to HTTP/2 when its preface comes (`connection.py`).
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, cast

from crawlbench.base.errors import MirrorError
from crawlbench.mirror.connection import Connection
from crawlbench.mirror.http2 import Http2Connection
from crawlbench.mirror.tls import HTTP_2, make_server_context

if TYPE_CHECKING:
    from pathlib import Path
    from ssl import SSLObject

    from crawlbench.mirror.server import Mirror

__all__ = ["TlsDoor", "open_door"]


async def open_door(
    mirror: Mirror,
    ca_file: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    others: tuple[str, ...] = (),
) -> str:
    """Let a mirror listen as its network says and return its origin.

    Args:
        mirror: that listens.
        ca_file: where the certificate of its authority goes, if it speaks TLS.
        host: address to listen on.
        port: 0 for any that is free.
        others: addresses to listen on as well, on the same port.

    Raises:
        MirrorError: the certificate cannot be written, or one of the others cannot be had.
        OSError: the address cannot be had.
    """
    scheme, network = "http", mirror.network
    if network.tls:
        names = (host, *others)
        scheme, context = "https", make_server_context(ca_file, http2=network.http2, names=names)
        listen = partial(mirror.listen, tls=context, protocol=TlsDoor)
    else:
        listen = partial(mirror.listen)
    port = await listen(host=host, port=port)
    for other in others:
        try:
            await listen(host=other, port=port)
        except OSError as error:
            raise MirrorError(
                f"the mirror cannot listen on {other!r} at port {port}, where a host of its site "
                f"is to be: {error.strerror}; a site of one host needs no such address"
            ) from error
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class TlsDoor(asyncio.Protocol):
    """A connection over TLS until its protocol is known, which is when its handshake is done.

    A client that does not negotiate speaks HTTP/1.1.
    """

    def __init__(self, mirror: Mirror) -> None:
        """Lead to a mirror."""
        self._mirror = mirror

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over."""
        self._mirror.counters.tls_connections += 1
        agreed = cast("SSLObject", transport.get_extra_info("ssl_object")).selected_alpn_protocol()
        room = Http2Connection if agreed == HTTP_2 else Connection
        protocol = room(self._mirror)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
