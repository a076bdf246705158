"""Accepts no more connections at a time than a network allows (floor 3).

Those beyond wait in the system's backlog: their handshake is done, and nobody answers them.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

__all__ = ["Listener"]

BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class _Address:
    """Where connections come in."""

    raw: socket.socket
    protocol: Callable[[], asyncio.BaseProtocol]
    tls: ssl.SSLContext | None


class Listener:
    """Sockets of which connections are taken one by one, as long as there is room for all."""

    def __init__(self, most: int) -> None:
        """Take so many connections at a time, over all sockets."""
        self._loop = asyncio.get_running_loop()
        self._room = most
        self._addresses: list[_Address] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_listening = True

    def add(
        self,
        raw: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        """Take connections of one more socket.

        Args:
            raw: the socket, which is bound and from now on belongs to the listener.
            protocol: makes the protocol of a connection.
            tls: to speak it.
        """
        raw.setblocking(False)
        raw.listen(BACKLOG)
        address = _Address(raw, protocol, tls)
        self._addresses.append(address)
        if self._is_listening:
            self._loop.add_reader(raw, self._accept, address)

    def _listen(self) -> None:
        """Wait for the next connection, or for room."""
        wanted = self._room > 0 and bool(self._addresses)
        if wanted == self._is_listening:
            return
        self._is_listening = wanted
        for address in self._addresses:
            if wanted:
                self._loop.add_reader(address.raw, self._accept, address)
            else:
                self._loop.remove_reader(address.raw)

    def _accept(self, address: _Address) -> None:
        if self._room <= 0:  # another socket's connection took the last place in this turn
            return
        try:
            client, _ = address.raw.accept()
        except OSError:  # gone again, or no file left to hold it
            return
        client.setblocking(False)
        self._room -= 1
        self._listen()
        task = self._loop.create_task(self._welcome(client, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _welcome(self, client: socket.socket, address: _Address) -> None:
        protocol = address.protocol()
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, client, ssl=address.tls)
        except OSError:  # no TLS, or left meanwhile: the connection was never made
            client.close()
            self.release()

    def release(self) -> None:
        """Take note that a connection has closed."""
        self._room += 1
        self._listen()

    def close(self) -> None:
        """Take no more."""
        for task in self._tasks:
            task.cancel()
        addresses, self._addresses = self._addresses, []
        for address in addresses:
            if self._is_listening:
                self._loop.remove_reader(address.raw)
            with contextlib.suppress(OSError):
                address.raw.close()
        self._is_listening = False
