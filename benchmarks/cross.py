"""Compares crawlbench with a script of plain loops, per page and to begin.

    python -m benchmarks.cross [PART ...] [--rounds 8] [--laps 4] [--seconds 280]

The script shares no measuring code with crawlbench: `time.perf_counter` around a crawl, a fresh
process for each client and round, in shuffled order, all lengths in turn within it, and a t
interval over rounds. Strategies, sites, the parser `none` and the server are the same, because they
are what is asked about.

Each part ends within five minutes and is kept in results/cross/: rounds that are kept are not
measured again, and a part that was cut goes on. `script-NETWORK` and `crawlbench-NETWORK` are the
two ways to measure eight clients; `hand-CLIENT` and `told-CLIENT` are what three lengths give by
hand, and what crawlbench says, of clients that take long to begin. Without a name all parts are
measured. Prints, of whatever both ways have, a line for each client with what both found; exit 1
if an interval of the one does not meet that of the other, if one of them has none, or if what was
found by hand is off by more than a tenth.
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
from statistics import fmean, linear_regression, median, stdev
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
SLOW_STARTERS = ("gevent-requests", "scrapy-spider", "processes-aiohttp")
"""What they cost per page and to begin must stand apart."""
SHORT = "douban-top250"
LONG = {"loopback": "douban-x100", "wan": "douban-x30"}
HAND = (SHORT, "douban-x100", "douban-x300")
PAGES = {SHORT: 10, "douban-x30": 30, "douban-x100": 100, "douban-x300": 300}
MAX_OFF = 0.1
"""Of what was found by hand."""
KEPT = Path(__file__).resolve().parent.parent / "results" / "cross"
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
    """Measure what is missing of the parts and compare; or be one client's process."""
    if sys.argv[1:2] == ["--client"]:
        be_client(json.loads(sys.argv[2]))
        return
    options = read_options()
    KEPT.mkdir(parents=True, exist_ok=True)
    for part in options.part or PARTS:
        way, _, subject = part.partition("-")
        WAYS[way](subject, options)
    disagreements = sum(map(compare_network, LONG)) + compare_slow_starters()
    sys.exit(1 if disagreements else 0)


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("part", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=8, help="fresh processes of each client")
    parser.add_argument("--laps", type=int, default=4, help="values of each length in a process")
    parser.add_argument("--seconds", type=float, default=280.0, help="at the most, of each part")
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS):
        parser.error(f"unknown part {min(unknown)!r}; known: {', '.join(PARTS)}")
    if options.rounds < 2:
        parser.error(f"--rounds {options.rounds} gives no interval; use 2 or more")
    return options


# The script's own way to measure.


def be_client(job: dict[str, Any]) -> None:
    """Crawl all lengths in turn and print the seconds per crawl of each value."""
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
    values: list[list[float]] = [[] for _ in sites]
    for _ in range(job["laps"]):
        for place in random.sample(range(len(sites)), len(sites)):
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


def run_script(network: str, options: argparse.Namespace) -> None:
    """Measure and keep the rounds of all clients that are missing."""
    keep_rounds(f"script-{network}", CLIENTS, (SHORT, LONG[network]), network, options)


def run_hand(client: str, options: argparse.Namespace) -> None:
    """Measure and keep the rounds of one client at three lengths that are missing."""
    keep_rounds(f"hand-{client}", (client,), HAND, "loopback", options)


def keep_rounds(
    part: str,
    clients: tuple[str, ...],
    sites: tuple[str, ...],
    network: str,
    options: argparse.Namespace,
) -> None:
    """Append each round to a part's file, as medians by client, until there are enough."""
    end_s, longest_s = time.monotonic() + options.seconds, 0.0
    with ExitStack() as stack:
        served = {site: stack.enter_context(serve(site, network)) for site in sites}
        for number in range(len(kept_rounds(part)), options.rounds):
            start_s = time.monotonic()
            if start_s + longest_s > end_s:
                print(f"{part}: {number} of {options.rounds} rounds; call again for the others")
                return
            found = {
                client: [median(values) for values in ask_client(client, served, options.laps)]
                for client in random.sample(clients, len(clients))
            }
            with (KEPT / f"{part}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")
            longest_s = max(longest_s, time.monotonic() - start_s)
            print(f"{part}: round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)


def kept_rounds(part: str) -> list[dict[str, list[float]]]:
    """Return the rounds of a part that are kept; a line that was cut is none."""
    path = KEPT / f"{part}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def sum_up(network: str) -> dict[str, tuple[Found, Found]]:
    """Return what plain loops found: per page as a ratio, to begin as milliseconds more."""
    rounds = kept_rounds(f"script-{network}")
    if len(rounds) < 2:
        return {}
    more, pages = PAGES[LONG[network]] - PAGES[SHORT], PAGES[SHORT]
    slopes = {c: [(one[c][1] - one[c][0]) / more for one in rounds] for c in CLIENTS}
    begins = {
        c: [one[c][0] - pages * slope for one, slope in zip(rounds, slopes[c], strict=True)]
        for c in CLIENTS
    }
    found = {}
    for client in (client for client in CLIENTS if client != BASELINE):
        by_page = zip(slopes[client], slopes[BASELINE], strict=True)
        by_begin = zip(begins[client], begins[BASELINE], strict=True)
        ratios, more_ms = [a / b for a, b in by_page], [(a - b) * 1e3 for a, b in by_begin]
        found[client] = as_ratio(ratios), interval(more_ms)
    return found


def fit_line(client: str) -> tuple[float, float] | None:
    """Return seconds per page and to begin by least squares through three lengths, by hand."""
    rounds = kept_rounds(f"hand-{client}")
    if not rounds:
        return None
    fitted = linear_regression(
        [PAGES[site] for site in HAND],
        [fmean(one[client][place] for one in rounds) for place in range(len(HAND))],
    )
    return fitted.slope, fitted.intercept


def ask_client(client: str, sites: dict[str, str], laps: int) -> list[list[float]]:
    """Return a fresh process's values, those of the first site first."""
    job = json.dumps({"client": client, "sites": sites, "laps": laps})
    command = [sys.executable, __file__, "--client", job]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=on_first_cpu
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


def run_crawlbench(network: str, options: argparse.Namespace) -> None:
    """Measure and keep what a session finds of the same clients."""
    told = measure_session(f"crawlbench-{network}", CLIENTS, network, options.seconds)
    found = {
        cell["strategy"]: (
            [cell[f"per_page_ratio{end}"] for end in ("", "_low", "_high")],
            [cell[f"to_begin_more{end}_s"] * 1e3 for end in ("", "_low", "_high")],
        )
        for cell in told
        if cell["role"] == "contestant" and cell["per_page_ratio"]
    }
    (KEPT / f"crawlbench-{network}.json").write_text(json.dumps(found, indent=1) + "\n")


def run_told(client: str, options: argparse.Namespace) -> None:
    """Measure and keep what a session of one client alone says that it costs."""
    told = measure_session(f"told-{client}", (client,), "loopback", options.seconds / 2)
    (base,) = [cell for cell in told if cell["role"] == "baseline"]
    found = [base["per_page_s"], base["to_begin_s"]]
    (KEPT / f"told-{client}.json").write_text(json.dumps(found) + "\n")


def measure_session(
    part: str, clients: tuple[str, ...], network: str, seconds: float
) -> list[dict[str, Any]]:
    """Return the cells of a session, as its JSON has them."""
    with tempfile.TemporaryDirectory() as name:
        folder, suite = Path(name) / "session", Path(name) / f"{part}.toml"
        suite.write_text(
            f"strategies = {json.dumps(clients)}\nbaseline = {json.dumps(clients[0])}\n"
            f'networks = ["{network}"]\nparsers = ["none"]\nconcurrency = [{CONCURRENCY}]\n'
            f"rounds = 100\nlaps = 2\nlap_time_s = 1.5\nbudget_s = {seconds}\n"
            f'stopping = "fixed"\n[long_forms]\n"{SHORT}/*" = "{LONG[network]}"\n'
        )
        crawlbench("run", str(suite), "-o", str(folder), "--no-page")
        cells: list[dict[str, Any]] = json.loads(
            crawlbench("report", str(folder), "--format", "json")
        )["cells"]
    return cells


def load_found(network: str) -> dict[str, tuple[Found, Found]]:
    """Return what crawlbench found, as far as it is kept."""
    path = KEPT / f"crawlbench-{network}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {client: (Found(*page), Found(*begin)) for client, (page, begin) in kept.items()}


def crawlbench(*arguments: str) -> str:
    """Return what a command prints; show what it complains of."""
    command = [sys.executable, "-m", "crawlbench", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


# Both, side by side.


def compare_network(network: str) -> int:
    """Print what both ways found on a network, if both are kept; return how many disagree."""
    by_script, by_crawlbench = sum_up(network), load_found(network)
    return show(network, by_script, by_crawlbench) if by_script and by_crawlbench else 0


def compare_slow_starters() -> int:
    """Print what stands apart of clients that take long to begin; return how many are off."""
    off = 0
    for client in SLOW_STARTERS:
        by_hand, path = fit_line(client), KEPT / f"told-{client}.json"
        if by_hand is None or not path.exists():
            continue
        told = json.loads(path.read_text(encoding="utf-8"))
        for what, mine, other in zip(("per page", "to begin"), by_hand, told, strict=True):
            is_near = other is not None and abs(other / mine - 1) <= MAX_OFF
            off += not is_near
            ours = "no value" if other is None else f"{other * 1e3:.3f} ms"
            remark = "" if is_near else f"  OFF BY MORE THAN {MAX_OFF:.0%}"
            print(f"{client:<20} {what:<10} {mine * 1e3:.3f} ms by hand, {ours}{remark}")
    return off


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


WAYS = {"script": run_script, "crawlbench": run_crawlbench, "hand": run_hand, "told": run_told}
PARTS = (
    *(f"{way}-{network}" for network in LONG for way in ("script", "crawlbench")),
    *(f"{way}-{client}" for client in SLOW_STARTERS for way in ("hand", "told")),
)

if __name__ == "__main__":
    main()
