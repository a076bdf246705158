"""Accepts no more connections at a time than a network allows (floor 3).

Those beyond wait in the system's backlog: their handshake is done, and nobody answers them.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

__all__ = ["Listener"]

BACKLOG = 1024


class Listener:
    """A socket of which connections are taken one by one, as long as there is room."""

    def __init__(
        self,
        raw: socket.socket,
        most: int,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        """Take connections of a socket that is bound.

        Args:
            raw: the socket, which from now on belongs to the listener.
            most: connections at a time.
            protocol: makes the protocol of a connection.
            tls: to speak it.
        """
        self._loop = asyncio.get_running_loop()
        self._raw = raw
        self._room = most
        self._protocol = protocol
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_listening = False
        raw.setblocking(False)
        raw.listen(BACKLOG)
        self._listen()

    def _listen(self) -> None:
        """Wait for the next connection, or for room."""
        wanted = self._room > 0 and self._raw.fileno() >= 0
        if wanted and not self._is_listening:
            self._loop.add_reader(self._raw, self._accept)
        elif self._is_listening and not wanted:
            self._loop.remove_reader(self._raw)
        self._is_listening = wanted

    def _accept(self) -> None:
        try:
            client, _ = self._raw.accept()
        except OSError:  # gone again, or no file left to hold it
            return
        client.setblocking(False)
        self._room -= 1
        self._listen()
        task = self._loop.create_task(self._welcome(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _welcome(self, client: socket.socket) -> None:
        protocol = self._protocol()
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, client, ssl=self._tls)
        except OSError:  # no TLS, or left meanwhile: the connection was never made
            client.close()
            self.release()

    def release(self) -> None:
        """Take note that a connection has closed."""
        self._room += 1
        self._listen()

    def close(self) -> None:
        """Take no more."""
        if self._is_listening:
            self._loop.remove_reader(self._raw)
            self._is_listening = False
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(OSError):
            self._raw.close()
