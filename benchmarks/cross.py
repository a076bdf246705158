"""Compares crawlbench with a script of plain loops, per page and to begin.

    python benchmarks/cross.py [--rounds 8] [--laps 4] [--budget 300] [--network loopback ...]

The script shares no measuring code with crawlbench: `time.perf_counter` around a crawl, a fresh
process for each client and round, in shuffled order, both lengths in turn within it, and a t
interval over rounds. Strategies, sites, the parser `none` and the server are the same, because they
are what is asked about. Prints a line for each client and network with what both found; exit 1 if
an interval of the one does not meet that of the other, or one of them has none.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import math
import os
import random
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, Any

from crawlbench.base.model import Site
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASELINE = "requests-serial"
CLIENTS = (
    BASELINE,
    "requests-threads",
    "urllib3-threads",
    "http-client-serial",
    "httpx-async",
    "aiohttp-gather",
    "aiohttp-session-per-request",
    "pycurl-multi",
)
SHORT = "douban-top250"
LONG = {"loopback": "douban-x100", "wan": "douban-x30"}
PAGES = {SHORT: 10, "douban-x30": 30, "douban-x100": 100}
CONCURRENCY = 10
CRAWLS_S = 0.03
"""A value of several crawls lasts about as long, so that the clock's own cost is nothing."""
T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179)
"""Quantiles of Student's t for 95 %, from one degree of freedom on; beyond, the normal one's."""


@dataclass(frozen=True)
class Found:
    """A mean with its interval: a ratio per page, or milliseconds more to begin."""

    mean: float
    low: float
    high: float

    def meets(self, other: Found) -> bool:
        """Tell whether the two intervals share a point."""
        return self.low <= other.high and other.low <= self.high


def main() -> None:
    """Measure both ways and compare; or be one client's process."""
    if sys.argv[1:2] == ["--client"]:
        be_client(json.loads(sys.argv[2]))
        return
    options = read_options()
    disagreements = 0
    for network in options.network:
        by_script = run_script(network, options.rounds, options.laps)
        by_crawlbench = run_crawlbench(network, options.budget)
        disagreements += show(network, by_script, by_crawlbench)
    sys.exit(1 if disagreements else 0)


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=8, help="fresh processes of each client")
    parser.add_argument("--laps", type=int, default=4, help="values of each length in a process")
    parser.add_argument("--budget", type=float, default=300.0, help="crawlbench's seconds")
    parser.add_argument("--network", nargs="+", default=list(LONG), choices=list(LONG))
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error(f"--rounds {options.rounds} gives no interval; use 2 or more")
    return options


# The script's own way to measure.


def be_client(job: dict[str, Any]) -> None:
    """Crawl both lengths in turn and print the seconds per crawl of each value."""
    crawl = registry.load(registry.Kind.STRATEGY, job["client"])
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
    values: list[list[float]] = [[], []]
    for _ in range(job["laps"]):
        for place in random.sample(range(2), 2):
            values[place].append(time_crawls(crawl, sites[place], loops[place]))
    print(json.dumps(values))


def time_crawls(crawl: Callable[..., Any], site: Site, loops: int) -> float:
    """Return the seconds that a crawl takes."""
    if inspect.iscoroutinefunction(crawl):

        async def run() -> float:
            start = time.perf_counter()
            for _ in range(loops):
                await crawl(site, CONCURRENCY)
            return time.perf_counter() - start

        return asyncio.run(run()) / loops
    start = time.perf_counter()
    for _ in range(loops):
        crawl(site, CONCURRENCY)
    return (time.perf_counter() - start) / loops


def run_script(network: str, rounds: int, laps: int) -> dict[str, tuple[Found, Found]]:
    """Return what plain loops find: per page as a ratio, to begin as milliseconds more."""
    long = LONG[network]
    more, pages = PAGES[long] - PAGES[SHORT], PAGES[SHORT]
    slopes: dict[str, list[float]] = {client: [] for client in CLIENTS}
    begins: dict[str, list[float]] = {client: [] for client in CLIENTS}
    with ExitStack() as stack:
        sites = {site: stack.enter_context(serve(site, network)) for site in (SHORT, long)}
        for number in range(rounds):
            for client in random.sample(CLIENTS, len(CLIENTS)):
                short_s, long_s = map(median, ask_client(client, sites, laps))
                slopes[client].append((long_s - short_s) / more)
                begins[client].append(short_s - pages * (long_s - short_s) / more)
            print(f"{network}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    found = {}
    for client in (client for client in CLIENTS if client != BASELINE):
        by_page = zip(slopes[client], slopes[BASELINE], strict=True)
        by_begin = zip(begins[client], begins[BASELINE], strict=True)
        ratios, more_ms = [a / b for a, b in by_page], [(a - b) * 1e3 for a, b in by_begin]
        found[client] = as_ratio(ratios), interval(more_ms)
    return found


def ask_client(client: str, sites: dict[str, str], laps: int) -> list[list[float]]:
    """Return a fresh process's values, those of the short site first."""
    job = json.dumps({"client": client, "sites": sites, "laps": laps})
    command = [sys.executable, __file__, "--client", job]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, preexec_fn=on_first_cpu
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


def on_first_cpu() -> None:
    """Let a client have one CPU, as crawlbench's workers have."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def as_ratio(values: list[float]) -> Found:
    """Return the geometric mean and its interval; a slope of 0 or less has no logarithm."""
    if min(values) <= 0:
        return Found(math.nan, 0.0, math.inf)
    found = interval([math.log(value) for value in values])
    return Found(math.exp(found.mean), math.exp(found.low), math.exp(found.high))


def interval(values: list[float]) -> Found:
    """Return the mean over rounds and Student's interval at 95 %."""
    freedom = len(values) - 1
    quantile = T_975[freedom - 1] if freedom <= len(T_975) else 1.96
    mean, half = fmean(values), quantile * stdev(values) / math.sqrt(len(values))
    return Found(mean, mean - half, mean + half)


# crawlbench's way, by its command and its published JSON.


def run_crawlbench(network: str, budget_s: float) -> dict[str, tuple[Found, Found]]:
    """Return what a session finds of the same clients."""
    with tempfile.TemporaryDirectory() as name:
        folder, suite = Path(name) / "session", Path(name) / "cross.toml"
        suite.write_text(
            f"strategies = {json.dumps(CLIENTS)}\nbaseline = {json.dumps(BASELINE)}\n"
            f'networks = ["{network}"]\nparsers = ["none"]\nconcurrency = [{CONCURRENCY}]\n'
            f"rounds = 100\nlaps = 2\nlap_time_s = 1.5\nbudget_s = {budget_s}\n"
            f'stopping = "fixed"\n[long_forms]\n"{SHORT}/*" = "{LONG[network]}"\n'
        )
        crawlbench("run", str(suite), "-o", str(folder), "--no-page")
        told = json.loads(crawlbench("report", str(folder), "--format", "json"))
    return {
        cell["strategy"]: (
            Found(*(cell[f"per_page_ratio{end}"] for end in ("", "_low", "_high"))),
            Found(*(cell[f"to_begin_more{end}_s"] * 1e3 for end in ("", "_low", "_high"))),
        )
        for cell in told["cells"]
        if cell["role"] == "contestant" and cell["per_page_ratio"]
    }


def crawlbench(*arguments: str) -> str:
    """Return what a command prints; show what it complains of."""
    command = [sys.executable, "-m", "crawlbench", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def show(
    network: str,
    by_script: dict[str, tuple[Found, Found]],
    by_crawlbench: dict[str, tuple[Found, Found]],
) -> int:
    """Print both side by side and return how many disagree."""
    disagreements = 0
    print(f"\n{network}, against {BASELINE}, 95 %: a page's ratio, and ms more to begin")
    print(f"{'client':<28} {'':<10} {'script':>28} {'crawlbench':>28}")
    for client, ours in by_script.items():
        theirs = by_crawlbench.get(client)
        for place, what in enumerate(("per page", "to begin")):
            mine, other = ours[place], theirs[place] if theirs else None
            agrees = other is not None and mine.meets(other)
            disagreements += not agrees
            remark = "" if agrees else "  DISAGREE" if other else "  NOT COMPARED"
            print(f"{client:<28} {what:<10} {tell(mine):>28} {tell(other):>28}{remark}")
    return disagreements


def tell(found: Found | None) -> str:
    """Return a mean and its interval as text."""
    if found is None:
        return "no value"
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"


if __name__ == "__main__":
    main()
