"""What sessions say together holds from session to session, and ranks only what pairs tell."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crawlbench.base.records import Failure, Quantity, Verdict
from crawlbench.reference.pooling import MARGIN, Pool, Ratio, Standing
from tests.reference.builders import ALIKE, BASE, FAST, GROUP, SLOW, measured, way


def pool(*sessions):
    """Return the pool of the made sessions' one group."""
    return Pool(sessions, GROUP)


@pytest.fixture(scope="module")
def three():
    """Return the pool of three sessions in which one is fast and two are alike."""
    return pool(*(measured(seed) for seed in (1, 2, 3)))


def test_verdicts_against_the_baseline(three):
    """By time and by CPU time, with an interval that holds the truth."""
    for quantity in (Quantity.TIME, Quantity.CPU):
        found = three.ratios(quantity)
        assert found[FAST.name].verdict is Verdict.FASTER
        assert found[SLOW.name].verdict is Verdict.SLOWER
        assert found[FAST.name].interval.low < -0.693 < found[FAST.name].interval.high
        assert found[FAST.name].sessions == 3
        assert BASE.name not in found


def test_interval_is_wider_than_that_of_any_session(three):
    """Of quiet rounds alone it would be far narrower: what sessions differ by is in it."""
    found = three.ratios(Quantity.TIME)[FAST.name]
    assert found.interval.high - found.interval.low > 0.03


def test_sessions_that_differ_widen_all_intervals():
    """One cell's scatter is pooled over the scenario."""
    apart = pool(*(measured(seed, shift=shift) for seed, shift in ((1, -0.1), (2, 0), (3, 0.1))))
    quiet = pool(*(measured(seed) for seed in (1, 2, 3)))
    found = [one.ratios(Quantity.TIME)[SLOW.name].interval for one in (apart, quiet)]
    widths = [one.high - one.low for one in found]
    assert widths[0] > 1.5 * widths[1]


def test_ranks_say_what_pairs_tell(three):
    """The two that are alike share a rank and say so."""
    found = three.standings
    assert found[FAST.name] == Standing(1, 0)
    assert found[BASE.name] == Standing(2, 0)
    assert found[SLOW.name] == Standing(3, 1)
    assert found[ALIKE.name] == Standing(3, 1)
    assert three.share_told() == (5, 6)


def test_fewer_than_three_sessions_are_preliminary():
    """They have a figure, but neither verdict nor rank."""
    found = pool(measured(1), measured(2))
    ratio = found.ratios(Quantity.TIME)[FAST.name]
    assert ratio.verdict is Verdict.UNCLEAR
    assert ratio.reason == "preliminary: 2 of 3 sessions"
    assert ratio.estimate == pytest.approx(-0.693, abs=0.02)
    assert found.standings == {}


def test_who_fails_in_one_session_is_invalid():
    """And ranked nowhere, with the reason."""
    failed = measured(3, failures=[Failure(FAST.name, 2, "wrong answer")])
    found = pool(measured(1), measured(2), failed)
    ratio = found.ratios(Quantity.TIME)[FAST.name]
    assert (ratio.verdict, ratio.reason) == (Verdict.INVALID, "wrong answer")
    assert FAST.name not in found.standings
    assert found.standings[BASE.name].rank == 1


def test_reference_is_no_contestant():
    """The raw socket is shown, and stands against nobody."""
    limit = way("limit-socket", None)
    sessions = [
        measured(seed, {BASE: 1, replace(BASE, control=True): 1, limit: 0.1, FAST: 0.5})
        for seed in (1, 2, 3)
    ]
    found = pool(*sessions)
    assert limit.name in found.cells
    assert limit.name not in found.ratios(Quantity.TIME)
    assert found.standings[FAST.name] == Standing(1, 0)


def test_less_than_the_margin_is_not_told():
    """A true 3 % is a difference to nobody here, however quiet it is."""
    near = {BASE: 1, replace(BASE, control=True): 1, FAST: 1.03}
    found = pool(*(measured(seed, near, noise=0.002) for seed in (1, 2, 3)))
    assert found.ratios(Quantity.TIME)[FAST.name].verdict not in (Verdict.FASTER, Verdict.SLOWER)
    assert found.standings[FAST.name] == Standing(1, 1)
    assert math.expm1(MARGIN) == pytest.approx(0.05)


def test_preliminary_is_no_other_doubt():
    """Sessions are missing, and nothing else: what failed, or was measured thrice, is not that."""
    found = {
        name: Ratio(0.1, None, verdict, count).is_preliminary
        for name, verdict, count in (
            ("two", Verdict.UNCLEAR, 2),
            ("three", Verdict.UNCLEAR, 3),
            ("none", Verdict.UNCLEAR, 0),
            ("invalid", Verdict.INVALID, 1),
        )
    }
    assert found == {"two": True, "three": False, "none": False, "invalid": False}
