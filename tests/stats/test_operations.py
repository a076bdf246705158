"""What is concluded of event loops' operations."""

from __future__ import annotations

import pytest

from crawlbench.records import Failure, Verdict
from crawlbench.stats.headroom import MOST_PEER_SHARE, find_peer_fault
from crawlbench.stats.judge import WHOLE_MS
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
    """One comparison per operation and other loop; each has a noise floor."""
    factors = {cell_of("lock", "uvloop"): 0.5, cell_of("tcp", "uvloop"): 2.0}
    session = make_operations_session(PLAN, factors)
    assert [(c.cell, c.baseline, c.verdict) for c in session.comparisons] == [
        ("lock/uvloop", "lock/asyncio", Verdict.FASTER),
        ("timers-fire/uvloop", "timers-fire/asyncio", Verdict.UNCLEAR),
        ("tcp/uvloop", "tcp/asyncio", Verdict.SLOWER),
    ]
    assert [floor.group for floor in session.noise] == ["lock", "timers-fire", "tcp"]


def test_time_that_loops_round_gives_no_ratio():
    """However far apart; the reason says what to look at."""
    session = make_operations_session(PLAN, {cell_of("timers-fire", "uvloop"): 0.1})
    found = comparison_of(session, "timers-fire")
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert (found.verdict, found.reason) == (Verdict.UNCLEAR, WHOLE_MS)


def test_refusal_is_no_failure():
    """The loop does not have it: nothing is invalid, nothing compared."""
    refusal = Failure("lock/uvloop", 0, "uvloop does not have it", is_refusal=True)
    wrong = Failure("tcp/uvloop", 1, "raised OperationWrong: echo 1")
    session = make_operations_session(PLAN, failures=[refusal, wrong])
    verdicts = {c.cell: (c.verdict, c.reason) for c in session.comparisons}
    assert verdicts["lock/uvloop"] == (Verdict.UNSUPPORTED, refusal.reason)
    assert verdicts["tcp/uvloop"] == (Verdict.INVALID, wrong.reason)
    assert comparison_of(session, "lock").estimate is None


def test_refused_baseline_leaves_the_others_unclear():
    """There is nothing to compare them with."""
    refusal = Failure("lock/asyncio", 0, "asyncio does not have it", is_refusal=True)
    found = comparison_of(make_operations_session(PLAN, failures=[refusal]), "lock")
    assert (found.verdict, found.estimate) == (Verdict.UNCLEAR, None)
    assert found.reason == "its baseline lock/asyncio is invalid"


@pytest.mark.parametrize(
    ("share", "mark"),
    [(0.0, ""), (0.6, ""), (MOST_PEER_SHARE, ""), (MOST_PEER_SHARE + 1e-9, "peer-bound")],
)
def test_peer_that_is_busy_all_the_time_is_marked(share, mark):
    """One that echoes works while the loop waits: half of the time is nothing odd."""
    assert find_peer_fault(share) == mark


def test_pace_that_the_peer_sets_for_both_loops_is_unclear():
    """The peer was measured."""
    seen = {cell_of("tcp", loop): BUSY for loop in ("asyncio", "uvloop")}
    session = make_operations_session(PLAN, seen=seen)
    assert summary_of(session, cell_of("tcp", "uvloop")).mark == "peer-bound"
    found = comparison_of(session, "tcp")
    assert (found.verdict, found.estimate) == (Verdict.UNCLEAR, None)
    assert found.reason == "the other process sets the pace of both event loops"


def test_pace_that_the_peer_sets_for_one_loop_is_a_verdict():
    """That loop would be faster still."""
    fast = cell_of("tcp", "uvloop")
    seen = {fast: {"mirror_cpu_s": 0.0098}}
    session = make_operations_session(PLAN, {fast: 0.5}, seen=seen)
    assert summary_of(session, fast).mark == "peer-bound"
    assert summary_of(session, cell_of("tcp", "asyncio")).mark == ""
    assert comparison_of(session, "tcp").verdict is Verdict.FASTER


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
