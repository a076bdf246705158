"""What is concluded of event loops' operations."""

from __future__ import annotations

import pytest

from crawlbench.base.records import Doubt, Failure, Obstacle, Verdict
from tests.stats.builders import BASELINE
from tests.stats.operating import (
    cell_of,
    make_facts,
    make_operations_plan,
    make_operations_session,
)

ECHO = {"peer": "echo", "peer_is_aside": False}
LOCK, TIMERS, TCP = (
    make_facts("lock"),
    make_facts("timers-fire", whole_ms=True),
    make_facts("tcp", **ECHO),
)
PLAN = make_operations_plan(LOCK, TIMERS, TCP)
BUSY = {"mirror_cpu_s": 0.0196}
"""Of two calls in 10 ms each: 98 % of the time."""


def comparison_of(session, name):
    (found,) = [c for c in session.comparisons if c.cell == f"{name}/uvloop"]
    return found


def summary_of(session, cell):
    (found,) = [s for s in session.summaries if s.cell == cell.name]
    return found


def test_each_operation_is_compared_with_itself_on_the_stock_loop():
    """One comparison per operation and other loop; each has a control."""
    factors = {cell_of("lock", "uvloop"): 0.5, cell_of("tcp", "uvloop"): 2.0}
    session = make_operations_session(PLAN, factors)
    assert [(c.cell, c.baseline, c.verdict) for c in session.comparisons] == [
        ("lock/uvloop", "lock/asyncio", Verdict.FASTER),
        ("timers-fire/uvloop", "timers-fire/asyncio", Verdict.UNCLEAR),
        ("tcp/uvloop", "tcp/asyncio", Verdict.SLOWER),
    ]
    assert [control.group for control in session.controls] == ["lock", "timers-fire", "tcp"]


def test_time_that_loops_round_gives_no_ratio():
    """However far apart; the reason says what to look at."""
    session = make_operations_session(PLAN, {cell_of("timers-fire", "uvloop"): 0.1})
    found = comparison_of(session, "timers-fire")
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert (found.verdict, found.obstacle) == (Verdict.UNCLEAR, Obstacle.TIMERS)


def test_refusal_is_no_failure():
    """The loop does not have it: nothing is invalid, nothing compared."""
    refusal = Failure("lock/uvloop", 0, "uvloop does not have it", is_refusal=True)
    wrong = Failure("tcp/uvloop", 1, "raised OperationWrong: echo 1")
    session = make_operations_session(PLAN, failures=[refusal, wrong])
    verdicts = {c.cell: (c.verdict, c.detail) for c in session.comparisons}
    assert verdicts["lock/uvloop"] == (Verdict.UNSUPPORTED, refusal.reason)
    assert verdicts["tcp/uvloop"] == (Verdict.INVALID, wrong.reason)
    assert comparison_of(session, "lock").estimate is None


def test_baseline_without_which_nothing_can_be_compared_is_named():
    """It and its twin do not have the operation."""
    refusals = [
        Failure(cell.name, 0, "asyncio does not have it", is_refusal=True)
        for cell in PLAN.cells
        if cell.operation == "lock" and cell.event_loop == "asyncio"
    ]
    found = comparison_of(make_operations_session(PLAN, failures=refusals), "lock")
    assert (found.verdict, found.estimate) == (Verdict.UNCLEAR, None)
    assert found.detail == "lock/asyncio: asyncio does not have it"


def test_peer_that_sets_the_pace_leaves_no_verdict():
    """It was measured, not the loops."""
    seen = {cell_of("tcp", loop): BUSY for loop in ("asyncio", "uvloop")}
    session = make_operations_session(PLAN, seen=seen)
    assert summary_of(session, cell_of("tcp", "uvloop")).mark == "peer-bound"
    found = comparison_of(session, "tcp")
    assert (found.verdict, found.obstacle, found.detail) == (
        Verdict.UNCLEAR,
        Obstacle.HALF,
        Doubt.SERVER_LOAD,
    )


def test_peer_that_echoes_is_taken_off_both_sides():
    """It works while the loop waits: six tenths of the time are nothing odd."""
    fast = cell_of("tcp", "uvloop")
    seen = {fast: {"mirror_cpu_s": 0.006}, cell_of("tcp", "asyncio"): {"mirror_cpu_s": 0.006}}
    found = comparison_of(make_operations_session(PLAN, {fast: 0.5}, seen=seen), "tcp")
    assert found.verdict is Verdict.FASTER
    (size,) = found.doubts
    assert size.doubt is Doubt.SERVER_LOAD
    assert found.low < found.estimate + size.shift + 1e-9


def test_rate_is_of_what_the_operation_counts():
    """A hundred in 10 ms; of a crawl beside it, its pages."""
    plan = make_operations_plan(LOCK, with_crawls=True)
    session = make_operations_session(plan)
    cell = cell_of("lock", "asyncio")
    assert summary_of(session, cell).per_s == pytest.approx(100 / 0.010, rel=1e-3)
    assert summary_of(session, BASELINE).per_s == pytest.approx(10 / 0.010, rel=1e-3)
    assert summary_of(session, cell).of_limit is None


def test_figures_are_means_over_values():
    """By name; a crawl has none."""
    cell = cell_of("timers-fire", "uvloop")
    figures = {"earliest_s": -0.001, "latest_s": 0.002}
    session = make_operations_session(PLAN, seen={cell: {"figures": figures}})
    assert summary_of(session, cell).figures == pytest.approx(figures)
    assert summary_of(session, cell_of("lock", "uvloop")).figures == {}
