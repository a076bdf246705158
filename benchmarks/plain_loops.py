"""Measures crawls with plain loops, which share no measuring code with crawlbench.

The method is `time.perf_counter` around a crawl, a fresh process for each client and round, in
which all lengths take turns in shuffled order, and Student's t interval over rounds. Strategies,
sites, the parser `none` and the server are crawlbench's, because they are the subject of the
measurement. `cross.py` and `line.py` compare these results with crawlbench's.

Called with one client's job, as JSON, it is that client's process.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import math
import os
import random
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, Any

from crawlbench.base.model import Site
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

CONCURRENCY = 10
CRAWLS_S = 0.03
"""A value repeats short crawls for about so long, so that the clock's own cost is negligible."""
LARGE_BYTES = 16 * 2**20
"""Freed once in each process. Until a block as large as asyncio's buffer (256 KiB) has been freed,
glibc takes each such buffer from the system anew: a page by aiohttp then takes 188 us instead of
169, depending on what else the process happened to import."""
PAGES = {"douban-top250": 10, "douban-x30": 30, "douban-x100": 100, "douban-x300": 300}
T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179)
"""Quantiles of Student's t for 95 %, from one degree of freedom on; beyond the list, the normal
distribution's is used."""


@dataclass(frozen=True, slots=True)
class Found:
    """A mean with its interval."""

    mean: float
    low: float
    high: float

    def meets(self, other: Found) -> bool:
        """Return whether the two intervals overlap."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Task:
    """What is measured in each round."""

    clients: tuple[str, ...]
    sites: tuple[str, ...]
    """The site at each length; results are kept in the same order."""
    network: str
    laps: int
    """How many values of each length a process takes."""


def interval(values: Sequence[float]) -> Found:
    """Return the mean over rounds and Student's interval at 95 %."""
    freedom = len(values) - 1
    quantile = T_975[freedom - 1] if freedom <= len(T_975) else 1.96
    mean, half = fmean(values), quantile * stdev(values) / math.sqrt(len(values))
    return Found(mean, mean - half, mean + half)


def keep_rounds(path: Path, task: Task, rounds: int, end_s: float) -> int:
    """Append rounds to a file until it has enough or time is up; return how many are missing.

    Args:
        path: the file; rounds that it has are not measured again.
        task: what a round measures.
        rounds: how many rounds the file should have.
        end_s: time on the monotonic clock; no round begins that would end later.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    drop_cut_line(path)
    longest_s = 0.0
    with ExitStack() as stack:
        has = len(read_rounds(path))
        sites = task.sites if has < rounds else ()
        served = {site: stack.enter_context(serve(site, task.network)) for site in sites}
        for number in range(has, rounds):
            start_s = time.monotonic()
            if start_s + longest_s > end_s:
                return rounds - number
            found = {
                client: [median(values) for values in ask_client(client, served, task.laps)]
                for client in random.sample(task.clients, len(task.clients))
            }
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")
            longest_s = max(longest_s, time.monotonic() - start_s)
            print(f"{path.stem}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return 0


def read_rounds(path: Path) -> list[dict[str, list[float]]]:
    """Return a file's rounds: seconds by client and length; an incomplete last line is ignored."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def drop_cut_line(path: Path) -> None:
    """Remove an incomplete last line from a file, so that appended text begins a new line."""
    text = path.read_bytes() if path.exists() else b""
    if text and not text.endswith(b"\n"):
        path.write_bytes(text[: text.rfind(b"\n") + 1])


def ask_client(client: str, sites: dict[str, str], laps: int) -> list[list[float]]:
    """Return the values from a fresh process: one list for each site, in order."""
    job = json.dumps({"client": client, "sites": sites, "laps": laps})
    command = [sys.executable, __file__, job]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=_take_first_cpu
    )
    values: list[list[float]] = json.loads(done.stdout)
    return values


@contextmanager
def serve(site: str, network: str) -> Iterator[str]:
    """Serve a site and return its origin."""
    command = [sys.executable, "-m", "crawlbench", "mirror", "serve", "--site", site, "-n", network]
    with subprocess.Popen([*command, "-q"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        start = process.stdout.readline().strip()
        try:
            yield start[: start.index("/", start.index("//") + 2)]
        finally:
            process.terminate()


def _take_first_cpu() -> None:
    """Restrict this client to one CPU, as crawlbench does with its workers."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


# The process of a client.


def be_client(job: dict[str, Any]) -> list[list[float]]:
    """Crawl all lengths in turn and return the seconds per crawl of each value."""
    crawl = registry.load(registry.Kind.STRATEGY, job["client"])
    bytearray(LARGE_BYTES)
    tls = ssl.create_default_context()
    sites = []
    for name, origin in job["sites"].items():
        spec = registry.load(registry.Kind.SITE, name)
        read = registry.load(registry.Kind.PARSER, "none")(spec)
        sites.append(Site(origin + spec.path, read, tls, None))
    loops = []
    for site in sites:
        time_crawls(crawl, site, 1)
        loops.append(max(1, math.ceil(CRAWLS_S / time_crawls(crawl, site, 1))))
    values: list[list[float]] = [[] for _ in sites]
    for _ in range(job["laps"]):
        for place in random.sample(range(len(sites)), len(sites)):
            values[place].append(time_crawls(crawl, sites[place], loops[place]))
    return values


def time_crawls(crawl: Callable[..., Any], site: Site, loops: int) -> float:
    """Return the seconds that a crawl takes, after collecting the garbage of the one before."""
    gc.collect()
    if inspect.iscoroutinefunction(crawl):

        async def run() -> float:
            start = time.perf_counter()
            for _ in range(loops):
                await crawl(site, CONCURRENCY)
            return time.perf_counter() - start

        # With a factory the loop does not become the thread's current loop, which Scrapy's forked
        # process would otherwise take over while it runs.
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            return runner.run(run()) / loops
    start = time.perf_counter()
    for _ in range(loops):
        crawl(site, CONCURRENCY)
    return (time.perf_counter() - start) / loops


if __name__ == "__main__":
    print(json.dumps(be_client(json.loads(sys.argv[1]))))
