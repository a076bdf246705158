"""The connections of one generator: free, busy, or being replaced (floor 4)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from crawlbench.base.tasks import run_all
from crawlbench.load.client import LoadConnection
from crawlbench.load.model import AT_ONCE
from crawlbench.load.trust import make_tls

if TYPE_CHECKING:
    from crawlbench.load.generator import Generator
    from crawlbench.load.model import Target

PAUSE_S = 0.1
"""Seconds before the next try, when a server refuses connections."""

now = time.monotonic


class Pool:
    """Keeps a number of connections open, and knows how long none was free."""

    def __init__(self, owner: Generator, target: Target, size: int) -> None:
        """Start without connections.

        Raises:
            UsageError: the authority to trust cannot be read.
        """
        self.idle: list[LoadConnection] = []
        self.refused = 0
        self._owner = owner
        self._target = target
        self._size = size
        self._all: set[LoadConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed_bytes = 0
        self._busy_s = 0.0
        self._busy_since: float | None = None
        self._is_closing = False
        self._tls = make_tls(target.ca_file) if target.is_tls else None

    async def open(self, timeout_s: float) -> None:
        """Open all connections.

        Args:
            timeout_s: seconds for each batch of `AT_ONCE`.

        Raises:
            OSError: one cannot be opened, or not in time.
        """
        for first in range(0, self._size, AT_ONCE):
            count = min(AT_ONCE, self._size - first)
            async with asyncio.timeout(timeout_s):  # TimeoutError is an OSError
                made = await run_all(self._connect() for _ in range(count))
            self.idle += made

    async def _connect(self) -> LoadConnection:
        loop, target = asyncio.get_running_loop(), self._target
        _, connection = await loop.create_connection(
            lambda: LoadConnection(self._owner), target.host, target.port, ssl=self._tls
        )
        self._all.add(connection)
        return connection

    @property
    def received_bytes(self) -> int:
        """Bytes received so far, with heads."""
        return self._closed_bytes + sum(one.received_bytes for one in self._all)

    def take(self) -> LoadConnection | None:
        """Return a free connection, which is then busy, or None if there is none."""
        while self.idle:
            connection = self.idle.pop()
            self._note_busy()
            # It may be closing, which its owner hears only in a later turn of the loop.
            if connection.is_open:
                return connection
        return None

    def give(self, connection: LoadConnection) -> None:
        """Take a connection back."""
        self.idle.append(connection)
        if self._busy_since is not None:
            self._busy_s += now() - self._busy_since
            self._busy_since = None

    def _note_busy(self) -> None:
        if not self.idle and self._busy_since is None:
            self._busy_since = now()

    def busy_s(self) -> float:
        """Return for how many seconds no connection has been free so far."""
        running = now() - self._busy_since if self._busy_since is not None else 0.0
        return self._busy_s + running

    def forget_busy(self) -> None:
        """Start counting from zero the seconds in which no connection is free."""
        self._busy_s = 0.0
        self._busy_since = None if self.idle else now()

    def replace(self, connection: LoadConnection) -> None:
        """Replace a connection that is gone; its owner gets the new one once it is open."""
        self._closed_bytes += connection.received_bytes
        self._all.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
            self._note_busy()
        if not self._is_closing:
            task = asyncio.ensure_future(self._reconnect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _reconnect(self) -> None:
        while True:
            try:
                connection = await self._connect()
            except OSError:
                self.refused += 1
                await asyncio.sleep(PAUSE_S)
            else:
                self._owner.on_free(connection)
                return

    def overdue(self, limit: float) -> list[LoadConnection]:
        """Return the connections whose request was sent before this time."""
        return [one for one in self._all if one.sent and one.sent < limit]

    def in_flight(self) -> list[LoadConnection]:
        """Return the connections whose request is not answered."""
        return [one for one in self._all if one.sent]

    async def close(self) -> None:
        """Hang up everywhere, and open no more connections."""
        # First, so that nothing is opened in place of what is hung up below.
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self._all):
            connection.close()
        await asyncio.sleep(0)  # lets the loop tell the connections that they are gone
