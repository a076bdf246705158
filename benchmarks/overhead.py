"""Measures what the harness adds to a crawl, and what the checks of the invariants alone add.

Three processes crawl the same mirror from the same CPUs; in each lap each takes one value, in
shuffled order. The bare one has no pyperf, no turnstile, no verification and no watchdog: it reads
a line, crawls, and prints the seconds. The guarded one is the bare one with the checks that the
invariants need in a worker: pages are counted, the harness is sealed, rests are watched. The third
is a worker at its turnstile. What the mirror records for the invariants is the same for all three.

    python -m benchmarks.overhead [LAPS [ROUNDS]]
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.base.records import Cell
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.stats.interval import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.measure.contract import Worker
    from crawlbench.measure.job import Place

LOOPS = 4  # crawls per value
ROUNDS = 10  # fresh processes: the unit of replication
CELLS = (("requests-serial", None), ("aiohttp-gather", "uvloop"))

BARE = """
import asyncio, gc, json, sys, time
from crawlbench.plugins import registry
from crawlbench.measure.crawling import make_site
from crawlbench.measure.reading import PageCounter
from crawlbench.measure.seal import Rest, Seal
origin, strategy, event_loop, loops, guard = sys.argv[1:]
loops, is_guarded = int(loops), guard == "guarded"
kind = registry.Kind
spec = registry.load(kind.SITE, "douban-top250")
read = registry.load(kind.PARSER, "lxml")(spec)
if is_guarded:
    counter = PageCounter(read)
    read = counter.read
    seal = Seal()
    gc.freeze()  # as a worker does, or collections would walk through what is sealed
site = make_site(spec, origin + spec.path, read, None)
crawl = registry.load(kind.STRATEGY, strategy)
factory = registry.load(kind.EVENT_LOOP, event_loop) if event_loop != "-" else None

async def crawl_all():
    start = time.perf_counter()
    for _ in range(loops):
        await crawl(site, 10)
    return time.perf_counter() - start

def take():
    if factory:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(crawl_all())
    start = time.perf_counter()
    for _ in range(loops):
        crawl(site, 10)
    return time.perf_counter() - start

rest = Rest() if is_guarded else None
for _ in sys.stdin:
    checks_s = 0.0
    if is_guarded:
        start = time.perf_counter()
        rest.stop()
        counter.forget()
        checks_s += time.perf_counter() - start
    seconds = take()
    if is_guarded:
        start = time.perf_counter()
        assert counter.look().pages == 10 * loops and not seal.find_broken()
        rest = Rest()
        checks_s += time.perf_counter() - start
    print(json.dumps([seconds, checks_s]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Lap:
    """The seconds that three processes took for the same crawls."""

    bare: float
    guarded: float
    checks: float
    """The guarded process's checks outside its clock."""
    worker: float


class Bare:
    """A process that only crawls, on request."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, origin: str, cell: Cell, cpus: tuple[int, ...], guard: str) -> Bare:
        """Start it on the workers' CPUs, "guarded" or "unguarded"."""
        arguments = (origin, cell.strategy, cell.event_loop or "-", str(LOOPS), guard)
        command = (sys.executable, "-c", BARE, *arguments)
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        if cpus and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, cpus)
        return cls(process)

    async def take(self) -> tuple[float, float]:
        """Take one value; return its seconds, and the seconds of the checks outside its clock."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"\n")
        seconds, checks_s = json.loads(await self._process.stdout.readline())
        return seconds, checks_s

    async def end(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


async def take_lap(bare: Bare, guarded: Bare, worker: Worker) -> Lap:
    """Let each process take one value, in shuffled order."""
    seconds, checks_s = {}, 0.0
    for who in random.sample(("bare", "guarded", "worker"), 3):
        if who == "bare":
            seconds[who], _ = await bare.take()
        elif who == "guarded":
            seconds[who], checks_s = await guarded.take()
        else:
            seconds[who] = (await worker.take()).seconds
    return Lap(seconds["bare"], seconds["guarded"], checks_s, seconds["worker"])


async def measure_round(
    executor: ProcessExecutor, origin: str, cell: Cell, cpus: tuple[int, ...], laps: int
) -> list[Lap]:
    """Return the laps of three fresh processes, without the first lap, which is a warmup."""
    bare = await Bare.start(origin, cell, cpus, "unguarded")
    guarded = await Bare.start(origin, cell, cpus, "guarded")
    worker = await executor.start(cell, LOOPS, 1, laps)
    taken = [await take_lap(bare, guarded, worker) for _ in range(1 + laps)]
    await worker.finish()
    await guarded.end()
    await bare.end()
    return taken[1:]


def tell(what: str, rounds: list[list[Lap]], ratio: Callable[[Lap], float]) -> None:
    """Print how much slower something is; the round is the unit of replication."""
    logs = [sum(math.log(ratio(lap)) for lap in laps) / len(laps) for laps in rounds]
    estimate = estimate_mean(logs)
    assert estimate
    low, high = (math.expm1(end) * 100 for end in estimate.interval(0.95))
    mean = math.expm1(estimate.mean) * 100
    print(f"  {what}: {mean:+.2f} % ({low:+.2f} to {high:+.2f})")


async def main() -> None:
    """Measure and print."""
    options = read_words(__doc__, laps=10, rounds=ROUNDS)
    laps, count = options.laps, options.rounds
    machine = describe_machine()
    network = find_network("loopback")
    mirror_cpus, cpus = machine.mirror_cpus, machine.worker_cpus
    async with (
        open_mirror("douban-top250", "loopback", network, 1, mirror_cpus) as mirror,
        open_turnstile() as turnstile,
    ):
        for strategy, event_loop in CELLS:
            cell = Cell("douban-top250", "loopback", strategy, event_loop, "lxml", 10)
            place: Place = {"origin": mirror.address, "ca_file": None}
            executor = ProcessExecutor(turnstile, {cell.group: place}, cpus, 60)
            rounds = [
                await measure_round(executor, mirror.address, cell, cpus, laps)
                for _ in range(count)
            ]
            print(f"{strategy} {event_loop or ''}: {count} rounds x {laps} laps x {LOOPS} crawls")
            tell("the harness adds", rounds, lambda lap: lap.worker / lap.bare)
            tell("the invariants alone add", rounds, lambda lap: lap.guarded / lap.bare)
            tell(
                "and with what they do outside the clock",
                rounds,
                lambda lap: (lap.guarded + lap.checks) / lap.bare,
            )


if __name__ == "__main__":
    asyncio.run(main())
