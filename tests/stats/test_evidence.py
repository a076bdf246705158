"""Doubts whose size varies from round to round: what chance adds by them, and what it does not."""

from __future__ import annotations

import math
import random
from statistics import fmean

import pytest

from crawlbench.base.records import Verdict
from crawlbench.stats.evidence import ANY_TIME, ONE_LOOK, gather
from crawlbench.stats.interval import estimate_mean

MARGIN = 0.01
LEVEL = 0.05
SESSIONS = 400
NOISE = 0.02
"""Standard deviation of a round, beside what a doubt adds."""


def weigh(measured, rest, look=None, **more):
    """Return the evidence of rounds as measured, and with one doubt taken off."""
    ways = {"measured": measured, "rest": rest}
    even = [0.0] * len(measured)
    look = look or ONE_LOOK
    return gather(ways, measured, look, margin=MARGIN, widenings=even, level=LEVEL, **more)


def rounds_with(doubt, real, count, draw, truth=0.0, usual=0.0):
    """Return rounds as measured and without a doubt, of which a share is really there.

    Args:
        doubt: by how much it differs from round to round, in parts of the noise.
        real: the share of the doubt that the values contain.
        count: how many rounds.
        draw: random numbers.
        truth: the log ratio of the two sides alone.
        usual: what the doubt adds in the mean, in parts of the noise.
    """
    doubts = [NOISE * draw.gauss(usual, doubt) for _ in range(count)]
    measured = [truth + draw.gauss(0, NOISE) + real * one for one in doubts]
    return measured, [value - one for value, one in zip(measured, doubts, strict=True)]


def test_doubt_that_explains_why_rounds_differ_leaves_its_share_to_no_chance():
    """A neighbour adds 30 % here and 10 % there; without it all rounds say the same."""
    neighbour = [0.3, -0.2, 0.1, -0.3, 0.2, 0.04]
    rest = [0.2, 0.21, 0.19, 0.2, 0.205, 0.195]
    measured = [one + by for one, by in zip(rest, neighbour, strict=True)]
    found = weigh(measured, rest)
    half = estimate_mean(rest).half_width(1 - LEVEL)
    assert found.interval.low == pytest.approx(fmean(rest) - half)
    assert found.interval.high == pytest.approx(fmean(measured) + half)
    assert found.claim is Verdict.SLOWER
    assert found.p_value < LEVEL / 15
    assert estimate_mean(measured).p_value(MARGIN) > LEVEL


def test_doubt_that_makes_rounds_differ_takes_nothing_from_the_interval_as_measured():
    """A wait that was not there, taken off, adds its own noise."""
    measured = [0.2, 0.21, 0.19, 0.2, 0.205, 0.195]
    rest = [one - by for one, by in zip(measured, [0.1, 0.0, 0.05, 0.0, 0.1, 0.02], strict=True)]
    found = weigh(measured, rest)
    half = estimate_mean(measured).half_width(1 - LEVEL)
    assert found.interval.low == pytest.approx(fmean(rest) - half)
    assert found.interval.high == pytest.approx(fmean(measured) + half)
    assert found.luck == 0.0


def test_doubt_that_is_the_same_in_all_rounds_still_turns_a_verdict_into_a_question():
    """Rounds that agree perfectly say nothing about a doubt that all of them have."""
    measured = [0.03, 0.031, 0.029, 0.03, 0.0305, 0.0295]
    found = weigh(measured, [one - 0.04 for one in measured])
    assert found.interval.low < -0.005 < 0.025 < found.interval.high
    assert found.p_value > LEVEL
    assert min(found.plain_p_values.values()) < LEVEL


@pytest.mark.parametrize("count", [3, 5, 8])
@pytest.mark.parametrize("real", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("usual", [0.0, 2.0])
def test_interval_holds_however_much_of_a_doubt_is_real(count, real, usual):
    """In 95 % of sessions, whether the doubt is small, as large as the noise, or far larger."""
    for doubt in (0.2, 1.0, 5.0):
        draw = random.Random(f"{count} {real} {usual} {doubt}")
        held = 0
        for _ in range(SESSIONS):
            found = weigh(*rounds_with(doubt, real, count, draw, usual=usual))
            held += found.interval.low <= 0 <= found.interval.high
        # The error of a share of 400 is 1.1 points: more than three of them below would be wrong.
        assert held / SESSIONS >= 0.915, (doubt, held / SESSIONS)


@pytest.mark.parametrize("count", [3, 8])
def test_interval_holds_for_waits_that_may_be_the_contestants_own(count):
    """Then their mean belongs to the truth, and it is known no better than it was measured."""
    draw, usual = random.Random(count), 2.0
    held = 0
    for _ in range(SESSIONS):
        measured, rest = rounds_with(3.0, 1.0, count, draw, usual=usual)
        found = weigh(measured, rest, are_of_others=False)
        held += found.interval.low <= usual * NOISE <= found.interval.high
    assert held / SESSIONS >= 0.915


@pytest.mark.parametrize("look", [ONE_LOOK, ANY_TIME], ids=["once", "each round"])
def test_difference_of_exactly_the_margin_is_seldom_called_anything(look):
    """Not more often than the level allows, however noisy the neighbour."""
    for doubt in (0.2, 1.0, 5.0):
        draw = random.Random(f"{doubt}")
        false = 0
        for _ in range(SESSIONS):
            found = weigh(*rounds_with(doubt, 1.0, 8, draw, truth=MARGIN), look)
            false += found.p_value <= LEVEL
        assert false / SESSIONS <= LEVEL + 3.3 * math.sqrt(LEVEL * (1 - LEVEL) / SESSIONS), doubt


def test_neighbour_costs_few_answers():
    """It makes rounds differ by five times the noise, and 10 % are found all the same."""
    draw = random.Random(1)
    found = [weigh(*rounds_with(5.0, 1.0, 6, draw, truth=0.1)) for _ in range(SESSIONS)]
    assert sum(one.p_value <= LEVEL for one in found) / SESSIONS > 0.8
    alone = [rounds_with(5.0, 1.0, 6, draw, truth=0.1)[0] for _ in range(SESSIONS)]
    assert sum(estimate_mean(one).p_value(MARGIN) <= LEVEL for one in alone) / SESSIONS < 0.5


def test_interval_of_many_looks_contains_the_mean_that_is_printed_beside_it():
    """The intersection alone left it out in one of seven sessions beside such a neighbour."""
    draw = random.Random(3)
    for _ in range(100):
        found = weigh(*rounds_with(5.0, 1.0, 20, draw, truth=MARGIN), ANY_TIME)
        assert found.interval.low <= found.mean <= found.interval.high
        if found.p_value <= LEVEL:
            inside = found.interval.low > -MARGIN and found.interval.high < MARGIN
            beyond = found.interval.low > MARGIN or found.interval.high < -MARGIN
            assert inside if found.claim is Verdict.SAME else beyond


def test_answer_that_later_rounds_contradict_is_taken_back():
    """Five rounds say 20 % more, then twenty say nothing of the kind."""
    early = [0.2, 0.201, 0.199, 0.2, 0.2005]
    assert weigh(early, early, ANY_TIME).p_value < LEVEL
    late = [*early, *[-0.06 + 0.001 * (n % 3) for n in range(20)]]
    found = weigh(late, late, ANY_TIME)
    assert abs(found.mean) < MARGIN
    assert found.p_value > LEVEL
    assert found.interval.low <= found.mean
