"""Datagrams and Unix sockets (floor 2)."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from crawlbench.operations.contract import Peer, Theme, check
from crawlbench.operations.echo import Ping, ping_by_socket, ping_by_streams
from crawlbench.operations.payload import numbered

THEME = Theme("local")
SIZE = 1_024
DATAGRAM_BYTES = 512
FREE_ADDRESS = ("127.0.0.1", 0)


class _Datagrams(asyncio.DatagramProtocol):
    """Sends numbered datagrams, each when the one before is back."""

    def __init__(self, rounds: int) -> None:
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._rounds = rounds
        self._round = 0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401
        self._transport = transport
        self._transport.sendto(numbered(0, DATAGRAM_BYTES))

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        try:
            check(f"datagram {self._round}", data, numbered(self._round, DATAGRAM_BYTES))
        except Exception as error:
            self.done.set_exception(error)
            return
        self._round += 1
        if self._round == self._rounds:
            self.done.set_result(self._round)
        else:
            self._transport.sendto(numbered(self._round, DATAGRAM_BYTES))

    def error_received(self, exc: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(exc)


async def _datagrams(n: int, **where: Any) -> None:  # noqa: ANN401
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(n), **where)
    try:
        check("datagrams echoed", await protocol.done, n)
    finally:
        transport.close()
        # `close` only asks for the end: the next turn closes the socket.
        await asyncio.sleep(0)


@THEME.operation(counts="round trips", n=250, peer="udp")
async def udp_endpoint(n: int, peer: Peer) -> None:
    """Datagrams of 512 bytes over UDP by `create_datagram_endpoint`."""
    await _datagrams(n, remote_addr=(peer.host, peer.port))


@THEME.operation(counts="round trips", n=250, peer="udp")
async def udp_sock(n: int, peer: Peer) -> None:
    """The same by `sock_sendto` and `sock_recvfrom`."""
    loop: Any = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as endpoint:
        endpoint.setblocking(False)
        endpoint.bind(FREE_ADDRESS)
        for number in range(n):
            sent = numbered(number, DATAGRAM_BYTES)
            await loop.sock_sendto(endpoint, sent, (peer.host, peer.port))
            data, address = await loop.sock_recvfrom(endpoint, DATAGRAM_BYTES)
            check("datagram and sender", (data, address), (sent, (peer.host, peer.port)))


@THEME.operation(
    counts="round trips",
    n=250,
    peer="unix-udp",
    unix_only=True,
    refusals=(NotImplementedError, TypeError, ValueError),
)
async def unix_datagram(n: int, peer: Peer) -> None:
    """Datagrams over a Unix socket by `create_datagram_endpoint` with paths."""
    with tempfile.TemporaryDirectory(prefix="crawlbench-") as folder:
        own = str(Path(folder) / "own")
        await _datagrams(n, local_addr=own, remote_addr=peer.path, family=socket.AF_UNIX)


@THEME.operation(counts="round trips", n=250, peer="unix", unix_only=True)
async def unix_protocol(n: int, peer: Peer) -> None:
    """Echoes of 1 KiB over a Unix socket by Protocol."""
    loop = asyncio.get_running_loop()
    _, ping = await loop.create_unix_connection(lambda: Ping(n, SIZE), peer.path)
    check("round trips", await ping.done, n)


@THEME.operation(counts="round trips", n=250, peer="unix", unix_only=True)
async def unix_streams(n: int, peer: Peer) -> None:
    """The same by streams."""
    await ping_by_streams(partial(asyncio.open_unix_connection, peer.path), n, SIZE)


@THEME.operation(counts="round trips", n=250, peer="unix", unix_only=True)
async def unix_sock(n: int, peer: Peer) -> None:
    """The same by `sock_*`."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, peer.path)
        await ping_by_socket(connection, n, SIZE)


@THEME.operation(counts="round trips", n=700, unix_only=True)
async def unix_server(n: int) -> None:
    """A server on a Unix socket in the same loop as its client."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(SIZE):
            writer.write(data)
        writer.close()
        await writer.wait_closed()

    with tempfile.TemporaryDirectory(prefix="crawlbench-") as folder:
        path = str(Path(folder) / "socket")
        async with await asyncio.start_unix_server(serve, path):
            await ping_by_streams(partial(asyncio.open_unix_connection, path), n, SIZE)
