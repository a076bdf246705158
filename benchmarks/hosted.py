"""Checks whether it matters that operations share a process: alone and hosted, in the same laps.

    python -m benchmarks.hosted [ROUNDS [LAPS [LOOP [OPERATION...]]]]

In each round the stock loop and another (uvloop unless named) have one host each for all
operations, and each operation also has a process of its own for both loops. One lap takes a value
of all four, in shuffled order. The question for each operation is whether hosting changes the ratio
of the two loops. Prints both ratios and the change with its interval, and names the operations
whose change is significant by Holm's procedure over all operations: these should be declared
`needs_own`.
"""

from __future__ import annotations

import asyncio
import math
import random
import sys
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.base.errors import CellError
from crawlbench.base.records import Cell
from crawlbench.measure.calibration import choose_loops
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.peers import open_peers
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.operations import Operation, select_operations
from crawlbench.stats.claims import holm_levels
from crawlbench.stats.interval import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.measure.contract import Worker
    from crawlbench.measure.job import Place

STOCK = "asyncio"
ROUNDS, LAPS, LOOP = 10, 5, "uvloop"
CONFIDENCE = 0.95
MIN_TIME_S = 0.01
TIMEOUT_S = 10.0
ALONE_AT_ONCE = 40
"""How many operations have workers of their own at the same time, two each."""


Key = tuple[str, str, str]
"""`hosted` or `alone`, operation, loop."""


@dataclass
class Found:
    """The other loop's log ratios to the stock loop for one operation, one for each round."""

    hosted: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)

    def changes(self) -> list[float]:
        """Return how much hosting changed the log ratio, for each round."""
        return [hosted - alone for hosted, alone in zip(self.hosted, self.alone, strict=True)]


class Bench:
    """Both ways to run operations, with the same peers."""

    def __init__(
        self, hosting: ProcessExecutor, alone: ProcessExecutor, loop: str, laps: int
    ) -> None:
        """Prepare to start workers."""
        self.executors = {"hosted": hosting, "alone": alone}
        self.loops = (STOCK, loop)
        self.laps = laps
        self.calls: dict[str, int] = {}
        """Calls in each value, by operation; operations that fail are left out."""
        self.found: dict[str, Found] = {}
        self._seats: dict[Key, Worker] = {}
        """The workers' seats in the current round."""

    async def calibrate(self, names: Sequence[str]) -> None:
        """Choose the calls of a value; an operation that fails on either loop is left out."""
        for name in names:
            seconds = []
            try:
                for loop in self.loops:
                    worker = await self._start("alone", name, loop, 1)
                    try:
                        seconds.append([await take(worker) for _ in range(2)][-1])
                    finally:
                        await worker.kill()
            except CellError as error:
                print(f"left out: {name} on {loop}: {error}", file=sys.stderr)
            else:
                self.calls[name] = choose_loops(seconds, MIN_TIME_S)
                self.found[name] = Found()

    async def measure_round(self) -> None:
        """Measure all operations once more, in shuffled order."""
        names = random.sample(list(self.calls), len(self.calls))
        for at in range(0, len(names), ALONE_AT_ONCE):
            chunk = names[at : at + ALONE_AT_ONCE]
            workers = await self._start_all(chunk, names if at == 0 else ())
            for name in chunk:
                await self._measure(name, {k: w for k, w in workers.items() if k[1] == name})
            apart = [worker for key, worker in workers.items() if key[0] == "alone"]
            await asyncio.gather(*[worker.finish() for worker in apart])
        await asyncio.gather(*[worker.finish() for worker in self._seats.values()])

    async def _start_all(self, chunk: Sequence[str], hosted: Sequence[str]) -> dict[Key, Worker]:
        """Start the workers of some operations, and for a round's first chunk also all seats."""
        if hosted:
            seats = [("hosted", name, loop) for name in hosted for loop in self.loops]
            started = await asyncio.gather(
                *[self._start(*key, self.calls[key[1]]) for key in seats]
            )
            self._seats = dict(zip(seats, started, strict=True))
        keys = [("alone", name, loop) for name in chunk for loop in self.loops]
        found = await asyncio.gather(*[self._start(*key, self.calls[key[1]]) for key in keys])
        return {**self._seats, **dict(zip(keys, found, strict=True))}

    async def _start(self, way: str, name: str, loop: str, calls: int) -> Worker:
        cell = Cell.of_operation(name, loop)
        return await self.executors[way].start(cell, calls, 1, self.laps)

    async def _measure(self, name: str, workers: dict[Key, Worker]) -> None:
        """Take the laps of one operation, the first of which is a warmup."""
        seconds: dict[tuple[str, str], list[float]] = {}
        for _ in range(1 + self.laps):
            for way, _, loop in random.sample(list(workers), len(workers)):
                value = await take(workers[way, name, loop])
                seconds.setdefault((way, loop), []).append(math.log(value))
        typical = {key: fmean(of_laps[1:]) for key, of_laps in seconds.items()}
        stock, other = self.loops
        found = self.found[name]
        found.hosted.append(typical["hosted", other] - typical["hosted", stock])
        found.alone.append(typical["alone", other] - typical["alone", stock])


async def take(worker: Worker) -> float:
    """Return the seconds of one value."""
    await worker.get_ready()
    return (await worker.take()).seconds


def render(found: dict[str, Found]) -> str:
    """Return a row for each operation, and the names of the operations that hosting changes."""
    changes = {name: estimate_mean(one.changes()) for name, one in found.items()}
    known = {name: estimate for name, estimate in changes.items() if estimate}
    p_values = {name: estimate.p_value(0.0) for name, estimate in known.items()}
    levels = holm_levels(p_values, len(found), 1 - CONFIDENCE)
    lines = ["| operation | alone | hosted | change | interval |", "|---|---:|---:|---:|---:|"]
    for name, estimate in known.items():
        alone, hosted = (math.exp(fmean(of)) for of in (found[name].alone, found[name].hosted))
        low, high = (math.expm1(end) * 100 for end in estimate.interval(CONFIDENCE))
        change = math.expm1(estimate.mean) * 100
        ends = f"{low:+.1f} to {high:+.1f} %"
        lines.append(f"| {name} | {alone:.3f} | {hosted:.3f} | {change:+.1f} % | {ends} |")
    moved = [name for name, p_value in p_values.items() if p_value <= levels[name]]
    count = f"{len(known)} operations"
    verdict = f"Hosting moves the ratio of: {', '.join(moved) or 'none'} (of {count}, by Holm)."
    return "\n".join([*lines, "", verdict])


def choose(patterns: Sequence[str]) -> list[Operation]:
    """Return the named operations, or else all that are hosted in sessions."""
    chosen = select_operations(tuple(patterns) or ("*",))
    return [o for o in chosen if not o.obstacle and (patterns or not o.needs_own)]


async def main() -> None:
    """Measure and print."""
    options = read_words(__doc__, "operation", rounds=ROUNDS, laps=LAPS, loop=LOOP)
    operations = choose(options.operation)
    machine = describe_machine()
    facts = [operation.facts for operation in operations]
    with open_peers(facts, machine.mirror_cpus) as meters:
        async with open_turnstile() as turnstile:
            places: dict[str, Place] = {name: {"peer": m.address} for name, m in meters.items()}
            settings = turnstile, places, machine.worker_cpus, TIMEOUT_S, ()
            alone = ProcessExecutor(*settings, alone=list(places))
            bench = Bench(ProcessExecutor(*settings), alone, options.loop, options.laps)
            await bench.calibrate(list(places))
            for number in range(options.rounds):
                await bench.measure_round()
                print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    print(render(bench.found))


if __name__ == "__main__":
    asyncio.run(main())
