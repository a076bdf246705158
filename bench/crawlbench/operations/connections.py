"""Connections made, taken and half closed (floor 2)."""

from __future__ import annotations

import asyncio
import socket

from crawlbench.operations.contract import Peer, Theme, check
from crawlbench.operations.echo import Echo, Ping, be_called
from crawlbench.operations.payload import numbered

THEME = Theme("connections")
SIZE = 64
"""Bytes on each connection."""


@THEME.operation(counts="connections", n=80, peer="echo")
async def connect(n: int, peer: Peer) -> None:
    """Connections made one after the other, with one echo on each: no keep-alive."""
    loop = asyncio.get_running_loop()
    for _ in range(n):
        _, ping = await loop.create_connection(lambda: Ping(1, SIZE), peer.host, peer.port)
        check("round trips", await ping.done, 1)


@THEME.operation(counts="connections", n=80, peer="echo")
async def connect_streams(n: int, peer: Peer) -> None:
    """The same by `open_connection`, and each waits until it is closed."""
    for number in range(n):
        reader, writer = await asyncio.open_connection(peer.host, peer.port)
        sent = numbered(number, SIZE)
        writer.write(sent)
        check("echo", await reader.readexactly(SIZE), sent)
        writer.close()
        await writer.wait_closed()


@THEME.operation(counts="connections", n=80, peer="echo")
async def sock_connect(n: int, peer: Peer) -> None:
    """The same by `sock_connect`, which leaves the socket to the caller."""
    loop = asyncio.get_running_loop()
    for number in range(n):
        with socket.socket() as connection:
            connection.setblocking(False)
            await loop.sock_connect(connection, (peer.host, peer.port))
            sent = numbered(number, SIZE)
            await loop.sock_sendall(connection, sent)
            check("echo", await loop.sock_recv(connection, SIZE), sent)


@THEME.operation(counts="connections", n=80, peer="caller")
async def accept(n: int, peer: Peer) -> None:
    """Connections that the peer makes and a server of Protocols takes and echoes."""
    loop = asyncio.get_running_loop()
    await be_called(await loop.create_server(Echo, "127.0.0.1", 0), n, peer)


@THEME.operation(counts="connections", n=80, peer="caller")
async def accept_streams(n: int, peer: Peer) -> None:
    """The same by `start_server`, with a task for each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(SIZE))
        await reader.read()  # until the peer closes
        writer.close()
        await writer.wait_closed()

    await be_called(await asyncio.start_server(serve, "127.0.0.1", 0), n, peer)


@THEME.operation(counts="connections", n=80, peer="echo")
async def half_close(n: int, peer: Peer) -> None:
    """`write_eof` after the question: the answer still comes, then its end."""
    for number in range(n):
        reader, writer = await asyncio.open_connection(peer.host, peer.port)
        sent = numbered(number, SIZE)
        writer.write(sent)
        writer.write_eof()
        check("echo", await reader.readexactly(SIZE), sent)
        check("what came after the end", await reader.read(), b"")
        writer.close()
        await writer.wait_closed()
