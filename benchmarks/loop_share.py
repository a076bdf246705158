"""Shows how much a perfect event loop could save in a crawl, and how much others do save.

    python -m benchmarks.loop_share [ROUNDS]

A session crawls the Top-250 on loopback, only fetching and with lxml, on every installed event
loop. In addition, a sampler looks two thousand times a second which code a crawl on the stock loop
executes. Samples in asyncio's own modules count as the loop's, system calls included, and so does
polling except for the time spent waiting. Prints Markdown.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.library.watching import Teller
from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.measure.flow import run_session
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import Suite
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry
from crawlbench.report.numbers import format_seconds
from crawlbench.stats.index import Index
from crawlbench.stats.interval import Estimate, estimate_mean
from crawlbench.stats.pairing import Side, log_ratios

if TYPE_CHECKING:
    from types import FrameType

    from crawlbench.base.records import Cell, Session

SITE, NETWORK, CONCURRENCY = "douban-top250", "loopback", 10
STRATEGIES = ("aiohttp-gather", "asyncio-httptools")
PARSERS = {"none": "fetch only", "lxml": "with lxml"}
ROUNDS = 10
EVERY_S = 0.0005
SAMPLED_S = 3.0
LOOP = {"asyncio", "selectors"}
"""The modules of the stock loop."""


async def measure(rounds: int = ROUNDS) -> str:
    """Measure, and return tables and sentences in Markdown."""
    suite = Suite(
        strategies=STRATEGIES,
        baseline=f"{STRATEGIES[0]}/asyncio",
        sites=(SITE,),
        networks=(NETWORK,),
        event_loops=("*",),
        parsers=tuple(PARSERS),
        concurrency=(CONCURRENCY,),
        rounds=rounds,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "session"
        session = await run_session(make_plan("loops", suite), path, Teller(None))
    return render(session, await sample_all())


async def sample_all() -> dict[tuple[str, str], float]:
    """Return the stock loop's share of a crawl's time, by strategy and parser."""
    machine = describe_machine()
    network = find_network(NETWORK)
    async with open_mirror(SITE, NETWORK, network, 1, machine.mirror_cpus) as mirror:
        await mirror.begin("share", plays_network=True)
        os.sched_setaffinity(0, machine.worker_cpus)
        return {
            (strategy, parser): await asyncio.to_thread(run_child, mirror.address, strategy, parser)
            for strategy in STRATEGIES
            for parser in PARSERS
        }


def run_child(address: str, strategy: str, parser: str) -> float:
    """Sample in a new process, whose main thread is free for signals."""
    command = [sys.executable, "-m", "benchmarks.loop_share", "--child", address, strategy, parser]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def sample(address: str, strategy: str, parser: str) -> float:
    """Return the share of a crawl's time that is spent in the stock loop's own code."""
    bytearray(2**24)  # as in `measure/worker.py`: the allocator's state is that of a worker
    spec = registry.load(registry.Kind.SITE, SITE)
    read = registry.load(registry.Kind.PARSER, parser)(spec)
    crawl = registry.load(registry.Kind.STRATEGY, strategy)
    site = make_site(spec, address + spec.path, read, None)
    run_crawls(crawl, site, CONCURRENCY, 3, asyncio.SelectorEventLoop)
    seen: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0] if frame else ""
        is_poll = module == "selectors" and frame is not None and frame.f_code.co_name == "select"
        seen["poll" if is_poll else module] += 1

    signal.signal(signal.SIGALRM, look)
    start, cpu = time.perf_counter(), time.process_time()
    signal.setitimer(signal.ITIMER_REAL, EVERY_S, EVERY_S)
    while time.perf_counter() < start + SAMPLED_S:
        run_crawls(crawl, site, CONCURRENCY, 1, asyncio.SelectorEventLoop)
    signal.setitimer(signal.ITIMER_REAL, 0)
    waiting = 1 - (time.process_time() - cpu) / (time.perf_counter() - start)
    shares = {module: count / seen.total() for module, count in seen.items()}
    own = sum(share for module, share in shares.items() if module in LOOP)
    return own + max(0.0, shares.get("poll", 0.0) - waiting)


def render(session: Session, shares: dict[tuple[str, str], float]) -> str:
    """Return tables and sentences."""
    cells = {(c.strategy, c.parser, c.event_loop): c for c in session.plan.cells if not c.control}
    loops = list(dict.fromkeys(loop for _, _, loop in cells if loop))
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {session.machine.cpu_model}, {session.machine.python}, "
        + ", ".join(filter(None, map(_version, loops)))
        + f"; {len(session.rounds)} rounds.",
        "",
        "| crawl | loop | time | over the stock loop's (95 %) |",
        "|---|---|---:|---|",
    ]
    for strategy in STRATEGIES:
        for parser, what in PARSERS.items():
            for loop in loops:
                cell = cells[strategy, parser, loop]
                stock = cells[strategy, parser, "asyncio"]
                lines.append(f"| {strategy}, {what} | {loop} | {_row(session, cell, stock)} |")
    lines.append("")
    for (strategy, parser), share in shares.items():
        lines.append(
            f"- `{strategy}`, {PARSERS[parser]}: of this crawl the stock loop is "
            f"{share * 100:.0f} %, so the most that a perfect loop could save is "
            f"{share * 100:.0f} %; {_best(session, cells, strategy, parser)}."
        )
    return "\n".join(lines)


def _row(session: Session, cell: Cell, stock: Cell) -> str:
    failure = session.failure(cell.name)
    if failure:
        return f"- | {failure.reason}"
    summary = next(s for s in session.summaries if s.cell == cell.name)
    shown = format_seconds(summary.seconds, summary.seconds_error)
    return f"{shown} | {'1' if cell is stock else _interval(session, cell, stock)}"


def _estimate(session: Session, cell: Cell, stock: Cell) -> Estimate | None:
    sides = Side(cell.name, (cell.name,)), Side(stock.name, (stock.name,))
    return estimate_mean(log_ratios(Index(session.rounds), *sides))


def _interval(session: Session, cell: Cell, stock: Cell) -> str:
    estimate = _estimate(session, cell, stock)
    if estimate is None:
        return "-"
    low, high = (math.exp(end) for end in estimate.interval(0.95))
    return f"{math.exp(estimate.mean):.3f} ({low:.3f} to {high:.3f})"


def _best(
    session: Session, cells: dict[tuple[str, str, str | None], Cell], strategy: str, parser: str
) -> str:
    """Return which loop saved most, among those whose interval excludes the stock loop's time."""
    found = []
    for (name, other, loop), cell in cells.items():
        stock = cells[strategy, parser, "asyncio"]
        is_rival = (name, other) == (strategy, parser) and cell is not stock
        if is_rival and not session.failure(cell.name):
            estimate = _estimate(session, cell, stock)
            low, high = estimate.interval(0.95) if estimate else (0.0, 0.0)
            if estimate and high < 0:
                saved, most, least = (100 - 100 * math.exp(e) for e in (estimate.mean, low, high))
                found.append((saved, f"`{loop}` saves {saved:.0f} % ({least:.0f} to {most:.0f})"))
    return f"of the others {max(found)[1]}" if found else "no other was told apart from it"


def _version(loop: str) -> str:
    try:
        return f"{loop} {version(loop)}"
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(sample(*sys.argv[2:5]))
    else:
        print(asyncio.run(measure(read_words(__doc__, rounds=ROUNDS).rounds)))
