"""What peers serve, with plain sockets (floor 2)."""

from __future__ import annotations

import json
import os
import select
import socket
import ssl
import tempfile
import threading
from contextlib import ExitStack, suppress
from functools import cache
from typing import TYPE_CHECKING

from crawlbench.operations.payload import (
    CHUNK_BYTES,
    MIB,
    PERIOD_BYTES,
    is_pattern,
    numbered,
    pattern,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Connection = socket.socket
"""An accepted, blocking socket, perhaps with TLS."""
SEND, RECEIVE = b"S", b"R"
"""First byte of a bulk request: the client will send, or wants to receive."""
_BUFFER_BYTES = 256 * 1024
_CALL_TIMEOUT_S = 10.0


def serve_echoes(listener: socket.socket) -> None:
    """Send back what comes on any number of connections.

    With epoll, if there is one, a single thread needs few instructions per echo, so that a fast
    client does not have to wait. Elsewhere there is a thread for each connection.
    """
    if hasattr(select, "epoll"):
        _Echoes(listener).serve()
    else:
        serve_in_threads(listener, handle_echo)


class _Echoes:
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(listener, select.EPOLLIN)
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._connections: dict[int, tuple[socket.socket, bytearray]] = {}
        """By file number, with what could not be sent yet."""

    def serve(self) -> None:
        connections, listening = self._connections, self._listener.fileno()
        while True:
            for number, _ in self._poll.poll():
                if number == listening:
                    self._accept()
                    continue
                try:
                    self._echo(number, *connections[number])
                # Polling is level-triggered: what could not be done now is reported again.
                except BlockingIOError:
                    pass
                except OSError:
                    # The kernel takes a closed socket out of epoll by itself.
                    connections.pop(number)[0].close()

    def _accept(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                _send_at_once(connection)
                self._connections[connection.fileno()] = connection, bytearray()
                self._poll.register(connection, select.EPOLLIN)

    def _echo(self, number: int, connection: socket.socket, unsent: bytearray) -> None:
        """Go on with a connection: read only when everything is sent."""
        if unsent:
            del unsent[: connection.send(unsent)]
            if not unsent:
                self._poll.modify(number, select.EPOLLIN)
            return
        buffer = self._buffer
        got = connection.recv_into(buffer)
        if not got:
            # The client is done; `serve` closes the connection as if it had broken.
            raise ConnectionResetError
        try:
            sent = connection.send(buffer[:got])
        except BlockingIOError:
            sent = 0
        if sent < got:
            # Copied, because all connections share the buffer.
            unsent += buffer[sent:got]
            self._poll.modify(number, select.EPOLLOUT)


def _send_at_once(connection: socket.socket) -> None:
    if connection.family in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def serve_datagrams(listener: socket.socket) -> None:
    """Send each datagram back to where it came from."""
    while True:
        with suppress(OSError):  # the sender may be gone
            listener.sendto(*listener.recvfrom(_BUFFER_BYTES))


def serve_in_threads(
    listener: socket.socket,
    handle: Callable[[Connection], None],
    context: ssl.SSLContext | None = None,
) -> None:
    """Handle each connection in a thread of its own, with TLS if there is a context."""
    while True:
        connection, _ = listener.accept()
        _send_at_once(connection)
        threading.Thread(target=_serve, args=(connection, handle, context), daemon=True).start()


def _serve(
    connection: socket.socket,
    handle: Callable[[Connection], None],
    context: ssl.SSLContext | None,
) -> None:
    # A client that breaks off, even in a handshake, does not concern the others.
    with suppress(OSError, ValueError):
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        handle(connection)
    connection.close()


def handle_echo(connection: Connection) -> None:
    """Send back what comes."""
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    while got := connection.recv_into(buffer):
        connection.sendall(buffer[:got])


def handle_bulk(connection: Connection) -> None:
    """Take or give as many bytes of the pattern as the client says in 8 bytes, again and again.

    After taking bytes, answer in 8 bytes how many of them were right.
    """
    while (request := _read_exactly(connection, 9))[:1]:
        size = int.from_bytes(request[1:], "big")
        if request[:1] == SEND:
            connection.sendall(_count_right(connection, size).to_bytes(8, "big"))
        else:
            _give(connection, size)


def _read_exactly(connection: Connection, size: int) -> bytes:
    """Return this many bytes, or none if there are no more."""
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            return b""
        data += more
    return data


def _count_right(connection: Connection, size: int) -> int:
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    right = position = 0
    while position < size:
        got = connection.recv_into(buffer, min(_BUFFER_BYTES, size - position))
        if not got:
            break
        right += got if is_pattern(buffer[:got], position) else 0
        position += got
    return right


def _give(connection: Connection, size: int) -> None:
    """Send the pattern, by the kernel if possible: a peer should have little to do."""
    if hasattr(os, "sendfile") and not isinstance(connection, ssl.SSLSocket):
        for position in range(0, size, MIB):
            _send_file(connection, position % PERIOD_BYTES, min(MIB, size - position))
    else:
        for position in range(0, size, CHUNK_BYTES):
            connection.sendall(pattern(position, min(CHUNK_BYTES, size - position)))


def _send_file(connection: Connection, start: int, size: int) -> None:
    end = start + size
    while start < end:
        start += os.sendfile(connection.fileno(), _pattern_file(), start, end - start)


@cache
def _pattern_file() -> int:
    """Return the descriptor of a file that holds a MiB of the pattern from any place on."""
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (open as long as the process)
    # One period more for what the division cuts off, and one for a start within the first.
    for _ in range(MIB // PERIOD_BYTES + 2):
        file.write(pattern(0, PERIOD_BYTES))
    # The file object closes its own descriptor when it is collected, at the end of this function.
    return os.dup(file.fileno())


def handle_caller(connection: Connection) -> None:
    """Ask a server for echoes as a line of JSON says; answer how many were right.

    Each uses a connection of its own, or the echoes share as many as the order keeps open, all at
    once.
    """
    for line in connection.makefile("rb"):
        order = json.loads(line)
        host, port, count = order["host"], order["port"], order["count"]
        if order.get("connections"):
            right = _call_on_many(host, port, count, order["connections"], order["size"])
        else:
            right = sum(_call(host, port, turn) for turn in range(count))
        connection.sendall(json.dumps({"right": right}).encode() + b"\n")


def _call_on_many(host: str, port: int, count: int, connections: int, size: int) -> int:
    """Send on all connections, then read from all, until there were `count` echoes."""
    right = 0
    with ExitStack() as stack:
        opened = []
        for _ in range(connections):
            one = socket.create_connection((host, port), _CALL_TIMEOUT_S)
            _send_at_once(stack.enter_context(one))
            opened.append(one)
        for start in range(0, count, connections):
            # The last time there may be fewer echoes left than connections.
            asked = list(zip(opened, range(start, count), strict=False))
            for one, turn in asked:
                one.sendall(numbered(turn, size))
            right += sum(_read_exactly(one, size) == numbered(turn, size) for one, turn in asked)
    return right


def _call(host: str, port: int, turn: int) -> bool:
    sent = numbered(turn, 64)
    with socket.create_connection((host, port), _CALL_TIMEOUT_S) as connection:
        connection.sendall(sent)
        return _read_exactly(connection, len(sent)) == sent
