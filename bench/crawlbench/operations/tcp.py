"""Echoes over TCP: four ways, three sizes, one and a hundred connections (floor 2)."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING

from crawlbench.operations.contract import Peer, Theme, check
from crawlbench.operations.echo import (
    BufferedEcho,
    BufferedPing,
    Echo,
    Ping,
    be_called,
    ping_by_socket,
    ping_by_streams,
)
from crawlbench.operations.payload import numbered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

THEME = Theme("tcp")
SIZES = {"1k": 1_024, "10k": 10_240, "100k": 102_400}
CONNECTIONS = (1, 100)
ROUND_TRIPS = {
    1: {"1k": 200, "10k": 200, "100k": 100},
    100: {"1k": 1_000, "10k": 1_000, "100k": 200},
}
"""Of all connections together, by their number and the size."""


async def _protocol(rounds: int, size: int, peer: Peer, kind: type[Ping] = Ping) -> None:
    loop = asyncio.get_running_loop()
    _, ping = await loop.create_connection(lambda: kind(rounds, size), peer.host, peer.port)
    check("round trips", await ping.done, rounds)


async def _streams(rounds: int, size: int, peer: Peer) -> None:
    open_streams = partial(asyncio.open_connection, peer.host, peer.port)
    await ping_by_streams(open_streams, rounds, size)


async def _socket(rounds: int, size: int, peer: Peer) -> None:
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as transports do
        await asyncio.get_running_loop().sock_connect(connection, (peer.host, peer.port))
        await ping_by_socket(connection, rounds, size)


async def _echoes(
    n: int,
    peer: Peer,
    ping: Callable[[int, int, Peer], Awaitable[None]],
    size: int,
    connections: int,
) -> None:
    """Share `n` round trips among connections that are all open at once."""
    shares = [n // connections + (place < n % connections) for place in range(connections)]
    # The probe asks for fewer round trips than there are connections.
    await asyncio.gather(*[ping(share, size, peer) for share in shares if share])


WAYS: dict[str, tuple[Callable[[int, int, Peer], Awaitable[None]], str]] = {
    "protocol": (_protocol, "`Protocol`"),
    "buffered": (partial(_protocol, kind=BufferedPing), "`BufferedProtocol`"),
    "streams": (_streams, "`StreamReader` and `StreamWriter`"),
    "sock": (_socket, "`sock_sendall` and `sock_recv`"),
}

for _way, (_ping, _about) in WAYS.items():
    for _connections in CONNECTIONS:
        for _label, _size in SIZES.items():
            _many = "" if _connections == 1 else f" on {_connections} connections"
            THEME.add(
                partial(_echoes, ping=_ping, size=_size, connections=_connections),
                name=f"tcp-{_way}-{_label}" + (f"-c{_connections}" if _many else ""),
                about=f"Echoes of {_size // 1024} KiB by {_about}{_many}",
                counts="round trips",
                n=ROUND_TRIPS[_connections][_label],
                peer="echo",
                is_variant=_label == "10k" or (bool(_many) and _label != "1k"),
            )


async def _serve_many(n: int, peer: Peer, kind: type[Echo]) -> None:
    """Let a peer ask on a hundred connections, all at once and again, and hear what was right."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(kind, "127.0.0.1", 0)
    await be_called(server, n, peer, connections=100, size=1_024)


@THEME.operation(counts="round trips", n=1_000, peer="caller")
async def tcp_server_c100(n: int, peer: Peer) -> None:
    """Echoes of 1 KiB served by `Protocol` to 100 clients: what loops' own benchmarks measure."""
    await _serve_many(n, peer, Echo)


@THEME.operation(counts="round trips", n=1_000, peer="caller")
async def tcp_server_buffered_c100(n: int, peer: Peer) -> None:
    """The same served by `BufferedProtocol`, whose buffer the loop fills."""
    await _serve_many(n, peer, BufferedEcho)


@THEME.operation(counts="round trips", n=150, peer="echo")
async def tcp_split_writes(n: int, peer: Peer) -> None:
    """Head and body written apart, as HTTP clients do; together they are echoed."""
    reader, writer = await asyncio.open_connection(peer.host, peer.port)
    for number in range(n):
        head, body = numbered(number, 200), numbered(number + n, 1_024)
        writer.write(head)
        writer.write(body)
        await writer.drain()
        check(f"echo {number}", await reader.readexactly(1_224), head + body)
    writer.close()
    await writer.wait_closed()


@THEME.operation(counts="lines", n=1_000, peer="echo")
async def tcp_readline(n: int, peer: Peer) -> None:
    """Lines of 80 bytes, written ten at a time and read one by one."""
    reader, writer = await asyncio.open_connection(peer.host, peer.port)
    for start in range(0, n, 10):
        lines = [b"%079d\n" % number for number in range(start, min(start + 10, n))]
        writer.write(b"".join(lines))
        check("lines", [await reader.readline() for _ in lines], lines)
    writer.close()
    await writer.wait_closed()
