"""A process that several cells of a round share, as the manager sees it (floor 3).

The cells take turns in it, one value at a time. If one of them ends the process, or makes us end
it, the others get a fresh one, which is warmed up for them before their next value.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pyperf

from crawlbench.base.errors import CellError
from crawlbench.measure.contract import Value
from crawlbench.measure.handle import GRACE_S, Handle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from crawlbench.base.children import Message
    from crawlbench.base.digest import Row
    from crawlbench.base.records import Cell
    from crawlbench.measure.job import Order
    from crawlbench.measure.turnstile import Lane

Metadata = dict[str, Any]
"""Metadata in pyperf's form: numbers and text."""


class HostHandle(Handle):
    """One process that takes the values of several cells."""

    metadata: Metadata
    """What pyperf says about it."""

    async def connect(self, arrival: asyncio.Future[Lane]) -> Message:
        """Wait until it is ready, and keep what pyperf says about it."""
        ready = await super().connect(arrival)
        self.metadata = ready["metadata"]
        return ready

    async def look(self) -> tuple[float, float]:
        """Return the CPU seconds that it has used since its last value, and the seconds passed."""
        rested = await self._ask("look", "rested", GRACE_S)
        return rested["cpu_s"], rested["seconds"]

    async def take(self, order: Order, *, is_warmup: bool) -> Message:
        """Let it take one value."""
        return await self._take(is_warmup=is_warmup, order=order)


class SharedProcess:
    """What several cells share in a round: one process, or one after another."""

    def __init__(self, start: Callable[[], Awaitable[HostHandle]]) -> None:
        """Start nothing yet; `start` will start a process."""
        self.start = start
        self.starts = 0
        """Processes that were started."""
        self._handle: HostHandle | None = None
        self._error: CellError | None = None
        """Why no process starts."""
        self._fault: CellError | None = None
        """How the last process ended, if badly."""
        self._lock = asyncio.Lock()

    @property
    def is_there(self) -> bool:
        """Whether there is a process now."""
        return self._handle is not None

    async def ready(self) -> HostHandle:
        """Return the process, or a new one if there is none.

        Raises:
            CellError: none starts; that is tried only once, not for each cell.
        """
        async with self._lock:
            if self._error:
                raise CellError(str(self._error), self._error.detail)
            if not self._handle:
                try:
                    self._handle = await self.start()
                except CellError as error:
                    self._error = error
                    raise
                self.starts += 1
            return self._handle

    async def drop(self) -> None:
        """End the process now; the next cell that needs one gets another."""
        # Taken away before the kill is awaited, so that nobody gets a process that is dying.
        handle, self._handle = self._handle, None
        if handle:
            await handle.kill()

    async def end(self) -> None:
        """Let the process end, once, whoever asks first.

        Raises:
            CellError: it ended badly, which every caller is told.
        """
        async with self._lock:
            handle, self._handle = self._handle, None
            if handle:
                try:
                    await handle.end()
                except CellError as error:
                    self._fault = error
            if self._fault:
                raise CellError(str(self._fault), self._fault.detail)


class Share:
    """One cell's worker in a round, which shares its process."""

    def __init__(
        self,
        cell: Cell,
        order: Order,
        warmups: int,
        metadata: Metadata,
        host: SharedProcess,
    ) -> None:
        """Take part in a process.

        Args:
            cell: the cell that is measured.
            order: what the process is told to do for a value.
            warmups: values to take first.
            metadata: the cell's metadata for pyperf.
            host: the process that it shares.
        """
        self._cell = cell
        self._warmups = warmups
        self._is_cold = not warmups
        """Whether another cell warms the first process for it."""
        self._order = order
        self._metadata = metadata
        self._host = host
        self._start = 0
        """The number of the process in which `_warm` values were taken."""
        self._warm = 0
        self._seconds: list[float] = []
        """Per crawl or call, for all its values in this round."""

    async def connect(self) -> None:
        """Wait until the process is there.

        Raises:
            CellError: it does not start.
        """
        self._metadata = {**(await self._host.ready()).metadata, **self._metadata}

    async def get_ready(self) -> None:
        """Make sure that the process has been warmed up for this cell.

        In a process that replaced another, the warmups are taken again, and not kept; one is taken
        if another cell should have warmed the process.

        Raises:
            CellError: no process starts, or the cell fails in it.
        """
        await self._host.ready()
        if self._host.starts != self._start:
            self._start, self._warm = self._host.starts, 0
        # In the first process, warmups are turns, so none is due here. In a later one, a cell
        # takes again the warmups that it has had. One that has none takes one, because the cell
        # that warmed the first process for it did so there.
        due = int(self._start > 1) if self._is_cold else min(self._warmups, len(self._seconds))
        while self._warm < due:
            await self._take()

    async def take(self) -> Value:
        """See `Worker.take`."""
        return self._keep(await self._take())

    async def show(self) -> list[list[Row]]:
        """See `Worker.show`.

        Raises:
            CellError: the process was ended meanwhile, because of a cell that shares it.
        """
        if self._host.starts != self._start or not self._host.is_there:
            raise CellError(
                "wrong answer, but what was wrong is not known: another cell in its process "
                "requested pages out of turn, and the process was ended for that"
            )
        return await (await self._host.ready()).show()

    async def finish(self) -> pyperf.Run:
        """See `Worker.finish`."""
        await self._host.end()
        return self._make_run()

    def _make_run(self) -> pyperf.Run:
        """Return the run of all its values, in the form that a pyperf worker would leave."""
        loops, warm = self._order["loops"], self._warmups
        metadata = {**self._metadata, "name": self._cell.name, "loops": loops, "unit": "second"}
        warmups = [(loops, seconds) for seconds in self._seconds[:warm]]
        return pyperf.Run(
            self._seconds[warm:], warmups=warmups, metadata=metadata, collect_metadata=False
        )

    async def kill(self) -> None:
        """See `Worker.kill`: the others get a new process if they need one."""
        await self._host.drop()

    async def _take(self) -> Message:
        is_warmup = self._warm < self._warmups
        message = await (await self._host.ready()).take(self._order, is_warmup=is_warmup)
        self._warm += 1
        return message

    def _keep(self, message: Message) -> Value:
        """Return the value in a message, noted for the run."""
        value = Value.from_message(message)
        self._seconds.append(value.seconds / self._order["loops"])
        return value
