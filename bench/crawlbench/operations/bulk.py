"""Many bytes in one direction, with flow control (floor 2)."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from contextlib import closing
from typing import IO, TYPE_CHECKING

from crawlbench.operations.contract import Peer, Theme, check
from crawlbench.operations.payload import CHUNK_BYTES, MIB, is_pattern, pattern
from crawlbench.operations.servers import RECEIVE, SEND

if TYPE_CHECKING:
    from collections.abc import Iterator

THEME = Theme("bulk")
MIN_BYTES = 64 * 1024
"""High-water mark in `flow_control`."""
NO_SENDFILE = (NotImplementedError, RuntimeError)
"""What loops raise that could only fall back to reading and writing."""


def request(direction: bytes, size: int) -> bytes:
    """Return what a bulk peer expects first."""
    return direction + size.to_bytes(8, "big")


def _chunks(size: int) -> Iterator[bytes]:
    for position in range(0, size, CHUNK_BYTES):
        yield pattern(position, min(CHUNK_BYTES, size - position))


async def send_bulk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
    """Send this many bytes, never more than the transport wants, and get how many were right."""
    writer.write(request(SEND, size))
    for chunk in _chunks(size):
        writer.write(chunk)
        await writer.drain()
    check("bytes that came, right", await _answer(reader), size)
    writer.close()
    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> int:
    return int.from_bytes(await reader.readexactly(8), "big")


async def receive_bulk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int
) -> None:
    """Receive this many bytes, and check that each is in its place."""
    writer.write(request(RECEIVE, size))
    position = right = 0
    while position < size:
        data = await reader.read(CHUNK_BYTES)
        if not data:
            break
        right += len(data) if is_pattern(data, position) else 0
        position += len(data)
    check("bytes received, right", right, size)
    writer.close()
    await writer.wait_closed()


@THEME.operation(counts="MiB", n=24, peer="bulk")
async def bulk_send(n: int, peer: Peer) -> None:
    """Bytes sent by streams, which wait when the transport is full."""
    await send_bulk(*await asyncio.open_connection(peer.host, peer.port), n * MIB)


@THEME.operation(counts="MiB", n=24, peer="bulk")
async def bulk_receive(n: int, peer: Peer) -> None:
    """Bytes received by streams, which pause the transport when they are full."""
    await receive_bulk(*await asyncio.open_connection(peer.host, peer.port), n * MIB)


@THEME.operation(counts="MiB", n=24, peer="bulk")
async def bulk_sock_send(n: int, peer: Peer) -> None:
    """Bytes sent by `sock_sendall`."""
    loop, size = asyncio.get_running_loop(), n * MIB
    with socket.socket() as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, (peer.host, peer.port))
        await loop.sock_sendall(connection, request(SEND, size))
        for chunk in _chunks(size):
            await loop.sock_sendall(connection, chunk)
        # Eight bytes that are sent at once over loopback come at once.
        right = int.from_bytes(await loop.sock_recv(connection, 8), "big")
    check("bytes that came, right", right, size)


@THEME.operation(counts="MiB", n=24, peer="bulk")
async def bulk_sock_receive(n: int, peer: Peer) -> None:
    """Bytes received by `sock_recv_into`, in one buffer."""
    loop, size, buffer = asyncio.get_running_loop(), n * MIB, memoryview(bytearray(CHUNK_BYTES))
    position = right = 0
    with socket.socket() as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, (peer.host, peer.port))
        await loop.sock_sendall(connection, request(RECEIVE, size))
        while position < size and (got := await loop.sock_recv_into(connection, buffer)):
            right += got if is_pattern(buffer[:got], position) else 0
            position += got
    check("bytes received, right", right, size)


class _Flow(asyncio.Protocol):
    """Counts what the transport says about its buffer, and receives the peer's answer."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[int] = asyncio.Queue()
        self.writable = asyncio.Event()
        self.writable.set()
        self.over = asyncio.Event()
        self.paused = self.resumed = 0
        self._received = b""

    def pause_writing(self) -> None:
        self.paused += 1
        self.writable.clear()

    def resume_writing(self) -> None:
        self.resumed += 1
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) == 8:
            self.answers.put_nowait(int.from_bytes(self._received, "big"))
            self._received = b""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.over.set()


@THEME.operation(counts="MiB", n=24, peer="bulk")
async def flow_control(n: int, peer: Peer) -> None:
    """A Protocol that writes a MiB at once, is paused above 64 KiB and resumed below."""
    loop = asyncio.get_running_loop()
    mib = b"".join(_chunks(MIB))
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MIN_BYTES)  # cannot hold a MiB
    connection.setblocking(False)
    await loop.sock_connect(connection, (peer.host, peer.port))
    transport, flow = await loop.create_connection(_Flow, sock=connection)
    transport.set_write_buffer_limits(high=MIN_BYTES)
    for _ in range(n):
        transport.write(request(SEND, MIB))
        transport.write(mib)
        await flow.writable.wait()
        check("bytes that came, right", await flow.answers.get(), MIB)
    transport.close()
    await flow.over.wait()
    check("paused and resumed", (flow.paused, flow.resumed), (n, n))


def _file(size: int) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    for chunk in _chunks(size):
        file.write(chunk)
    file.flush()
    file.seek(0)
    return file


@THEME.operation(counts="MiB", n=24, peer="bulk", refusals=NO_SENDFILE)
async def sendfile(n: int, peer: Peer) -> None:
    """`loop.sendfile` without fallback: a file goes out by the kernel, a MiB a call."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection(peer.host, peer.port)
    with closing(writer), _file(MIB) as file:
        for _ in range(n):
            writer.write(request(SEND, MIB))
            await writer.drain()
            sent = await loop.sendfile(writer.transport, file, fallback=False)
            check("bytes sent and right", (sent, await _answer(reader)), (MIB, MIB))
    await writer.wait_closed()


@THEME.operation(counts="MiB", n=24, peer="bulk", refusals=NO_SENDFILE)
async def sock_sendfile(n: int, peer: Peer) -> None:
    """`loop.sock_sendfile` without fallback, a MiB a call."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection, _file(MIB) as file:
        connection.setblocking(False)
        await loop.sock_connect(connection, (peer.host, peer.port))
        for _ in range(n):
            await loop.sock_sendall(connection, request(SEND, MIB))
            sent = await loop.sock_sendfile(connection, file, fallback=False)
            right = int.from_bytes(await loop.sock_recv(connection, 8), "big")
            check("bytes sent and right", (sent, right), (MIB, MIB))
