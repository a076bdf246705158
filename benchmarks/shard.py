"""Shows from how many pages a cluster pays: dask-aiohttp beside aiohttp-gather.

    python -m benchmarks.shard [PAGES ...]

Crawls douban-xPAGES (10, 100, 1,000) three times with each of these: `aiohttp-gather`;
`dask-aiohttp` with a cluster of its own, whose start and end are inside the clock; and
`dask-aiohttp` on a cluster that already runs. Prints the median of three, in seconds. Both workers
are processes of this machine, so this does not show what more machines would gain.
"""

from __future__ import annotations

import asyncio
import os
import sys
from statistics import median
from typing import Any

import distributed
from benchmarks.usage import read_words

from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.measure.machine import describe_machine
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry

PAGES = (10, 100, 1_000)
NETWORK, PARSER, CONCURRENCY, REPEATS, WORKERS = "wan", "lexbor", 10, 3, 2
VARIABLE = "CRAWLBENCH_DASK"


def main() -> None:
    """Measure and print."""
    counts = [int(word) for word in read_words(__doc__, "pages").pages] or list(PAGES)
    print(f"{NETWORK}, {PARSER}, {CONCURRENCY} in flight, {WORKERS} workers, median of {REPEATS}")
    print(f"{'site':>14} {'gather':>10} {'own cluster':>12} {'running cluster':>16}")
    start: Any = distributed.LocalCluster  # Dask has no types for it
    with start(
        n_workers=WORKERS,
        threads_per_worker=1,
        resources={"crawlbench": 1},
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        for count in counts:
            row = [
                measure("aiohttp-gather", count, None),
                measure("dask-aiohttp", count, None),
                measure("dask-aiohttp", count, cluster.scheduler_address),
            ]
            print(f"{f'douban-x{count}':>14} {row[0]:9.2f}s {row[1]:11.2f}s {row[2]:15.2f}s")


def measure(strategy: str, count: int, address: str | None) -> float:
    """Return the median seconds of a crawl; exit if items or requests are wrong.

    Args:
        strategy: the strategy's name.
        count: the number of pages of the site.
        address: the address of a running scheduler; None if the crawl starts a cluster of its own.
    """
    os.environ.pop(VARIABLE, None)
    if address:
        os.environ[VARIABLE] = address
    return asyncio.run(_measure(strategy, f"douban-x{count}"))


async def _measure(strategy: str, name: str) -> float:
    spec = registry.load(registry.Kind.SITE, name)
    read = registry.load(registry.Kind.PARSER, PARSER)(spec)
    crawl = registry.load(registry.Kind.STRATEGY, strategy)
    cpus = describe_machine().mirror_cpus
    times = []
    async with open_mirror(name, NETWORK, find_network(NETWORK), 1, cpus) as mirror:
        site = make_site(spec, mirror.address + spec.path, read, mirror.ca_file)
        for number in range(REPEATS):
            await mirror.begin(f"shard {number}")
            seconds, (items,) = await asyncio.to_thread(
                run_crawls, crawl, site, CONCURRENCY, 1, None
            )
            counters = await mirror.end()
            if sorted(items) != list(spec.expected_items()):
                sys.exit(f"{strategy} on {name}: wrong items")
            if counters.requests != spec.expected_pages:
                sys.exit(f"{strategy} on {name}: {counters.requests} requests")
            times.append(seconds)
    return median(times)


if __name__ == "__main__":
    main()
