"""Opens doors, and chooses a connection's protocol: by TLS, or by what the client sends (floor 2).

Plain connections begin as HTTP/1.1, and switch to HTTP/2 at its preface (`connection.py`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from crawlbench.base.errors import MirrorError
from crawlbench.mirror.connection import Connection
from crawlbench.mirror.http2 import Http2Connection
from crawlbench.mirror.listener import bind, bind_all_of_loopback
from crawlbench.mirror.tls import HTTP_2, make_server_context

if TYPE_CHECKING:
    import socket
    from pathlib import Path
    from ssl import SSLObject

    from crawlbench.mirror.doors import Door
    from crawlbench.mirror.server import Mirror


class Entrance:
    """What all doors of a mirror share: their addresses, and whether they speak TLS."""

    def __init__(
        self,
        mirror: Mirror,
        ca_file: Path,
        host: str = "127.0.0.1",
        others: tuple[str, ...] = (),
    ) -> None:
        """Prepare to listen as the mirror's network demands, but open nothing yet.

        Args:
            mirror: the mirror.
            ca_file: where to write the certificate of its authority, if it speaks TLS.
            host: address to listen on.
            others: further addresses to listen on, on the same port.

        Raises:
            MirrorError: the certificate cannot be written.
        """
        self._mirror = mirror
        self._host = host
        self._others = others
        network = mirror.network
        names = (host, *others)
        self._tls = (
            make_server_context(ca_file, http2=network.http2, names=names) if network.tls else None
        )
        self._protocol: type[TlsDoor | Connection] = TlsDoor if network.tls else Connection

    async def open_main(self, port: int = 0) -> str:
        """Open the main door, for clients without a door of their own, and return its origin.

        Args:
            port: 0 for any that is free.

        Raises:
            MirrorError: one of the others is not available.
            OSError: the address is not available.
        """
        return await self._open(self._mirror.doors.main, port)

    async def open(self, name: str) -> str:
        """Open a door on a port of its own, if it is not open yet, and return its origin.

        If a site has many hosts, one socket listens for all of them where the system allows it.

        Raises:
            MirrorError: one of its addresses is not available.
            OSError: none is, or there are no descriptors left.
        """
        doors = self._mirror.doors
        door = doors.find(name)
        if door:
            return door.origin
        door = doors.add(name)
        try:
            if not (self._others and await self._open_wide(door)):
                await self._open(door, 0)
        # Cancelled as well: otherwise `find` would take this for an open door from now on.
        except BaseException:
            self._mirror.shut(name)
            raise
        return door.origin

    async def _open(self, door: Door, port: int) -> str:
        port = await self._listen(bind(self._host, port), door)
        for other in self._others:
            try:
                await self._listen(bind(other, port), door)
            except OSError as error:
                raise MirrorError(
                    f"the mirror cannot listen on {other!r} at port {port}, which it needs for "
                    f"a host of its site: {error.strerror}; choose a site with a single host"
                ) from error
        door.origin = self._origin(port)
        return door.origin

    async def _open_wide(self, door: Door) -> bool:
        """Let one socket listen on all addresses of loopback; return whether that was possible."""
        if not all(address.startswith("127.") for address in (self._host, *self._others)):
            return False
        try:
            raw = bind_all_of_loopback()
        except OSError:
            return False
        door.origin = self._origin(await self._listen(raw, door))
        return True

    async def _listen(self, raw: socket.socket, door: Door) -> int:
        """Let a door's clients in at a bound socket, and return its port."""
        port: int = raw.getsockname()[1]
        await self._mirror.listen(raw, door, self._protocol, self._tls)
        return port

    def _origin(self, port: int) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{f'[{self._host}]' if ':' in self._host else self._host}:{port}"


class TlsDoor(asyncio.Protocol):
    """A connection over TLS until the handshake is done, after which its protocol is known.

    A client that does not negotiate a protocol speaks HTTP/1.1.
    """

    def __init__(self, mirror: Mirror, door: Door) -> None:
        """Lead to a mirror, by one of its doors."""
        self._mirror = mirror
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over to its protocol."""
        self._door.counters.tls_connections += 1
        agreed = cast("SSLObject", transport.get_extra_info("ssl_object")).selected_alpn_protocol()
        room = Http2Connection if agreed == HTTP_2 else Connection
        # Made only now: the played round trips of a new connection count from here, so that what
        # TLS costs a client's CPU comes on top of them.
        protocol = room(self._mirror, self._door)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
