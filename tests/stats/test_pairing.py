"""Laps of two cells, paired and summed up round by round."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlbench.stats.pairing import log_ratios, log_times, lopsidedness, midmean, round_means
from tests.stats.builders import BASELINE, make_plan, make_session, other

CELL = other("fast")
NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


def rounds(*pairs):
    """Return rounds of the seconds of baseline and cell."""
    made = [{BASELINE: base, CELL: cell} for base, cell in pairs]
    return make_session(make_plan(CELL), made).rounds


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ([3.0], 3.0),
        ([1.0, 2.0], 1.5),
        ([1.0, 5.0, 30.0], (0.25 * 1 + 5 + 0.25 * 30) / 1.5),
        ([1.0, 2.0, 4.0, 100.0], 3.0),
        ([0.0, 1.0, 3.0, 5.0, 100.0], (0.75 * 1 + 3 + 0.75 * 5) / 2.5),
        ([-50.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 99.0], 2.0),
    ],
)
def test_midmean_is_that_of_the_middle_half(values, due):
    """Values at the quartiles count in part; the order does not count."""
    assert midmean(values) == pytest.approx(due)
    assert midmean(values[::-1]) == midmean(values)


@given(NUMBERS)
def test_midmean_lies_among_the_values_and_mirrors(values):
    """Whatever the values are: between the least and the greatest, and turned over with them."""
    slack = 1e-9 * max(map(abs, values))
    assert min(values) - slack <= midmean(values) <= max(values) + slack
    assert midmean([-value for value in values]) == pytest.approx(-midmean(values))


def test_lap_in_which_the_machine_changed_its_speed_is_left_out():
    """One pair in four that is half off changes nothing; both directions look alike."""
    even = rounds(([1.0, 2.0, 1.0, 1.0], [1.1, 2.2, 1.1, 1.1]))
    changed = rounds(([1.0, 1.0, 1.0, 1.0], [1.1, 2.2, 1.1, 1.1]))
    assert log_ratios(even, CELL.name, BASELINE.name) == pytest.approx([math.log(1.1)])
    assert log_ratios(changed, CELL.name, BASELINE.name) == pytest.approx([math.log(1.1)])


def test_only_laps_that_both_have_are_paired():
    """A round in which they share none is left out; round means need one cell only."""
    made = rounds(([1.0, 1.0], [2.0]), ([1.0], []), ([], [3.0]))
    assert log_ratios(made, CELL.name, BASELINE.name) == pytest.approx([math.log(2)])
    assert round_means(made, CELL.name) == [2.0, 3.0]
    assert log_times(made, CELL.name) == [math.log(2), math.log(3)]


def test_what_the_midmean_leaves_out_is_known():
    """By how much a rare long value would lengthen the mean; none if all are alike."""
    made = rounds(([1.0] * 4, [1.0, 1.0, 1.0, 2.0]), ([1.0] * 4, [1.5] * 4))
    assert lopsidedness(made, CELL.name, BASELINE.name) == pytest.approx([math.log(2) / 4, 0.0])
