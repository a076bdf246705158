"""Tries everything on every loop, a few things at a time (floor 3).

Each probe runs on all loops before the next probe, so that a probe that is ended early still has
something to compare. Each finding is reported as soon as it exists, and written to a file if one is
named.
"""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawlbench.base.errors import StorageError, UsageError
from crawlbench.operations import Operation, PeerProcess, open_peer
from crawlbench.plugins import registry
from crawlbench.probe.catalogue import FIRST, all_tries, find_try
from crawlbench.probe.findings import Finding, LoopFacts, Report, Support
from crawlbench.probe.processes import LoopProcesses
from crawlbench.probe.store import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.base.children import Ended

DEADLINE_S = 5.0
"""A probe's deadline; it takes less than half a second, and up to two on a busy machine."""
JOBS = 2 + (os.cpu_count() or 2)
"""How many processes run at a time: one that hangs only waits and should not hold up the others."""
KEEP_S = 1.0
"""Least seconds between two writes of the file, each of which waits for the disk."""

Tell = Callable[[Finding, int, int], object]
"""Called with each finding, the number of findings so far, and their final number."""


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """What to probe."""

    loops: tuple[str, ...]
    """Names of loops, or `module:factory`."""
    probes: tuple[str, ...] = ()
    """Names of probes; empty for all."""
    deadline_s: float = DEADLINE_S
    """Deadline of each probe."""
    are_named: bool = True
    """Whether the user named the loops; then an absent loop is an error."""
    file: Path | None = None
    """File for the report while it is incomplete; None to write none."""


async def probe_loops(options: ProbeOptions, tell: Tell) -> Report:
    """Try everything on every loop; if cancelled, return the findings so far.

    Raises:
        UsageError: a named loop is unknown, not installed or not a loop.
        PeerError: a peer did not start, or died.
    """
    prober = _Prober(options, tell)
    with suppress(asyncio.CancelledError):
        await prober.run()
    return prober.report()


class _Prober:
    def __init__(self, options: ProbeOptions, tell: Tell) -> None:
        self._options = options
        self._tell = tell
        self._date = datetime.now(UTC)
        self._addresses = {
            name: name if ":" in name else registry.find(registry.Kind.EVENT_LOOP, name).value
            for name in options.loops
        }
        self._tries = [find_try(name) for name in options.probes] or list(all_tries())
        self._processes = {n: LoopProcesses(n, options.deadline_s) for n in self._addresses}
        self._peers: dict[str, PeerProcess] = {}
        self._facts: dict[str, LoopFacts] = {}
        self._findings: dict[tuple[str, str], Finding] = {}
        """The findings so far, by loop and probe."""
        self._kept_at = 0.0
        self._queue: asyncio.PriorityQueue[tuple[int, int]] = asyncio.PriorityQueue()
        """What is left to try: indices of a probe and of a loop; probe 0 starts the loop."""

    async def run(self) -> None:
        """Try everything, and end all processes that were started, even after an error."""
        with ExitStack() as peers:
            starting = asyncio.create_task(self._start_peers(peers))
            try:
                await self._work_all(starting)
            finally:
                closing = [processes.close() for processes in self._processes.values()]
                # A peer that is still starting must be on the stack before that closes, or nobody
                # would end it.
                await asyncio.gather(starting, *closing, return_exceptions=True)
            for peer in self._peers.values():
                peer.ask_cpu_s()  # a peer that died or hangs would make its loops look bad

    async def _start_peers(self, peers: ExitStack) -> None:
        tries = (o for o in self._tries if not o.obstacle)
        kinds = sorted({o.peer for o in tries} - {"none"})
        started = [asyncio.to_thread(peers.enter_context, open_peer(kind)) for kind in kinds]
        self._peers = dict(zip(kinds, await asyncio.gather(*started), strict=True))

    async def _work_all(self, peers: asyncio.Task[None]) -> None:
        for place in range(len(self._addresses)):
            self._queue.put_nowait((0, place))
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(self._work(peers)) for _ in range(JOBS)]
                await self._queue.join()
                for worker in workers:
                    worker.cancel()
        except BaseExceptionGroup as errors:
            # The caller expects an error of ours, not a group of them.
            raise errors.exceptions[0] from None

    async def _work(self, peers: asyncio.Task[None]) -> None:
        """Run one probe after the other until none is left."""
        loops = list(self._addresses)
        while True:
            number, place = await self._queue.get()
            loop = loops[place]
            if number:
                await self._probe(loop, self._tries[number - 1])
            elif await self._starts(loop):
                # Several workers wait for this task; one that is cancelled must not cancel it.
                await asyncio.shield(peers)
                await self._processes[loop].stand_ready()
                for number, operation in enumerate(self._tries, 1):
                    if operation.name != FIRST:
                        self._queue.put_nowait((number, place))
            self._queue.task_done()

    async def _starts(self, loop: str) -> bool:
        """Return whether a loop starts at all, so that it can be probed further."""
        first = find_try(FIRST)
        ended = await self._run(loop, first)
        absent = ended.said.get("absent", "")
        if absent and self._options.are_named:
            raise UsageError(absent)
        said = {key: ended.said.get(key, "") for key in ("type", "version")}
        self._facts[loop] = LoopFacts(loop, self._addresses[loop], absent=absent, **said)
        if absent:
            return False
        found = self._judge(ended)
        if first in self._tries:
            self._found(loop, first, found, ended.seconds)
        # A loop that is only wrong here may do other things right, and costs no deadlines.
        if found[0] in {Support.HANGS, Support.CRASHES}:
            self._give_up(loop, *found)
            return False
        return True

    def _give_up(self, loop: str, support: Support, reason: str) -> None:
        """Record the result of the first probe for all others."""
        why = f"not tried: {FIRST} {support}, {reason}"
        for operation in self._tries:
            if operation.name != FIRST:
                self._found(loop, operation, (support, why), 0.0)

    async def _probe(self, loop: str, operation: Operation) -> None:
        if operation.obstacle:
            self._found(loop, operation, (Support.NOT_HERE, operation.obstacle), 0.0)
        else:
            ended = await self._run(loop, operation)
            self._found(loop, operation, self._judge(ended), ended.seconds)

    async def _run(self, loop: str, operation: Operation) -> Ended:
        peer = self._peers.get(operation.peer)
        order = {"probe": operation.name, "peer": asdict(peer.peer) if peer else None}
        return await self._processes[loop].run(order)

    def _judge(self, ended: Ended) -> tuple[Support, str]:
        said = ended.said.get("support")
        found = Support(said or Support.CRASHES), str(ended.said.get("reason", ""))
        # What was found wrong or missing stays so, however the process ended. What works does so
        # only if the loop was closed and the process ended by itself, without an error.
        if said in {None, Support.WORKS} and (ended.code != 0 or not ended.said.get("closed")):
            late = "its work is done, but then " if said else ""
            found = self._broken(ended, late)
        return found

    def _broken(self, ended: Ended, late: str) -> tuple[Support, str]:
        if ended.code is None:
            return Support.HANGS, f"{late}no end within {self._options.deadline_s:g} s"
        words = f": {ended.words}" if ended.words else ""
        if ended.code < 0:
            return Support.CRASHES, f"{late}killed by {_signal_name(-ended.code)}{words}"
        return Support.CRASHES, f"{late}ended with exit code {ended.code}{words}"

    def _found(
        self, loop: str, operation: Operation, found: tuple[Support, str], seconds: float
    ) -> None:
        about = operation.theme, operation.name, operation.about
        finding = Finding(loop, *about, *found, round(seconds, 3))
        self._findings[loop, operation.name] = finding
        self._tell(finding, len(self._findings), self._due())
        if self._options.file and time.monotonic() - self._kept_at > KEEP_S:
            with suppress(StorageError):  # writing the complete report raises the same error
                write_report(self.report(), self._options.file)
            self._kept_at = time.monotonic()

    def _due(self) -> int:
        absent = sum(bool(facts.absent) for facts in self._facts.values())
        return (len(self._addresses) - absent) * len(self._tries)

    def report(self) -> Report:
        """Return the report of all findings so far."""
        places = [(loop, operation.name) for loop in self._addresses for operation in self._tries]
        return Report(
            date=self._date.isoformat(timespec="seconds"),
            python=f"{platform.python_implementation()} {platform.python_version()}",
            platform=platform.platform(terse=True),
            deadline_s=self._options.deadline_s,
            loops=tuple(self._facts[loop] for loop in self._addresses if loop in self._facts),
            findings=tuple(self._findings[one] for one in places if one in self._findings),
            missing=self._due() - len(self._findings),
        )


def _signal_name(number: int) -> str:
    return next((known.name for known in signal.Signals if known == number), f"signal {number}")
