"""The ways to ask and be echoed, for TCP, Unix sockets and TLS alike (floor 2)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from crawlbench.operations.contract import check
from crawlbench.operations.payload import numbered

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.operations.contract import Peer

BUFFER_BYTES = 64 * 1024


class Echo(asyncio.Protocol):
    """A server's side that sends back what comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hold the transport."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self._transport.write(data)


class BufferedEcho(Echo, asyncio.BufferedProtocol):
    """The same, with a buffer that the loop fills; copies are sent, as transports keep them."""

    def __init__(self) -> None:
        """Make the buffer."""
        self._buffer = memoryview(bytearray(BUFFER_BYTES))

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        """Return where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Send them back; a transport may keep what it is given, so not the buffer itself."""
        self._transport.write(bytes(self._buffer[:nbytes]))


class Ping(asyncio.Protocol):
    """Sends numbered bytes, waits until all are back, and goes on; closes when all is done."""

    def __init__(self, rounds: int, size: int) -> None:
        """Prepare this many rounds of this many bytes.

        When the connection is closed, `done` holds how many were right, or an error.
        """
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._rounds = rounds
        self._size = size
        self._round = 0
        self._received = bytearray()
        self._error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: Any = transport
        self._send()

    def _send(self) -> None:
        self._sent = numbered(self._round, self._size)
        self._transport.write(self._sent)

    def data_received(self, data: bytes) -> None:
        """Collect an echo; when it is complete, check it and send the next."""
        # Nearly all echoes come in one piece; a copy would be our work in the loop's time.
        if len(data) == self._size and not self._received:
            self._take(data)
            return
        self._received += data
        # More bytes than were sent are an echo, too: a wrong one.
        if len(self._received) >= self._size:
            received = bytes(self._received)
            self._received.clear()
            self._take(received)

    def _take(self, received: bytes | bytearray) -> None:
        """Check a complete echo and send the next, or end."""
        try:
            check(f"echo {self._round}", received, self._sent)
        except Exception as error:
            self._end(error)
            return
        self._round += 1
        if self._round < self._rounds:
            self._send()
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        self._error = error
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Report how it went: ending too early is an error."""
        error = self._error or exc
        if not error and self._round < self._rounds:
            error = ConnectionError(f"connection lost in round {self._round}")
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(self._round)


class BufferedPing(Ping, asyncio.BufferedProtocol):
    """The same, with a buffer that the loop fills until an echo is complete: nothing is copied."""

    def __init__(self, rounds: int, size: int) -> None:
        """As `Ping`."""
        super().__init__(rounds, size)
        self._whole = bytearray(size)
        self._buffer = memoryview(self._whole)
        self._got = 0

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        """Return where the next bytes go: nowhere beyond the expected echo."""
        return self._buffer[self._got :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came."""
        self._got += nbytes
        if self._got == self._size:
            # Compared before the next echo is asked for, so the buffer itself will do.
            self._got = 0
            self._take(self._whole)


async def ping_by_streams(open_streams: Callable[[], Any], rounds: int, size: int) -> None:
    """Ask and be echoed by `StreamReader.readexactly` and `StreamWriter.write`."""
    reader, writer = await open_streams()
    for number in range(rounds):
        sent = numbered(number, size)
        writer.write(sent)
        await writer.drain()
        check(f"echo {number}", await reader.readexactly(size), sent)
    writer.close()
    await writer.wait_closed()


async def ping_by_socket(connection: Any, rounds: int, size: int) -> None:  # noqa: ANN401
    """Ask and be echoed by `sock_sendall` and `sock_recv` on a connected socket."""
    loop = asyncio.get_running_loop()
    for number in range(rounds):
        sent, received = numbered(number, size), bytearray()
        await loop.sock_sendall(connection, sent)
        while len(received) < size:
            data = await loop.sock_recv(connection, size - len(received))
            if not data:
                raise ConnectionError(f"connection lost in round {number}")
            received += data
        check(f"echo {number}", bytes(received), sent)


async def be_called(server: asyncio.Server, n: int, peer: Peer, **order: int) -> None:
    """Let a peer ask a server for `n` echoes, and hear how many were right.

    Each comes on a connection of its own, unless the order says on how many `connections` at once
    they come, and of what `size`.
    """
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(peer.host, peer.port)
        told = {"host": peer.host, "port": port, "count": n, **order}
        writer.write(json.dumps(told).encode() + b"\n")
        check("echoes right", json.loads(await reader.readline()), {"right": n})
        writer.close()
        await writer.wait_closed()
