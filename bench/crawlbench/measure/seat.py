"""Seats: how the manager handles operations that share a host (floor 3)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from crawlbench.base.errors import CellError
from crawlbench.measure.shared_handle import HostHandle, Metadata, Share, SharedProcess
from crawlbench.measure.unrest import find_unrest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pyperf

    from crawlbench.base.children import Message
    from crawlbench.base.digest import Row
    from crawlbench.base.records import Cell
    from crawlbench.measure.contract import Value
    from crawlbench.measure.job import Order

MAX_OFFENCES = 2
"""A seat that disturbs others this often leaves the host."""


class SharedHost(SharedProcess):
    """Hosts the operations of one event loop in a round: in one process, or one after another."""

    def __init__(
        self, start: Callable[[], Awaitable[HostHandle]], refuse: Callable[[str], None]
    ) -> None:
        """Start nothing yet.

        Args:
            start: starts a process.
            refuse: called with the group of an operation that should have its own process from now
                on.
        """
        super().__init__(start)
        self.refuse = refuse
        self._last: tuple[int, Seat] | None = None
        """The number of the process in which the last value was taken, and the value's seat."""
        self._groups: set[str] = set()

    @property
    def last(self) -> Seat | None:
        """The seat whose value was taken last in the present process; None before the first."""
        return self._last[1] if self._last and self._last[0] == self.starts else None

    def note_last(self, seat: Seat) -> None:
        """Note that a value of this seat was taken."""
        self._last = self.starts, seat

    def admit(self, cell: Cell) -> None:
        """Note that a cell has a seat here."""
        self._groups.add(cell.group)

    async def end(self) -> None:
        """See `SharedProcess.end`.

        If it ends badly, nobody can say which operation is to blame: all get processes of their own
        from then on, which will show.
        """
        try:
            await super().end()
        except CellError:
            for group in self._groups:
                self.refuse(group)
            raise


class Seat(Share):
    """One operation's share of a host."""

    _host: SharedHost

    def __init__(
        self,
        cell: Cell,
        order: Order,
        warmups: int,
        metadata: Metadata,
        host: SharedHost,
    ) -> None:
        """Take a seat; arguments as for `Share`."""
        super().__init__(cell, order, warmups, metadata, host)
        self._is_cold = False  # no other operation warms it
        self._is_apart = False
        """Whether it has a host to itself, because it disturbed others."""
        self._offences = 0
        """Times that the process was not quiet, or had died, after this seat's value."""
        host.admit(cell)

    async def get_ready(self) -> None:
        """See `Share.get_ready`; first make sure that the process is quiet."""
        if not self._is_apart:  # there it is judged by its own reports, like any worker
            await self._quieten()
        await super().get_ready()

    async def take(self) -> Value:
        """See `Worker.take`."""
        message = await self._take()
        value = self._keep(message)
        if message["left"] and not self._is_apart:
            # The value stands: what was left disturbs only those that come after it.
            await self.move_out()
        return value

    async def _take(self) -> Message:
        message = await super()._take()
        self._host.note_last(self)
        return message

    async def _quieten(self) -> None:
        """Make sure that the previous operation has stopped working, or give all a fresh process.

        If the process has died meanwhile, that is the previous operation's doing too.
        """
        handle, last = await self._host.ready(), self._host.last
        if not last:  # nobody has worked in this process yet, so nobody is to blame
            return
        try:
            cpu_s, seconds = await handle.look()
        except CellError:
            await last.offend()
        else:
            if find_unrest(cpu_s, seconds, last.last_s):
                await last.offend()

    async def offend(self) -> None:
        """Leave a host that is not quiet, but only the second time: the first may be chance.

        On a busy machine a kernel thread can outlive its loop by more than we wait.
        """
        self._offences += 1
        if self._offences < MAX_OFFENCES:
            await self._host.drop()
        else:
            await self.move_out()

    @property
    def last_s(self) -> float:
        """How long its last value took in total; 0 before the first."""
        return self._seconds[-1] * self._order["loops"] if self._seconds else 0.0

    async def move_out(self) -> None:
        """Leave the host for one of its own, and give the others a fresh process.

        What is measured there is judged like any worker. From the next round on all cells of the
        group have their own, so that no hosted loop is compared with one that is not hosted.
        """
        shared = self._host
        shared.refuse(self._cell.group)
        await shared.drop()
        self._host = SharedHost(shared.start, shared.refuse)
        self._host.admit(self._cell)
        self._is_apart = True
        self._start = 0  # the new host counts from 1, and nothing is warm in its process

    async def show(self) -> list[list[Row]]:
        """See `Worker.show`: an operation verifies itself."""
        return []

    async def finish(self) -> pyperf.Run:
        """See `Worker.finish`; how the host ends is not the fault of a single operation."""
        with suppress(CellError):
            await self._host.end()
        return self._make_run()
