"""Hands blocks to machines and takes in their results (floor 4).

Dask carries blocks and results, knows which workers are alive, and never runs two tasks at once on
a machine. We decide which machine measures what: no machine measures a sheet twice, because its
blocks would not be independent. So each task names its machine. Each try has a key of its own, and
only the newest is waited for: the late result of an older try is dropped.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from crawlbench.base.scheduler import ANSWER_S, RESOURCE
from crawlbench.cluster.backlog import Backlog, Block
from crawlbench.cluster.blocks import BlockJob
from crawlbench.cluster.records import LostBlock
from crawlbench.cluster.remote import measure_block

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from crawlbench.base.records import Plan
    from crawlbench.cluster.crew import Crew
    from crawlbench.cluster.records import ClusterMachine

MAX_TRIES = 3
"""A block that has failed this often is given up."""
POLL_S = 1.0
"""Seconds between two looks at which workers are alive."""
PATIENCE_S = 30.0
"""Seconds to wait for a machine that could take a block, since a nanny restarts a killed worker
within a few seconds."""
MAX_FAILED = 3
"""A machine on which so many blocks in a row have failed gets no more."""
MAX_AT_ONCE = 8
"""How many results are stored before machines get their next blocks; one at a time is in memory."""


@dataclass(slots=True)
class _Try:
    block: Block
    address: str
    machine: ClusterMachine
    future: Any


class Dispatcher:
    """Has each sheet measured on the requested number of machines."""

    def __init__(
        self,
        crew: Crew,
        sheets: Sequence[Plan],
        keep: Callable[[int, ClusterMachine, bytes], Awaitable[None]],
        say: Callable[[str], None],
        admit: Callable[[Sequence[ClusterMachine]], set[str]],
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            crew: the machines to use.
            sheets: the plans.
            keep: writes a finished block of a sheet and machine to disk, or raises ValueError.
            say: called with sentences about the progress.
            admit: returns the names of the machines that may be used.
        """
        self.lost: list[LostBlock] = []
        """Blocks that no machine has finished."""
        self._crew, self._sheets = crew, sheets
        self._keep, self._say, self._admit = keep, say, admit
        self._admitted = admit(list(crew.members.values()))
        self._waiting = Backlog()
        self._running: list[_Try] = []
        self._failed: dict[str, list[Block]] = {}
        self._done: dict[int, set[str]] = {n: set() for n in range(1, len(sheets) + 1)}
        self._measuring: dict[int, set[str]] = {n: set() for n in self._done}
        self._total = 0
        self._idle_since: float | None = None

    async def run(self, copies: int, done: dict[int, dict[str, int]]) -> None:
        """Measure the blocks that are missing.

        Args:
            copies: how many machines measure each sheet.
            done: for each sheet, the machines that have measured it before, each with its seed.

        Raises:
            SchedulerLostError: the scheduler is gone; finished blocks stay on disk.
        """
        for sheet, seeds in done.items():
            self._done[sheet] |= seeds.keys()
        self._total = copies * len(self._sheets)
        for sheet in self._done:
            copies_of = self._missing(sheet, copies, done.get(sheet, {}))
            self._waiting.put(*(Block(sheet, copy) for copy in copies_of))
        try:
            # In this order: blocks of lost workers wait again before free machines choose, and only
            # what none of them has chosen can be given up.
            while self._waiting or self._running:
                await self._look()
                self._hand_out()
                self._give_up()
                await self._take_in()
        finally:
            await self._cancel()

    def _missing(self, sheet: int, copies: int, seeds: dict[str, int]) -> list[int]:
        """Return the numbers of the copies that are missing: those whose seed is not on disk."""
        first, used = self._sheets[sheet - 1].seed, set(seeds.values())
        free = [copy for copy in range(copies) if first + copy not in used]
        return free[: max(0, copies - len(seeds))]

    async def _look(self) -> None:
        """Update the crew; blocks of lost workers wait again, unless their result has arrived."""
        new = await self._crew.look()
        # A name that was admitted before may belong to another machine now, so it is checked again.
        self._admitted -= {machine.name for machine in new}
        self._admitted |= self._admit(new)
        members = self._crew.members
        # A machine may be gone after its result has arrived; such a block is not repeated.
        for one in [t for t in self._running if t.address not in members and not t.future.done()]:
            self._end(one)
            await self._forget(one)
            self._fail(one, "its Dask worker was lost")
            self._failed.pop(one.machine.name, None)  # if it comes back, it begins anew

    def _hand_out(self) -> None:
        """Give each free machine a block; two Dask workers of one host take turns."""
        busy = {one.address for one in self._running}
        here = {machine.name for machine in self._crew.members.values()} & self._admitted
        # Two Dask workers of one host share its CPUs. The kernel's boot id identifies the host,
        # because workers can have any name; without a boot id each worker counts as a host.
        hosts = {one.machine.fingerprint.boot for one in self._running} - {""}
        for address, machine in self._crew.members.items():
            host = machine.fingerprint.boot
            if address in busy or host in hosts or machine.name not in self._admitted:
                continue
            block = self._waiting.next_for(machine.name, self._done, self._measuring, here)
            if block:
                self._start(block, address, machine)
                hosts |= {host} - {""}

    def _start(self, block: Block, address: str, machine: ClusterMachine) -> None:
        self._waiting.take(block)
        block.tries += 1
        plan = self._sheets[block.sheet - 1]
        # Each copy has its own order and delays, so the mean over machines averages over those too.
        job = BlockJob(block.sheet, machine, replace(plan, seed=plan.seed + block.copy))
        future = self._crew.client.submit(
            measure_block,
            msgspec.json.encode(job),
            key=f"crawlbench-block-{block.sheet}-{uuid.uuid4().hex}",
            workers=[address],
            resources={RESOURCE: 1},
            # Dask would repeat it on the same machine; we first try another one.
            retries=0,
            pure=False,
        )
        self._say(f"sheet {block.sheet} of {len(self._sheets)} begins on {machine.name}")
        self._running.append(_Try(block, address, machine, future))
        self._measuring[block.sheet].add(machine.name)

    def _end(self, one: _Try) -> None:
        self._running.remove(one)
        self._measuring[one.block.sheet].discard(one.machine.name)

    def _give_up(self) -> None:
        """Give up blocks that no machine can take, after waiting for machines that may join."""
        # As long as a block runs, its machine may finish and take another, or fail and return one.
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
        """Store the results of a few tasks that have ended, or wait a little."""
        # A result stays on its machine until it is asked for, so that many do not fill our memory.
        ended = [one for one in self._running if one.future.done()]
        if not ended:
            await asyncio.sleep(POLL_S if self._running or self._waiting else 0)
        for one in ended[:MAX_AT_ONCE]:
            self._end(one)
            await self._finish(one)

    async def _finish(self, one: _Try) -> None:
        """Store a finished block, or put it back if it failed."""
        try:
            # A machine that freezes at this moment must not hold up the others.
            async with asyncio.timeout(ANSWER_S):
                packed = await one.future.result()
        except asyncio.CancelledError:
            if not one.future.cancelled():  # we were cancelled, not the task
                raise
            await self._look()  # a restarting scheduler cancels all; raises if it is gone
            self._fail(one, "its task was cancelled")
        except Exception as error:
            await self._look()  # raises if the scheduler is gone
            self._fail(one, str(error).partition("\n")[0] or type(error).__name__)
        else:
            try:
                await self._keep(one.block.sheet, one.machine, packed)
            except ValueError as error:
                self._fail(one, str(error))
            else:
                self._failed.pop(one.machine.name, None)
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
        if block.tries < MAX_TRIES:
            self._waiting.put(block)
        else:
            self._lose(block, block.reason)
        self._suspect(one.machine.name, block)

    def _suspect(self, name: str, block: Block) -> None:
        """Stop using a machine on which several blocks in a row have failed.

        They must be different blocks: a block that fails again and again is itself at fault, and
        is given up alone.
        """
        failed = self._failed.setdefault(name, [])
        if block not in failed:
            failed.append(block)
        if len(failed) >= MAX_FAILED and name in self._admitted:
            self._admitted.discard(name)
            self._say(f"{name} is no longer used: {len(failed)} blocks in a row failed there")

    def _lose(self, block: Block, reason: str) -> None:
        self.lost.append(LostBlock(block.sheet, block.tries, reason))

    async def _cancel(self) -> None:
        for one in self._running:
            await self._forget(one)
        self._running.clear()

    async def _forget(self, one: _Try) -> None:
        """Let Dask drop a task and its result; the machine then stops measuring the block."""
        with suppress(Exception):  # a client that has given up raises errors of its own
            # Nor may a frozen scheduler hold up our end.
            async with asyncio.timeout(5):
                await one.future.cancel()
        one.future.release()
