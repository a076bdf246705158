"""Judged sessions of operations, to be shown."""

from __future__ import annotations

from crawlbench.base.records import Failure
from tests.stats.operating import (
    cell_of,
    make_facts,
    make_operations_plan,
    make_operations_session,
)

SLEEP = make_facts("sleep-zero", theme="scheduling", counts="turns", n=1_000)
TCP = make_facts("tcp-protocol-1k", theme="tcp", counts="echoes", peer="echo", peer_is_aside=False)
UDP = make_facts("udp-sock", theme="tcp", counts="echoes", peer="udp", peer_is_aside=False)
TIMERS = make_facts("timers-fire", theme="timers", counts="timers", whole_ms=True)
REFUSED = Failure("udp-sock/uvloop", 0, "uvloop does not have it", is_refusal=True)
LATE = {"earliest_s": 0.0000036, "median_late_s": 0.000577, "latest_s": 0.0012}
EARLY = {"earliest_s": -0.000919, "median_late_s": 0.000013, "latest_s": 0.000958}


def operated(**changes):
    """Return a session of four operations on two loops, one of which is refused."""
    seen = {
        cell_of("sleep-zero", "asyncio"): {"mirror_cpu_s": 0.0},
        cell_of("tcp-protocol-1k", "asyncio"): {"mirror_cpu_s": 0.010},
        cell_of("tcp-protocol-1k", "uvloop"): {"mirror_cpu_s": 0.006},
        cell_of("timers-fire", "asyncio"): {"figures": LATE},
        cell_of("timers-fire", "uvloop"): {"figures": EARLY},
    }
    factors = {
        cell_of("sleep-zero", "uvloop"): 0.5,
        cell_of("tcp-protocol-1k", "uvloop"): 1.25,
    }
    with_crawls = changes.pop("with_crawls", False)
    plan = make_operations_plan(SLEEP, TCP, UDP, TIMERS, with_crawls=with_crawls)
    settings = {"failures": [REFUSED], "seen": seen, **changes}
    return make_operations_session(plan, factors, **settings)


def many(operations, loops, rounds=2):
    """Return a session of so many operations on so many loops, in ten themes."""
    names = ("asyncio", *(f"loop-{number}" for number in range(1, loops)))
    facts = [
        make_facts(f"operation-{number:03}", theme=f"theme {number % 10}")
        for number in range(operations)
    ]
    plan = make_operations_plan(*facts, loops=names)
    factors = {cell: 1 + (n % 97) / 50 for n, cell in enumerate(plan.cells) if not cell.control}
    return make_operations_session(plan, factors, rounds=rounds)
