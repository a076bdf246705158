"""How many more rounds would settle a pair."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from crawlbench.base.records import Verdict
from crawlbench.stats.evidence import ANY_TIME, ONE_LOOK, Evidence
from crawlbench.stats.foresight import MAX_ROUNDS, more_rounds
from crawlbench.stats.interval import Interval
from crawlbench.stats.sequence import Moments

LOOKS = [ONE_LOOK, ANY_TIME]
LEVELS = [0.05, 0.01, 0.05 / 999]


def evidence(mean, rounds, spread=0.05, luck=0.0, measured=None):
    """Return what some rounds say of a pair; by chance, doubts moved its mean to `measured`."""
    claims = dict.fromkeys((Verdict.FASTER, Verdict.SLOWER, Verdict.SAME), 1.0)
    return Evidence(
        rounds=rounds,
        mean=mean if measured is None else measured,
        error=math.hypot(spread, luck) / math.sqrt(rounds),
        likely_mean=mean,
        interval=Interval(-1, 1),
        p_values=claims,
        plain_p_values=claims,
        excess=0.0,
        slow_laps_p=1.0,
        means_high=1.0,
        spread=spread,
        luck=luck,
    )


def walked(found, look, distance, level):
    """Return the same count, found one step after the other."""
    count = found.rounds
    squares = found.spread**2
    while look.half_width(Moments(count, found.mean, squares * (count - 1)), level) > distance:
        count += max(1, count // 10)
        if count > MAX_ROUNDS:
            return None
    return max(1, count - found.rounds)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("level", LEVELS)
def test_interval_shrinks_with_every_round(look, level):
    """Else halving would not find the first count that will do."""
    widths = [look.half_width(Moments(n, 0.0, 0.01 * (n - 1)), level) for n in range(2, 300)]
    assert all(one >= two for one, two in pairwise(widths))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("rounds", [2, 3, 10, 47, MAX_ROUNDS + 5])
def test_rounds_that_are_missing_are_those_of_a_walk(look, level, rounds):
    """Near the margin none will do, far from it the next one does."""
    for mean in (0.0, 0.0005, 0.004, 0.02, -0.1, 1.0):
        found = evidence(mean, rounds)
        expected = walked(found, look, abs(mean), level) if mean else None
        assert more_rounds(found, look, 0.0, 0.0, level) == expected


def test_what_doubts_add_by_chance_becomes_less_with_more_rounds():
    """The mean as measured lies on the margin today, but not for long."""
    lucky = evidence(0.05, 6, spread=0.01, luck=0.1, measured=0.01)
    found = more_rounds(lucky, ANY_TIME, 0.01, 0.0, 0.05)
    assert found
    # It need not become as narrow as if all of the spread was chance.
    assert found < more_rounds(evidence(0.05, 6, spread=0.1), ANY_TIME, 0.01, 0.0, 0.05)
    assert found > more_rounds(evidence(0.05, 6, spread=0.01), ANY_TIME, 0.01, 0.0, 0.05)
