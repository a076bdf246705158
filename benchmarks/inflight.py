"""Counts how many of a thousand requests each client has in flight at once (for docs/networks.md).

    python -m benchmarks.inflight [STRATEGY ...]

All addresses of `api-json` are known from its first page, and on `wan@3s` a round trip takes longer
than sending a thousand requests. So if fewer than a thousand are in flight, the client holds the
others back. Each client crawls once, in a process of its own. Nothing is timed. Prints a row of a
table for each client.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass

from benchmarks.usage import read_words

from crawlbench.check.subject import CheckSubject, Start, Trial
from crawlbench.measure.verify import expect
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_strategy

SITE, NETWORK, CONCURRENCY = "api-json", "wan@3s", 1000
DEADLINE_S = 90.0
DESCRIPTORS = 8192
"""Open files for a thousand connections, and for what a client opens besides."""


@dataclass(frozen=True)
class Seen:
    """What the mirror saw of one crawl."""

    most_in_flight: int
    connections: int
    trouble: str
    """Why the crawl was not right; empty if it was."""


def main() -> None:
    """Try the named strategies, or all that are made for many requests in one process."""
    raise_descriptors()
    named = read_words(__doc__, "strategy").strategy
    names = named or [name for name in registry.names(registry.Kind.STRATEGY) if fits(name)]
    print("| strategy | in flight | connections | |\n| --- | ---: | ---: | --- |")
    for name in names:
        seen = asyncio.run(see(name))
        cells = (f"`{name}`", seen.most_in_flight, seen.connections, seen.trouble)
        print("|", " | ".join(map(str, cells)), "|", flush=True)


def fits(name: str) -> bool:
    """Return whether a strategy is installed and drives requests by an event loop or selector."""
    is_other = name.startswith(("cold-", "dask-", "limit-"))
    if is_other or not describe_strategy(name).installed:
        return False
    return registry.is_async(name) or "multi" in name or "gevent" in name


def raise_descriptors() -> None:
    """Allow as many open files as a thousand connections need, here and in child processes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


async def see(name: str) -> Seen:
    """Crawl once and return what the mirror saw."""
    spec = registry.load(registry.Kind.SITE, SITE)
    subject = CheckSubject(
        name, site=SITE, parser="json", concurrency=CONCURRENCY, deadline_s=DEADLINE_S
    )
    async with open_mirror(SITE, NETWORK, find_network(NETWORK), seed=1) as mirror:
        await mirror.begin(name)
        start: Start = {"url": mirror.address + spec.path, "ca_file": mirror.ca_file}
        (report,) = await Trial(subject, [start], {}).run()
        counters = await mirror.end()
    error = report.get("error")
    trouble = ""
    if error:
        trouble = f"{error['type'].rpartition('.')[2]}: {error['text']}"[:80]
    elif counters.requests != expect(spec).pages:
        trouble = f"{counters.requests} requests instead of {expect(spec).pages}"
    return Seen(counters.most_in_flight, counters.connections, trouble)


if __name__ == "__main__":
    main()
