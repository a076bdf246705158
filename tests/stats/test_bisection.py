"""On which side of a change something lies, and what is followed."""

from __future__ import annotations

import pytest

from crawlbench.base.records import Verdict
from crawlbench.stats.bisection import Bisection, Step, find_lead, has_changed
from crawlbench.stats.change import Change, Seen, Way
from crawlbench.stats.interval import Interval


def change(low=None, high=None, verdict=Verdict.SLOWER):
    """Return a change of one cell."""
    ways = (
        () if low is None else (Seen(Way.PAIRED, (low + high) / 2, Interval(low, high), verdict),)
    )
    return Change("cell", 1.0, 1.0, 5, verdict, ways)


@pytest.mark.parametrize(
    ("middle", "last", "side"),
    [
        (change(-0.01, 0.01), change(0.09, 0.11), False),
        (change(0.08, 0.12), change(0.09, 0.11), True),
        (change(0.04, 0.06), change(0.09, 0.11), None),
        (change(0.2, 0.3), change(0.09, 0.11), True),
        (change(-0.01, 0.01), change(-0.11, -0.09, Verdict.FASTER), False),
        (change(-0.12, -0.08), change(-0.11, -0.09, Verdict.FASTER), True),
        (change(), change(0.09, 0.11), None),
        (change(0.08, 0.12), change(), None),
    ],
)
def test_side_is_told_by_the_whole_interval(middle, last, side):
    assert has_changed(middle, last, last.verdict) is side


@pytest.mark.parametrize("verdict", [Verdict.FASTER, Verdict.SAME, Verdict.UNCLEAR])
def test_ends_that_no_longer_differ_as_they_did_tell_nothing_of_the_middle(verdict):
    """Half of a change that is not there again is no place to look for."""
    last = change(0.01, 0.03, verdict)
    assert has_changed(change(0.08, 0.12), last, Verdict.SLOWER) is None


def test_largest_clear_change_is_followed_else_what_is_least_known():
    small, large = change(0.02, 0.04), change(-0.3, -0.2, Verdict.FASTER)
    same, unclear = change(-0.01, 0.01, Verdict.SAME), change(-0.1, 0.1, Verdict.UNCLEAR)
    invalid = change(verdict=Verdict.INVALID)
    assert find_lead([invalid, small, large, same, unclear]) is large
    assert find_lead([same, unclear]) is unclear
    assert find_lead([same, unclear, invalid]) is invalid
    assert find_lead([]) is None


@pytest.mark.parametrize(
    ("whole", "sides", "code"),
    [
        (change(0.1, 0.2), (True, False), 0),
        (change(0.1, 0.2), (True, None), 3),
        (change(-0.01, 0.01, Verdict.SAME), (), 0),
        (change(-0.1, 0.1, Verdict.UNCLEAR), (), 3),
        (change(verdict=Verdict.INVALID), (), 4),
        (None, (), 4),
    ],
)
def test_exit_code(whole, sides, code):
    steps = tuple(Step(str(n), change(0.1, 0.2), side) for n, side in enumerate(sides))
    assert Bisection(("a", "b"), whole, steps, "a", "b", {}).code == code


def test_neighbours_count_without_what_could_not_be_used():
    found = Bisection(("a", "b", "c"), change(0.1, 0.2), (), "a", "c", {"b": "no wheel"})
    assert found.is_exact
    assert not Bisection(("a", "b", "c"), change(0.1, 0.2), (), "a", "c", {}).is_exact
