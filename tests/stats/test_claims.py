"""Three claims and what they need, and Holm's levels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.records import Obstacle, Verdict
from crawlbench.stats.claims import NO_CLAIM, ClaimRow, find_claims, holm_levels, judge_family
from crawlbench.stats.interval import Estimate, Interval


def claims(mean, error=0.001, margin=0.01, widening=0.0):
    """Return the claims that are below 1."""
    estimate = Estimate(20, mean, error, 19)
    found = find_claims(mean, estimate.p_value, margin, widening)
    assert found.keys() == NO_CLAIM.keys()
    return {verdict: p for verdict, p in found.items() if p < 1}


@pytest.mark.parametrize(
    ("mean", "verdict"),
    [(0.05, Verdict.SLOWER), (-0.05, Verdict.FASTER), (0.001, Verdict.SAME), (0.0, Verdict.SAME)],
)
def test_one_claim_at_the_most(mean, verdict):
    assert list(claims(mean)) == [verdict]


def test_claim_of_equality_rests_on_the_nearer_end():
    assert claims(0.008)[Verdict.SAME] == pytest.approx(
        Estimate(20, 0.008, 0.001, 19).p_value(0.01)
    )
    assert claims(0.008)[Verdict.SAME] > claims(0.002)[Verdict.SAME]


def test_nothing_is_claimed_at_the_margin():
    assert claims(0.01) == {}


def test_widening_moves_both_ends_against_every_claim():
    """Up to where nothing can be the same."""
    assert claims(0.05, widening=0.02)[Verdict.SLOWER] > claims(0.05)[Verdict.SLOWER]
    assert claims(0.02, widening=0.02) == {}
    assert claims(0.0, widening=0.02) == {}


def test_family_is_judged_by_holm_and_prints_plain_intervals():
    """A verdict never contradicts the interval that stands beside it."""
    estimates = {
        name: Estimate(10, mean, 0.004, 9)
        for name, mean in (("far", 0.1), ("near", 0.0195), ("none", 0.0))
    }
    found = judge_family({name: ClaimRow(one, one) for name, one in estimates.items()}, 0.01, 0.95)
    assert found["far"].verdict is Verdict.SLOWER
    assert found["near"].verdict is Verdict.UNCLEAR
    low, high = estimates["near"].interval(0.95)
    assert (found["near"].interval.low, found["near"].interval.high) == (low, high)
    assert [found[name].obstacle for name in estimates] == [None, Obstacle.OPEN, Obstacle.OPEN]
    alone = judge_family({"near": ClaimRow(estimates["near"], None)}, 0.01, 0.95)
    assert alone["near"].verdict is Verdict.SLOWER


def test_levels_rise_in_the_order_of_p_until_the_first_that_fails():
    p_values = {"a": 0.001, "b": 0.04, "c": 0.012}
    assert holm_levels(p_values, 3, 0.05) == {"a": 0.05 / 3, "c": 0.05 / 2, "b": 0.05}
    failing = {"a": 0.001, "b": 0.9, "c": 0.2}
    assert holm_levels(failing, 3, 0.05) == {"a": 0.05 / 3, "c": 0.05 / 2, "b": 0.05 / 2}


def test_family_counts_those_that_could_not_be_tested():
    """It was fixed before the first round."""
    assert holm_levels({"a": 0.001}, 10, 0.05) == {"a": 0.005}
    assert holm_levels({}, 10, 0.05) == {}


def judged(mean, means=0.0, **changes):
    """Return verdict and obstacle of one row that is judged alone, at a margin of 1 %."""
    one, other = (Estimate(20, value, 0.001, 19) for value in (mean, means))
    found = judge_family({"row": ClaimRow(one, other, **changes)}, 0.01, 0.95)["row"]
    return found.verdict, found.obstacle


@pytest.mark.parametrize("means", [0.05, -0.05, 0.0095])
def test_same_needs_the_means_too(means):
    """Whichever side has the slow laps, and also where they only may matter."""
    assert judged(0.0) == (Verdict.SAME, None)
    assert judged(0.0, means) == (Verdict.UNCLEAR, Obstacle.SLOW_LAPS)
    for mean in (0.05, -0.05):
        assert judged(mean, means)[1] is None


def test_row_whose_means_nobody_knows_is_never_the_same():
    row = ClaimRow(Estimate(20, 0.0, 0.001, 19), None)
    assert judge_family({"row": row}, 0.01, 0.95)["row"].obstacle is Obstacle.SLOW_LAPS


@pytest.mark.parametrize(
    ("mean", "moved", "verdict"),
    [
        (0.04, Interval(-0.05, 0.0), Verdict.UNCLEAR),
        (0.04, Interval(0.0, 0.05), Verdict.SLOWER),
        (-0.04, Interval(0.0, 0.05), Verdict.UNCLEAR),
        (-0.04, Interval(-0.05, 0.0), Verdict.FASTER),
        (0.0, Interval(-0.02, 0.0), Verdict.UNCLEAR),
        (0.0, Interval(0.0, 0.02), Verdict.UNCLEAR),
        (0.0, Interval(-0.002, 0.002), Verdict.SAME),
    ],
)
def test_doubt_takes_a_claim_only_where_it_points(mean, moved, verdict):
    """What it could only strengthen stands; the interval has both ways to see the values."""
    found = judged(mean, mean, moved=moved)
    assert found == (verdict, Obstacle.DOUBT if verdict is Verdict.UNCLEAR else None)
    row = ClaimRow(Estimate(20, mean, 0.001, 19), None)
    around, wide = row.interval(0.95), replace(row, moved=moved).interval(0.95)
    ends = around.low + moved.low, around.high + moved.high
    assert (wide.low, wide.high) == pytest.approx(ends)


def test_what_took_a_claim_is_named_by_its_size():
    """The doubt or the twins; with neither, more rounds are missing."""
    moved = Interval(-0.02, 0.02)
    assert judged(0.04, moved=moved, widening=0.05)[1] is Obstacle.CONTROL
    assert judged(0.04, moved=moved, widening=0.015)[1] is Obstacle.DOUBT
    assert judged(0.0105)[1] is Obstacle.OPEN
