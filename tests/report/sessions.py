"""Sessions whose conclusions are given, so that what is shown of them can be compared as text."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

from crawlbench.base.records import (
    Cell,
    Comparison,
    Control,
    Failure,
    Mark,
    Obstacle,
    Summary,
    Verdict,
)
from crawlbench.stats.judge import judge
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

FAST, EQUAL, BROKEN = other("fast", "uvloop"), other("equal", "asyncio"), other("broken")
SHIPPED = (
    ("requests-serial", None, 0.488),
    ("requests-threads", None, 0.185),
    ("aiohttp-gather", "asyncio", 0.184),
    ("aiohttp-gather", "uvloop", 0.180),
    ("limit-socket", None, 0.176),
    ("aiohttp-session-per-request", "asyncio", 0.2612),
    ("aiohttp-session-per-request", "uvloop", 0.2554),
)
"""Strategy, event loop and seconds per crawl, about as they are on `wan`."""


def make_summary(cell, seconds=0.5, **changes):
    """Return a summary of one cell."""
    settings = {
        "values": 20,
        "seconds_error": seconds / 100,
        "per_s": 10 / seconds,
        "cpu_user_s": seconds / 5,
        "cpu_system_s": seconds / 20,
        "parse_s": seconds / 10,
        "wait_s": seconds * 3 / 4,
        "yields": 10.0,
        "preemptions": 1.0,
        "wire_bytes": 500.0,
        "extra_rss_bytes": 10 * 2**20,
        "peak_rss_bytes": 40 * 2**20,
        "connections": 4.0,
        "most_in_flight": 3,
        "server_share": 0.1,
        "server_wait_share": 0.0,
        "mark": Mark.NONE,
        "of_limit": None,
    }
    return Summary(cell.name, seconds=seconds, **{**settings, **changes})


def make_comparison(
    cell, estimate=-0.5, verdict=Verdict.FASTER, width=0.02, other_cell=BASELINE, **changes
):
    """Return a comparison; an estimate of None for one that could not be made."""
    ends = (None, None) if estimate is None else (estimate - width, estimate + width)
    return Comparison(cell.name, other_cell.name, 10, estimate, *ends, verdict, **changes)


def concluded(**changes):
    """Return a session with a fast cell, one like the baseline, and one that is invalid."""
    failure = Failure(BROKEN.name, 0, "wrong answer: rank 1 is missing (calibration, in warmup 1)")
    settings = {
        "plan": make_plan(BROKEN, EQUAL, FAST),
        "rounds": [],
        "summaries": (
            make_summary(BASELINE, 0.5, connections=1.0, most_in_flight=1),
            make_summary(FAST, 0.25),
            make_summary(EQUAL, 0.498),
            make_summary(CONTROL, 0.502, connections=1.0, most_in_flight=1),
        ),
        "comparisons": (
            make_comparison(FAST, -0.6931),
            make_comparison(EQUAL, -0.001, Verdict.SAME, width=0.004),
            make_comparison(
                BROKEN, None, Verdict.INVALID, obstacle=Obstacle.FAILED, detail=failure.reason
            ),
            make_comparison(FAST, -0.692, other_cell=EQUAL),
        ),
        "controls": (Control("site/net", 10, 0.004, -0.006, 0.014),),
        "failures": (failure,),
    }
    return make_session(**{**settings, **changes})


@cache
def shipped(spread=0.01, rounds=10, networks=("loopback", "wan"), concurrency=(10,), margin=0.01):
    """Return a judged session of the strategies that crawlbench has."""
    noise = random.Random(1)
    sizes = [(network, number) for network in networks for number in concurrency]
    seconds = {
        Cell("douban-top250", network, name, loop, "lxml", number): base
        for network, number in sizes
        for name, loop, base in SHIPPED
    }
    baselines = {}
    for cell in seconds:
        baselines.setdefault(cell.group, cell)
    seconds |= {replace(cell, control=True): seconds[cell] for cell in baselines.values()}
    plan = make_plan(
        suite="default",
        cells=tuple(seconds),
        baselines={group: cell.name for group, cell in baselines.items()},
        rounds=rounds,
        margin=margin,
    )

    def values(base):
        return [base * noise.lognormvariate(0, spread) for _ in range(2)]

    laps = [{cell: values(base) for cell, base in seconds.items()} for _ in range(rounds)]
    return judge(make_session(plan, laps, seconds=800.0))
