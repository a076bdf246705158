"""Hands blocks to machines and takes them in (floor 4).

Dask carries blocks and results, knows who is alive, and keeps two tasks apart on one machine. Which
machine measures what is a matter of design, not of load: no machine measures a sheet twice, since
its blocks would not be independent. So each task names its machine, and Dask is asked for nothing
else. Each try has a key of its own, and only the newest is waited for: a late result of an older
one is nobody's.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from crawlbench.cluster.blocks import BlockJob
from crawlbench.cluster.remote import measure_block
from crawlbench.records import LostBlock
from crawlbench.scheduler import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from crawlbench.cluster.crew import Crew
    from crawlbench.records import ClusterMachine, Plan

__all__ = ["Dispatcher"]

MOST_TRIES = 3
"""A block that failed as often fails everywhere."""
POLL_S = 1.0
"""How often it is seen to who is alive."""
PATIENCE_S = 30.0
"""For a machine that could take a block: a nanny brings a killed worker back in a few seconds."""


@dataclass(slots=True)
class _Block:
    """One machine's part of one sheet, not yet finished."""

    sheet: int
    copy: int
    """From 0."""
    tries: int = 0
    failed_on: set[str] = field(default_factory=set)
    reason: str = ""
    """Why the last try failed."""


@dataclass(slots=True)
class _Try:
    block: _Block
    address: str
    machine: ClusterMachine
    future: Any
    result: asyncio.Task[bytes]


class Dispatcher:
    """Has each sheet measured on so many machines."""

    def __init__(
        self,
        crew: Crew,
        sheets: Sequence[Plan],
        keep: Callable[[int, ClusterMachine, bytes], Awaitable[None]],
        say: Callable[[str], None],
        admit: Callable[[Sequence[ClusterMachine]], set[str]],
    ) -> None:
        """Take what it needs; `run` does it.

        Args:
            crew: whose machines are used.
            sheets: the plans.
            keep: writes a finished block of a sheet and machine to disk, or raises ValueError.
            say: tells the user how it gets on.
            admit: returns the names of those machines that may be used.
        """
        self.lost: list[LostBlock] = []
        """Blocks that nobody finished."""
        self._crew, self._sheets = crew, sheets
        self._keep, self._say, self._admit = keep, say, admit
        self._admitted = admit(list(crew.members.values()))
        self._waiting: list[_Block] = []
        self._running: list[_Try] = []
        self._done: dict[int, set[str]] = {n: set() for n in range(1, len(sheets) + 1)}
        self._total = 0
        self._idle_since: float | None = None

    async def run(self, copies: int, done: dict[int, dict[str, int]]) -> None:
        """Measure what is missing.

        Args:
            copies: machines that measure each sheet.
            done: sheet to the machines that have measured it before, each with its seed.

        Raises:
            SchedulerLostError: the scheduler is gone; what was kept is kept.
        """
        for sheet, seeds in done.items():
            self._done[sheet] |= seeds.keys()
        self._total = copies * len(self._sheets)
        self._waiting = sorted(
            (
                _Block(sheet, copy)
                for sheet in self._done
                for copy in self._missing(sheet, copies, done.get(sheet, {}))
            ),
            key=lambda block: block.copy,
        )
        try:
            while self._waiting or self._running:
                await self._look()
                self._hand_out()
                self._give_up()
                await self._take_in()
        finally:
            await self._cancel()

    def _missing(self, sheet: int, copies: int, seeds: dict[str, int]) -> list[int]:
        """Return the copies that are to be measured: none whose seed is on disk already."""
        first, used = self._sheets[sheet - 1].seed, set(seeds.values())
        free = [copy for copy in range(copies) if first + copy not in used]
        return free[: max(0, copies - len(seeds))]

    async def _look(self) -> None:
        """See who is alive; what ran on the others waits again, unless its result has come."""
        new = await self._crew.look()
        self._admitted -= {machine.name for machine in new}  # another may have taken its name
        self._admitted |= self._admit(new)
        members = self._crew.members
        for one in [t for t in self._running if t.address not in members and not t.result.done()]:
            self._running.remove(one)
            await self._forget(one)
            self._fail(one, "its Dask worker was lost")

    def _hand_out(self) -> None:
        busy = {one.address for one in self._running}
        for address, machine in self._crew.members.items():
            if address not in busy and machine.name in self._admitted:
                block = self._next_for(machine.name)
                if block:
                    self._waiting.remove(block)
                    self._running.append(self._start(block, address, machine))

    def _next_for(self, name: str) -> _Block | None:
        """Return the block that a machine should take: first one that has not failed there."""
        able = [block for block in self._waiting if not self._has_sheet(block.sheet, name)]
        return min(able, key=lambda block: name in block.failed_on, default=None)

    def _has_sheet(self, sheet: int, name: str) -> bool:
        runs = any(t.block.sheet == sheet and t.machine.name == name for t in self._running)
        return runs or name in self._done[sheet]

    def _start(self, block: _Block, address: str, machine: ClusterMachine) -> _Try:
        block.tries += 1
        plan = self._sheets[block.sheet - 1]
        # Each copy draws its own order and delays: the mean over machines is one over those too.
        job = BlockJob(block.sheet, machine, replace(plan, seed=plan.seed + block.copy))
        future = self._crew.client.submit(
            measure_block,
            msgspec.json.encode(job),
            key=f"crawlbench-block-{block.sheet}-{uuid.uuid4().hex}",
            workers=[address],
            resources={RESOURCE: 1},
            retries=0,
            pure=False,
        )
        self._say(f"sheet {block.sheet} of {len(self._sheets)} begins on {machine.name}")
        return _Try(block, address, machine, future, asyncio.ensure_future(_result(future)))

    def _give_up(self) -> None:
        """Leave out blocks that nobody can take, after a while in which somebody could come."""
        if self._running or not self._waiting:
            self._idle_since = None
            return
        self._idle_since = self._idle_since or time.monotonic()
        if time.monotonic() - self._idle_since > PATIENCE_S:
            for block in self._waiting:
                why = "no machine is left that has not measured this sheet"
                self._lose(block, f"{block.reason}, and {why}" if block.reason else why)
            self._waiting.clear()

    async def _take_in(self) -> None:
        results = [one.result for one in self._running]
        if not results:
            await asyncio.sleep(POLL_S if self._waiting else 0)
            return
        await asyncio.wait(results, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        for one in [t for t in self._running if t.result.done()]:
            self._running.remove(one)
            await self._finish(one)

    async def _finish(self, one: _Try) -> None:
        """Keep a block, or let it wait again."""
        try:
            packed = one.result.result()
        except (Exception, asyncio.CancelledError) as error:
            await self._look()  # raises if it was the scheduler that went
            self._fail(one, str(error).partition("\n")[0] or type(error).__name__)
        else:
            try:
                await self._keep(one.block.sheet, one.machine, packed)
            except ValueError as error:
                self._fail(one, str(error))
            else:
                self._done[one.block.sheet].add(one.machine.name)
                count = sum(map(len, self._done.values()))
                self._say(
                    f"sheet {one.block.sheet} is finished on {one.machine.name}: "
                    f"{count} of {self._total} blocks"
                )
        await self._forget(one)

    def _fail(self, one: _Try, reason: str) -> None:
        block = one.block
        block.reason = f"{one.machine.name}: {reason}"
        block.failed_on.add(one.machine.name)
        self._say(f"sheet {block.sheet} failed on {block.reason}")
        if block.tries < MOST_TRIES:
            self._waiting.append(block)
        else:
            self._lose(block, block.reason)

    def _lose(self, block: _Block, reason: str) -> None:
        self.lost.append(LostBlock(block.sheet, block.tries, reason))

    async def _cancel(self) -> None:
        for one in self._running:
            await self._forget(one)
        self._running.clear()

    async def _forget(self, one: _Try) -> None:
        """Let Dask drop a task and its result; the machine sees that nobody waits."""
        one.result.cancel()
        with suppress(Exception):  # a client that has given up has an error of its own
            async with asyncio.timeout(5):
                await one.future.cancel()
        one.future.release()


async def _result(future: Any) -> bytes:  # noqa: ANN401  (a Future of Dask)
    """Return a task's result; a task that Dask dropped is cancelled."""
    result: bytes = await future.result()
    return result
