"""TLS: handshakes, echoes, bulk (floor 2). The certificate is verified in each handshake."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from crawlbench.operations.bulk import receive_bulk, send_bulk
from crawlbench.operations.contract import Peer, Theme, check
from crawlbench.operations.echo import BufferedPing, Ping, ping_by_streams
from crawlbench.operations.payload import MIB

THEME = Theme("tls")
NAME = "localhost"
SIZE = 64


def _options(peer: Peer) -> dict[str, Any]:
    return {"ssl": peer.tls, "server_hostname": NAME}


async def _ping(rounds: int, size: int, peer: Peer, kind: type[Ping] = Ping) -> None:
    loop = asyncio.get_running_loop()
    transport, ping = await loop.create_connection(
        lambda: kind(rounds, size), peer.host, peer.port, **_options(peer)
    )
    check("TLS is on", transport.get_extra_info("ssl_object") is None, False)
    check("round trips", await ping.done, rounds)


@THEME.operation(counts="handshakes", n=12, peer="tls")
async def tls_handshake(n: int, peer: Peer) -> None:
    """Connections with a full handshake each, and one echo."""
    for _ in range(n):
        await _ping(1, SIZE, peer)


@THEME.operation(counts="handshakes", n=12, peer="tls")
async def tls_handshakes_at_once(n: int, peer: Peer) -> None:
    """The same, ten at once."""
    for start in range(0, n, 10):
        await asyncio.gather(*[_ping(1, SIZE, peer) for _ in range(start, min(start + 10, n))])


@THEME.operation(counts="handshakes", n=12, peer="tls")
async def start_tls(n: int, peer: Peer) -> None:
    """Connections that are opened plain and upgraded by `loop.start_tls`."""
    loop = asyncio.get_running_loop()
    for _ in range(n):
        plain, _protocol = await loop.create_connection(asyncio.Protocol, peer.host, peer.port)
        ping = Ping(1, SIZE)
        transport = await loop.start_tls(plain, ping, peer.tls, server_hostname=NAME)
        assert transport
        # `start_tls` does not call this: for the loop, the connection was made long before.
        ping.connection_made(transport)
        check("round trips", await ping.done, 1)


@THEME.operation(counts="round trips", n=120, peer="tls")
async def tls_protocol_1k(n: int, peer: Peer) -> None:
    """Echoes of 1 KiB by Protocol."""
    await _ping(n, 1_024, peer)


@THEME.operation(counts="round trips", n=40, peer="tls")
async def tls_protocol_100k(n: int, peer: Peer) -> None:
    """Echoes of 100 KiB by Protocol."""
    await _ping(n, 102_400, peer)


@THEME.operation(counts="round trips", n=120, peer="tls")
async def tls_buffered_1k(n: int, peer: Peer) -> None:
    """Echoes of 1 KiB by BufferedProtocol."""
    await _ping(n, 1_024, peer, BufferedPing)


@THEME.operation(counts="round trips", n=120, peer="tls")
async def tls_streams_1k(n: int, peer: Peer) -> None:
    """Echoes of 1 KiB by streams."""
    connect = partial(asyncio.open_connection, peer.host, peer.port, **_options(peer))
    await ping_by_streams(connect, n, 1_024)


@THEME.operation(counts="MiB", n=12, peer="tls-bulk")
async def tls_bulk_send(n: int, peer: Peer) -> None:
    """Bytes sent by streams, with flow control."""
    streams = await asyncio.open_connection(peer.host, peer.port, **_options(peer))
    await send_bulk(*streams, n * MIB)


@THEME.operation(counts="MiB", n=12, peer="tls-bulk")
async def tls_bulk_receive(n: int, peer: Peer) -> None:
    """Bytes received by streams, with flow control."""
    streams = await asyncio.open_connection(peer.host, peer.port, **_options(peer))
    await receive_bulk(*streams, n * MIB)
