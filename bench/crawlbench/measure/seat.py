"""A host as the manager sees it: a seat for each operation, and the process behind (floor 3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pyperf

from crawlbench.base.errors import CellError
from crawlbench.measure.contract import Value
from crawlbench.measure.handle import GRACE_S, Handle
from crawlbench.measure.invariants import find_unrest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from crawlbench.base.children import Message
    from crawlbench.base.digest import Row
    from crawlbench.base.records import Cell
    from crawlbench.measure.job import Order
    from crawlbench.measure.turnstile import Lane
    from crawlbench.operations import PeerFields

__all__ = ["Host", "HostHandle", "Seat"]

MAX_OFFENCES = 2
Metadata = dict[str, Any]
"""As pyperf has it: numbers and text."""


class HostHandle(Handle):
    """One process that hosts operations."""

    metadata: Metadata
    """What pyperf tells of it."""

    async def connect(self, arrival: asyncio.Future[Lane]) -> Message:
        """Wait until it is ready, and keep what pyperf tells of it."""
        ready = await super().connect(arrival)
        self.metadata = ready["metadata"]
        return ready

    async def look(self) -> tuple[float, float]:
        """Return what it used since its last value, and how long that is ago, in seconds."""
        assert self._lane
        await self._lane.tell("look")
        rested = await self._hear("rested", GRACE_S)
        return rested["cpu_s"], rested["seconds"]

    async def take(self, order: Order) -> Message:
        """Let it take one value."""
        assert self._lane
        await self._lane.tell("go", order=order)
        return await self._hear("value", self._timeout_s + GRACE_S)


class Host:
    """What hosts the operations of one event loop in a round: a process, or one after another."""

    def __init__(
        self, start: Callable[[], Awaitable[HostHandle]], refuse: Callable[[str], None]
    ) -> None:
        """Start nothing yet.

        Args:
            start: starts a process.
            refuse: is told the group of an operation that is to have its own from now on.
        """
        self.start = start
        self.refuse = refuse
        self.is_over = False
        """Whether its round is; the next one has another host."""
        self.starts = 0
        """Processes that were started."""
        self.last: Seat | None = None
        """Whose value was taken last."""
        self._groups: set[str] = set()
        self._handle: HostHandle | None = None
        self._error: CellError | None = None
        self._lock = asyncio.Lock()

    async def ready(self) -> HostHandle:
        """Return the process, a new one if there is none.

        Raises:
            CellError: none starts; it is tried once, not for each operation.
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
                self.last = None
            return self._handle

    def admit(self, cell: Cell) -> None:
        """Note that a cell has a seat here."""
        self._groups.add(cell.group)

    async def drop(self) -> None:
        """End the process; who needs one gets another."""
        handle, self._handle = self._handle, None
        if handle:
            await handle.kill()

    async def end(self) -> None:
        """Let the process end; that is done once, whoever asks first.

        If it ends badly, nobody can tell by which operation: all have processes of their own from
        then on, where it shows.
        """
        async with self._lock:
            self.is_over = True
            handle, self._handle = self._handle, None
            if handle:
                try:
                    await handle.end()
                except CellError:
                    for group in self._groups:
                        self.refuse(group)


class Seat:
    """One cell's worker in a round that shares its process."""

    def __init__(
        self,
        cell: Cell,
        loops: int,
        warmups: int,
        peer: PeerFields | None,
        metadata: Metadata,
        host: Host,
    ) -> None:
        """Take a seat.

        Args:
            cell: an operation on an event loop.
            loops: calls per value.
            warmups: values that are taken first.
            peer: of the operation.
            metadata: of the cell, for pyperf.
            host: where it sits.
        """
        self._cell = cell
        self._warmups = warmups
        self._order: Order = {"operation": cell.operation, "peer": peer, "loops": loops}
        self._metadata = metadata
        self._host = host
        self._is_apart = False
        """Whether it has a host to itself, after it was seen to disturb others."""
        self._start = 0
        """The process in which `_warm` values were taken."""
        self._warm = 0
        self._offences = 0
        """Times that the process was not quiet, or had died, when its value was the last."""
        self._seconds: list[float] = []
        """Per call, of all its values in this round."""
        host.admit(cell)

    async def connect(self) -> None:
        """Wait until the process is there.

        Raises:
            CellError: it does not start.
        """
        await self._host.ready()
        self._metadata = {**(await self._host.ready()).metadata, **self._metadata}

    async def get_ready(self) -> None:
        """See that the process is quiet, and that it has been warmed up for this operation.

        In a process that took the place of another, warmups are taken once more, for nobody.

        Raises:
            CellError: no process starts, or the operation fails in it.
        """
        if not self._is_apart:
            await self._quieten()
        await self._host.ready()
        if self._host.starts != self._start:
            self._start, self._warm = self._host.starts, 0
        while self._warm < min(self._warmups, len(self._seconds)):
            await self._take()

    async def take(self) -> Value:
        """See `Worker.take`."""
        message = await self._take()
        value = Value.from_message(message)
        self._seconds.append(value.seconds / self._order["loops"])
        if message["left"] and not self._is_apart:
            await self.move_out()
        return value

    async def _take(self) -> Message:
        handle = await self._host.ready()
        message = await handle.take(self._order)
        self._host.last = self
        self._warm += 1
        return message

    async def _quieten(self) -> None:
        """See that whoever was here last does not work on; else all get a fresh process.

        A process that has died meanwhile is that one's doing, too.
        """
        handle, last = await self._host.ready(), self._host.last
        if not last:
            return
        try:
            cpu_s, seconds = await handle.look()
        except CellError:
            await last.offend()
        else:
            if find_unrest(cpu_s, seconds, last.last_s):
                await last.offend()

    async def offend(self) -> None:
        """Leave a host that is not quiet, at the second time; the first may be the machine's mood.

        On a busy machine a thread of the kernel can outlast its loop by more than is waited for.
        """
        self._offences += 1
        if self._offences < MAX_OFFENCES:
            await self._host.drop()
        else:
            await self.move_out()

    @property
    def last_s(self) -> float:
        """How long its last value took in all; 0 before the first."""
        return self._seconds[-1] * self._order["loops"] if self._seconds else 0.0

    async def move_out(self) -> None:
        """Leave the host for one of its own, and let the others have a fresh process.

        What is measured there is judged as any worker is. From the next round on, all cells of the
        group have their own, so that no loop is compared hosted with one that is not.
        """
        shared = self._host
        shared.refuse(self._cell.group)
        await shared.drop()
        self._host = Host(shared.start, shared.refuse)
        self._host.admit(self._cell)
        self._is_apart = True
        self._start = 0

    async def show(self) -> list[list[Row]]:
        """See `Worker.show`: an operation verifies itself."""
        return []

    async def finish(self) -> pyperf.Run:
        """See `Worker.finish`."""
        await self._host.end()
        loops, warm = self._order["loops"], self._warmups
        metadata = {**self._metadata, "name": self._cell.name, "loops": loops, "unit": "second"}
        warmups = [(loops, seconds) for seconds in self._seconds[:warm]]
        return pyperf.Run(
            self._seconds[warm:], warmups=warmups, metadata=metadata, collect_metadata=False
        )

    async def kill(self) -> None:
        """See `Worker.kill`: the others get a new process, if they need one."""
        await self._host.drop()
