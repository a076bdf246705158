"""Compares what a crawl of a hundred thousand pages costs a client with one of a thousand.

    python -m benchmarks.crawl_scale [PAGES [SHORT [ROUNDS]]]

Crawls douban-xPAGES (100,000) once, and douban-xSHORT (1,000) for about as long before and after
it. Both the queue of workers and gather do so, in a fresh process for each crawl, with the mirror
on another CPU. Prints pages per second and how much the process's memory grew; the items are
tallied as in a session, and compared with those of the site. Exits with 1 if the queue becomes
slower by 15 % or more, or grows by 64 MB or more.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from benchmarks.usage import read_words

from crawlbench.base.digest import Tally
from crawlbench.base.usage import peak_rss_bytes, reset_peak_rss, rss_bytes
from crawlbench.measure.crawling import keep_crawls, make_site
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.verify import expect
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES, SHORT, ROUNDS = 100_000, 1_000, 1
STRATEGIES = ("aiohttp-queue", "aiohttp-gather")
CONCURRENCY, PARSER, EVENT_LOOP = 50, "lexbor", "uvloop"
MAX_FALL, MAX_GROWTH = 0.15, 64 * 2**20


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one crawl."""

    pages_per_s: float
    grown_bytes: int
    """The peak of the process's resident memory, less what it had before."""


async def main() -> None:
    """Measure and print; exit with 1 if the queue misses its goal."""
    options = read_words(__doc__, pages=PAGES, short=SHORT, rounds=ROUNDS)
    pages, short, rounds = options.pages, options.short, options.rounds
    machine = describe_machine()
    os.sched_setaffinity(0, machine.worker_cpus)
    costs: dict[tuple[str, int], list[Cost]] = {}
    repeats = max(1, pages // short // 10)
    for _ in range(rounds):
        for count in (*[short] * repeats, pages, *[short] * repeats):
            for strategy in STRATEGIES:
                cost = await crawl_once(strategy, count, machine.mirror_cpus)
                costs.setdefault((strategy, count), []).append(cost)
    is_good = True
    for strategy in STRATEGIES:
        few, many = costs[strategy, short], costs[strategy, pages]
        ratio = fmean(c.pages_per_s for c in many) / fmean(c.pages_per_s for c in few)
        growth = max(c.grown_bytes for c in many) - max(c.grown_bytes for c in few)
        for count, found in ((short, few), (pages, many)):
            rates = [cost.pages_per_s for cost in found]
            print(
                f"{strategy:16} x{count:<7} {fmean(rates):7,.0f} pages/s "
                f"({min(rates):,.0f} to {max(rates):,.0f}), "
                f"grown by {max(c.grown_bytes for c in found) / 2**20:6.1f} MB"
            )
        print(f"{strategy:16} {ratio:.3f} of the rate, {growth / 2**20:+.1f} MB")
        if strategy == STRATEGIES[0]:
            is_good = ratio > 1 - MAX_FALL and growth < MAX_GROWTH
    sys.exit(not is_good)


async def crawl_once(strategy: str, count: int, mirror_cpus: tuple[int, ...]) -> Cost:
    """Crawl a site in a fresh process, from a fresh mirror."""
    site, network = f"douban-x{count}", find_network("loopback")
    async with open_mirror(site, "loopback", network, 1, mirror_cpus) as mirror:
        await mirror.begin("scale", plays_network=True)
        command = [sys.executable, "-m", "benchmarks.crawl_scale", "--child"]
        child = await asyncio.create_subprocess_exec(
            *command, strategy, site, mirror.address, stdout=subprocess.PIPE
        )
        output, _ = await child.communicate()
        if child.returncode:
            sys.exit(f"{strategy} on {site} failed")
        counters = await mirror.end()
        assert counters.requests == count
    return Cost(**json.loads(output))


def child(strategy: str, site_name: str, address: str) -> None:
    """Crawl once and print what it cost."""
    spec = registry.load(registry.Kind.SITE, site_name)
    read = registry.load(registry.Kind.PARSER, PARSER)(spec)
    crawl = registry.load(registry.Kind.STRATEGY, strategy)
    factory = registry.load(registry.Kind.EVENT_LOOP, EVENT_LOOP)
    site = make_site(spec, address + spec.path, read, None)
    keep: Callable[[], Any] = (lambda: Tally(spec.item_type)) if spec.is_large else list
    reset_peak_rss()
    before, start = rss_bytes() or 0, time.perf_counter()
    _, (kept,) = keep_crawls(crawl, site, CONCURRENCY, 1, factory, keep)
    seconds = time.perf_counter() - start
    grown = (peak_rss_bytes() or 0) - before
    if isinstance(kept, Tally) and kept.digest() != expect(spec).digest:
        sys.exit("the items are not those of the site")
    print(json.dumps({"pages_per_s": spec.expected_pages / seconds, "grown_bytes": grown}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:5])
    else:
        asyncio.run(main())
