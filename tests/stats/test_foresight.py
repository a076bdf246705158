"""How many more rounds would settle a pair."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise

import pytest

from crawlbench.base.records import Failure, Obstacle, Stopping, Verdict
from crawlbench.stats.evidence import ANY_TIME, ONE_LOOK, Evidence
from crawlbench.stats.foresight import MAX_ROUNDS, detectable, foresee, more_rounds
from crawlbench.stats.interval import Interval
from crawlbench.stats.judge import judge
from crawlbench.stats.sequence import Moments
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

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


ONE = other("one")
FIVE_PERCENT = math.log1p(0.05)


def judged(ratio=1.0, wait=0.0, control=1.0, rounds=8, seed=1, failed=()):
    """Return a session in which a cell waits for its CPU for a share of its time."""
    draw = random.Random(seed)

    def laps(mean):
        return [mean * draw.lognormvariate(0, 0.004) for _ in range(2)]

    used = {"cpu_user_s": 0.3, "cpu_system_s": 0.1, "side_cpu_s": 0.0, "cpu_s": 0.4}
    waits = {ONE: wait * ratio, BASELINE: 0.0, CONTROL: 0.0}
    times = {BASELINE: 1.0, CONTROL: control, ONE: ratio}
    every = [
        {cell: laps(mean) for cell, mean in times.items() if not number or cell not in failed}
        for number in range(rounds)
    ]
    session = make_session(
        make_plan(ONE, stopping=Stopping.ANY),
        every,
        [Failure(cell.name, 2, "crashed") for cell in failed],
        seen={cell: {"cpu_wait_s": waited, **used} for cell, waited in waits.items()},
    )
    return judge(session)


@pytest.mark.parametrize("look", LOOKS)
def test_what_would_have_been_found_stands_beyond_the_doubts(look):
    """In both directions: who looks for a difference does not know its sign."""
    quiet = evidence(0.0, 8, spread=0.005)
    found = detectable(quiet, look, 0.01, 0.05)
    assert found is not None
    for shift in (0.03, -0.03):
        doubted = replace(quiet, shifts={"measured": 0.0, "starvation": shift, "both": shift / 2})
        assert detectable(doubted, look, 0.01, 0.05) == pytest.approx(found + 0.03)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_called_detectable_is_found(sign):
    """In most sessions, beside a doubt as well; 80 % is what the report promises."""
    (one, *_) = judged(wait=0.03).comparisons
    ratio = math.exp(sign * one.detectable)
    verdicts = [judged(ratio, wait=0.03, seed=seed).comparisons[0].verdict for seed in range(40)]
    assert sum(verdict in (Verdict.FASTER, Verdict.SLOWER) for verdict in verdicts) >= 24


def test_nothing_is_detectable_where_half_of_the_time_is_in_doubt():
    """However large the difference, there is no verdict."""
    (one, *_) = judged(wait=0.55).comparisons
    assert one.obstacle is Obstacle.HALF
    assert one.detectable is None
    assert foresee(judged(wait=0.55), "site/net", FIVE_PERCENT) == [MAX_ROUNDS]


@pytest.mark.parametrize("changes", [{"wait": 0.06}, {"control": 1.06}])
def test_plan_foresees_no_end_where_doubts_or_twins_hide_the_difference(changes):
    """More rounds make neither of them smaller."""
    assert foresee(judged(), "site/net", FIVE_PERCENT) == [4]
    assert foresee(judged(**changes), "site/net", FIVE_PERCENT) == [MAX_ROUNDS]


def test_plan_keeps_pairs_with_the_twin_that_is_left():
    """The judge answers them as well."""
    (count,) = foresee(judged(failed=(CONTROL,)), "site/net", FIVE_PERCENT)
    assert count < MAX_ROUNDS
