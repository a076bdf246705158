"""What the harness adds to a crawl: values through the turnstile against a bare loop, interleaved.

Both processes crawl the same mirror from the same CPUs; in each lap each takes one value, in
shuffled order. The bare one knows no pyperf, no turnstile, no verification and no watchdog: it
reads a line, crawls, and prints the seconds. Prints the ratio with its interval.

    python benchmarks/overhead.py [LAPS]
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import sys
from asyncio.subprocess import PIPE
from typing import TYPE_CHECKING

from crawlbench.base.records import Cell
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.stats.interval import estimate_mean

if TYPE_CHECKING:
    from crawlbench.measure.contract import Worker
    from crawlbench.measure.job import Place

LOOPS = 4  # crawls per value
ROUNDS = 10  # fresh processes: the unit of replication
CELLS = (("requests-serial", None), ("aiohttp-gather", "uvloop"))

BARE = """
import asyncio, sys, time
from crawlbench.plugins import registry
from crawlbench.measure.crawling import make_site
kind = registry.Kind
spec = registry.load(kind.SITE, "douban-top250")
read = registry.load(kind.PARSER, "lxml")(spec)
site = make_site(spec, sys.argv[1] + spec.path, read, None)
crawl = registry.load(kind.STRATEGY, sys.argv[2])
loops = int(sys.argv[4])

async def crawl_all():
    start = time.perf_counter()
    for _ in range(loops):
        await crawl(site, 10)
    return time.perf_counter() - start

for _ in sys.stdin:
    if sys.argv[3] == "-":
        start = time.perf_counter()
        for _ in range(loops):
            crawl(site, 10)
        seconds = time.perf_counter() - start
    else:
        factory = registry.load(kind.EVENT_LOOP, sys.argv[3])
        with asyncio.Runner(loop_factory=factory) as runner:
            seconds = runner.run(crawl_all())
    print(seconds, flush=True)
"""


class Bare:
    """A process that crawls when told to, and nothing else."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, origin: str, cell: Cell, cpus: tuple[int, ...]) -> Bare:
        """Start it on the workers' CPUs."""
        arguments = (origin, cell.strategy, cell.event_loop or "-", str(LOOPS))
        command = (sys.executable, "-c", BARE, *arguments)
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        if cpus and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, cpus)
        return cls(process)

    async def take(self) -> float:
        """Take one value, in seconds."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"\n")
        return float(await self._process.stdout.readline())

    async def end(self) -> None:
        """Let it end."""
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


async def measure_round(bare: Bare, worker: Worker, laps: int) -> float:
    """Return the mean log ratio of a round, the first lap being a warmup."""
    ratios = []
    for _ in range(1 + laps):
        seconds = {}
        for who in random.sample(("bare", "worker"), 2):
            seconds[who] = await bare.take() if who == "bare" else (await worker.take()).seconds
        ratios.append(math.log(seconds["worker"] / seconds["bare"]))
    return sum(ratios[1:]) / laps


async def main() -> None:
    """Measure and print."""
    laps = int(sys.argv[1]) if len(sys.argv) > 1 else 10
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
            ratios = []
            for _ in range(ROUNDS):
                bare = await Bare.start(mirror.address, cell, cpus)
                worker = await executor.start(cell, LOOPS, 1, laps)
                ratios.append(await measure_round(bare, worker, laps))
                await worker.finish()
                await bare.end()
            estimate = estimate_mean(ratios)
            assert estimate
            low, high = (math.expm1(end) * 100 for end in estimate.interval(0.95))
            mean = math.expm1(estimate.mean) * 100
            print(
                f"{strategy} {event_loop or ''}: the harness adds {mean:+.2f} % "
                f"({low:+.2f} to {high:+.2f}) in {ROUNDS} rounds x {laps} laps x {LOOPS} crawls"
            )


if __name__ == "__main__":
    asyncio.run(main())
