"""Tries what transports promise (floor 3)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any

from crawlbench.operations import OperationWrong, Peer, Theme
from crawlbench.operations.contract import check
from crawlbench.operations.payload import numbered

if TYPE_CHECKING:
    from collections.abc import Awaitable

THEME = Theme("transports")
once = partial(THEME.operation, counts="tries", n=1)
"""Registers a probe that is tried once."""
with_echo = partial(once, peer="echo")
PATIENCE_S = 0.05
"""Seconds within which an echo would arrive."""


class _Note(asyncio.Protocol):
    """Records what it receives."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.lost: list[Exception | None] = []
        self.over = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)
        self.over.set()


async def _connect(peer: Peer) -> tuple[asyncio.Transport, _Note]:
    loop = asyncio.get_running_loop()
    return await loop.create_connection(_Note, peer.host, peer.port)


@with_echo()
async def transport_type(_: int, peer: Peer) -> None:
    """A TCP transport is an `asyncio.Transport`."""
    transport, _note = await _connect(peer)
    transport.close()
    if not isinstance(transport, asyncio.Transport):
        raise OperationWrong(f"a TCP transport is a {type(transport).__module__} type of its own")


@with_echo()
async def extra_info(_: int, peer: Peer) -> None:
    """`get_extra_info` knows the addresses and the socket."""
    transport, _note = await _connect(peer)
    check("peername", transport.get_extra_info("peername"), (peer.host, peer.port))
    connection = transport.get_extra_info("socket")
    check("sockname", connection.getsockname(), transport.get_extra_info("sockname"))
    check("default", transport.get_extra_info("no such thing", 7), 7)
    transport.close()


@with_echo()
async def no_delay(_: int, peer: Peer) -> None:
    """TCP_NODELAY is set, so that small writes do not wait for acknowledgements."""
    transport, _note = await _connect(peer)
    connection = transport.get_extra_info("socket")
    is_set = bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    transport.close()
    check("TCP_NODELAY", is_set, True)


@with_echo()
async def pause_reading(_: int, peer: Peer) -> None:
    """Nothing comes between `pause_reading` and `resume_reading`; then all does."""
    transport, note = await _connect(peer)
    sent = numbered(1, 4_096)
    transport.pause_reading()
    check("is reading", transport.is_reading(), False)
    transport.write(sent)
    await asyncio.sleep(PATIENCE_S)
    check("bytes that came while paused", len(note.received), 0)
    transport.resume_reading()
    while len(note.received) < len(sent):
        await asyncio.sleep(0.001)
    check("bytes", bytes(note.received), sent)
    transport.close()


def _pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a TCP connection, since not every loop supports Unix sockets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        left = socket.create_connection(listener.getsockname())
        right, _ = listener.accept()
    left.setblocking(False)
    return left, right


@once()
async def close_sends_what_is_left(_: int) -> None:
    """`close` after a large `write`: all is sent first, then `connection_lost(None)`, once."""
    loop = asyncio.get_running_loop()
    left, right = _pair()
    transport, note = await loop.create_connection(_Note, sock=left)
    # More than the sockets' buffers take, so that something is left when `close` is called.
    sent = numbered(2, 300_000) * 4
    transport.write(sent)
    transport.close()
    check("is closing", transport.is_closing(), True)
    with right:
        right.setblocking(False)
        received = bytearray()
        while len(received) < len(sent):
            received += await loop.sock_recv(right, 65_536)
        try:
            end = await asyncio.wait_for(loop.sock_recv(right, 1), 1)
        except TimeoutError as error:
            raise OperationWrong("all was sent, but the other side saw no end") from error
        check("what came after the end", end, b"")
    await note.over.wait()
    check("bytes", received == sent, True)
    check("connection_lost", note.lost, [None])


@with_echo()
async def abort(_: int, peer: Peer) -> None:
    """`abort` ends the connection at once, by `connection_lost(None)`, once."""
    transport, note = await _connect(peer)
    transport.abort()
    transport.abort()
    await note.over.wait()
    check("connection_lost", note.lost, [None])


@with_echo()
async def write_buffer_limits(_: int, peer: Peer) -> None:
    """`set_write_buffer_limits` is what `get_write_buffer_limits` tells."""
    transport, _note = await _connect(peer)
    transport.set_write_buffer_limits(high=4_096, low=1_024)
    check("limits", tuple(transport.get_write_buffer_limits()), (1_024, 4_096))
    check("bytes in the buffer", transport.get_write_buffer_size(), 0)
    transport.close()


@with_echo()
async def set_protocol(_: int, peer: Peer) -> None:
    """`set_protocol` hands what comes to another protocol."""
    transport, first = await _connect(peer)
    second, sent = _Note(), numbered(3, 100)
    transport.set_protocol(second)
    check("protocol", transport.get_protocol() is second, True)
    transport.write(sent)
    while len(second.received) < len(sent):
        await asyncio.sleep(0.001)
    check("bytes", (bytes(first.received), bytes(second.received)), (b"", sent))
    transport.close()


@with_echo()
async def writelines(_: int, peer: Peer) -> None:
    """`writelines` sends all pieces in order, of several types."""
    transport, note = await _connect(peer)
    pieces: list[bytes | bytearray | memoryview] = [
        numbered(1, 100),
        bytearray(numbered(2, 100)),
        memoryview(numbered(3, 100)),
        b"",
    ]
    transport.writelines(pieces)
    due = b"".join(pieces)
    while len(note.received) < len(due):
        await asyncio.sleep(0.001)
    check("bytes", bytes(note.received), due)
    transport.close()


async def _error_of(awaitable: Awaitable[Any]) -> type[BaseException] | None:
    try:
        await awaitable
    # What a loop lacks is a finding of its own, not a wrong error.
    except NotImplementedError:
        raise
    except Exception as error:  # its type is the result
        return type(error)
    return None


@once()
async def connection_refused(_: int) -> None:
    """Nobody listens: ConnectionRefusedError."""
    loop = asyncio.get_running_loop()
    with socket.socket() as closed:
        # Bound, so that nobody else gets the port meanwhile, but not listening.
        closed.bind(("127.0.0.1", 0))
        address = closed.getsockname()
        found = await _error_of(loop.create_connection(asyncio.Protocol, *address))
    check("error", found, ConnectionRefusedError)


@once(peer="tls")
async def tls_refuses_strangers(_: int, peer: Peer) -> None:
    """A certificate that nobody trusts, or for another name, is refused."""
    loop = asyncio.get_running_loop()
    for context, name in ((ssl.create_default_context(), "localhost"), (peer.tls, "example.org")):
        connecting = loop.create_connection(
            asyncio.Protocol, peer.host, peer.port, ssl=context, server_hostname=name
        )
        check("error", await _error_of(connecting), ssl.SSLCertVerificationError)


@once(peer="tls")
async def tls_extra_info(_: int, peer: Peer) -> None:
    """A TLS transport knows its certificate, its cipher and its ssl object."""
    loop = asyncio.get_running_loop()
    transport, _note = await loop.create_connection(
        _Note, peer.host, peer.port, ssl=peer.tls, server_hostname="localhost"
    )
    known = [bool(transport.get_extra_info(key)) for key in ("peercert", "cipher", "ssl_object")]
    transport.close()
    await _note.over.wait()
    check("certificate, cipher, ssl object", known, [True, True, True])
