"""What a second buys, as `benchmarks/efficiency.py` tells it."""

from __future__ import annotations

import math

import pytest
from benchmarks.efficiency import tell_rows
from benchmarks.widths import tell_session

from crawlbench.stats.judge import judge
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

TWICE = other("twice")


@pytest.mark.parametrize(("twice", "answered"), [(2.0, 1), (1.01, 0)])
def test_row_has_half_width_times_root_seconds_and_what_was_answered(twice, answered):
    """Of the only group and the only quantity that was measured."""
    wobble = (1.0, 1.01, 0.99, 1.005, 0.995, 1.002)
    made = [{BASELINE: [1.0], CONTROL: [1.0], TWICE: [twice * w]} for w in wobble]
    session = judge(make_session(make_plan(TWICE), made, seconds=25.0))
    (pair,) = session.comparisons
    (row,) = tell_rows(session)
    width = (pair.high - pair.low) / 2 * 100 * math.sqrt(25.0)
    assert row == f"site/net | time | 6 | 25 | {width:.0f} | {answered} of 1"
    values = [s for r in session.rounds for s in r.samples if not s.warmup]
    share = sum(s.seconds * s.loops for s in values) / 25.0
    (told,) = tell_session(session)
    head = f"| test | 2026-01-01 00:00 | net | time | 6 | 25 | {share:.0%} |"
    assert told == f"{head} {width:.0f} | {answered} of 1 |"
