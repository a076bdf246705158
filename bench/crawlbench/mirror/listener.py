"""Accepts only as many connections at a time as a network allows (floor 2).

Others wait in the system's backlog: their handshake is done, but nobody answers them.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

BACKLOG = 1024

PAUSE_S = 1.0
"""Seconds to wait when no descriptor was left for a connection; asyncio waits as long."""

OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


ON_DEVICE = 25
"""Linux's `SO_BINDTODEVICE`, for which Python has no name: see `man 7 socket`."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to this address.

    Raises:
        OSError: the address is not available.
        OverflowError: there is no such port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        raw.bind((host, port))
    except (OSError, OverflowError):
        raw.close()
        raise
    return raw


def bind_all_of_loopback() -> socket.socket:
    """Return one socket for all addresses of loopback, and for no other device.

    Raises:
        OSError: the system cannot do this.
    """
    raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        raw.setsockopt(socket.SOL_SOCKET, ON_DEVICE, b"lo")
        raw.bind(("0.0.0.0", 0))  # noqa: S104  (that device only)
    except OSError:
        raw.close()
        raise
    return raw


@dataclass(frozen=True, slots=True)
class _Address:
    """A socket at which connections come in."""

    raw: socket.socket
    protocol: Callable[[], asyncio.BaseProtocol]
    tls: ssl.SSLContext | None
    forget: Callable[[_Address], None]

    def close(self) -> None:
        """Accept no more connections there."""
        # Out of the loop first: once it is closed, its descriptor may be another socket's.
        self.forget(self)
        with contextlib.suppress(OSError):
            self.raw.close()


class Listener:
    """Accepts connections from several sockets, one by one, while there is room."""

    def __init__(self, most: int) -> None:
        """Accept at most this many connections at a time, over all sockets."""
        self._loop = asyncio.get_running_loop()
        self._room = most
        self._addresses: list[_Address] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_listening = True
        self._pause: asyncio.TimerHandle | None = None

    def add(
        self,
        raw: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
    ) -> _Address:
        """Accept connections from one more socket, until the returned object is closed.

        Args:
            raw: the bound socket, which belongs to the listener from now on.
            protocol: makes the protocol of a connection.
            tls: the context for TLS; None for plain connections.
        """
        raw.setblocking(False)
        raw.listen(BACKLOG)
        address = _Address(raw, protocol, tls, self._forget)
        self._addresses.append(address)
        if self._is_listening:
            self._loop.add_reader(raw, self._accept, address)
        return address

    def _forget(self, address: _Address) -> None:
        if address in self._addresses:
            self._addresses.remove(address)
            if self._is_listening:
                self._loop.remove_reader(address.raw)

    def _listen(self) -> None:
        """Wait for the next connection, or for room."""
        wanted = self._room > 0 and bool(self._addresses) and self._pause is None
        if wanted == self._is_listening:
            return
        self._is_listening = wanted
        for address in self._addresses:
            if wanted:
                self._loop.add_reader(address.raw, self._accept, address)
            else:
                self._loop.remove_reader(address.raw)

    def _accept(self, address: _Address) -> None:
        if not self._is_listening:  # in this turn another socket took the last place
            return
        try:
            client, _ = address.raw.accept()
        except OSError as error:  # most mean that the connection is gone again
            if error.errno in OUT_OF_RESOURCES:
                self._rest(error)
            return
        client.setblocking(False)
        self._room -= 1
        self._listen()
        task = self._loop.create_task(self._welcome(client, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _rest(self, error: OSError) -> None:
        """Accept nothing for a while, or the waiting connection would wake the loop endlessly."""
        logging.getLogger("crawlbench").warning(
            "The mirror takes no more connections for %g s: %s. A higher `ulimit -n` makes room.",
            PAUSE_S,
            error.strerror,
        )
        self._pause = self._loop.call_later(PAUSE_S, self._go_on)
        self._listen()

    def _go_on(self) -> None:
        self._pause = None
        self._listen()

    async def _welcome(self, client: socket.socket, address: _Address) -> None:
        protocol = address.protocol()
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, client, ssl=address.tls)
        except OSError:  # no TLS, or the client left: the connection was never made
            client.close()
            self.release()

    def release(self) -> None:
        """Note that a connection has closed."""
        self._room += 1
        self._listen()

    def close(self) -> None:
        """Accept no more connections."""
        if self._pause:
            self._pause.cancel()
        for task in self._tasks:
            task.cancel()
        # Before `_is_listening` goes, which says that their sockets must be taken out of the loop.
        for address in list(self._addresses):
            address.close()
        self._is_listening = False
