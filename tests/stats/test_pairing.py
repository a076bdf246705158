"""Laps of two cells, paired and summed up round by round."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlbench.stats.index import Index
from crawlbench.stats.midmean import midmean
from crawlbench.stats.pairing import Side, log_ratios, log_ratios_of_means
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

CELL = other("fast")
NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


SIDES = Side(CELL.name, (CELL.name,)), Side(BASELINE.name, (BASELINE.name,))


def index(*pairs):
    """Return an index of rounds of the seconds of baseline and cell."""
    made = [{BASELINE: base, CELL: cell} for base, cell in pairs]
    return Index(make_session(make_plan(CELL), made).rounds)


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
    slack = max(1e-9 * max(map(abs, values)), sys.float_info.min)  # below it, bits are lost
    assert min(values) - slack <= midmean(values) <= max(values) + slack
    assert midmean([-value for value in values]) == pytest.approx(-midmean(values))


def test_lap_in_which_the_machine_changed_its_speed_is_left_out():
    """One pair in four that is half off changes nothing; both directions look alike."""
    even = index(([1.0, 2.0, 1.0, 1.0], [1.1, 2.2, 1.1, 1.1]))
    changed = index(([1.0, 1.0, 1.0, 1.0], [1.1, 2.2, 1.1, 1.1]))
    assert log_ratios(even, *SIDES) == pytest.approx([math.log(1.1)])
    assert log_ratios(changed, *SIDES) == pytest.approx([math.log(1.1)])


def test_only_laps_that_both_have_are_paired():
    """A round in which they share none is left out; a cell's own rounds need one cell only."""
    made = index(([1.0, 1.0], [2.0]), ([1.0], []), ([], [3.0]))
    assert log_ratios(made, *SIDES) == pytest.approx([math.log(2)])
    assert made.by_round((CELL.name,)) == pytest.approx([math.log(2), math.log(3)])


def test_mean_of_means_counts_rare_long_laps_in_full():
    """Which the midmean leaves out."""
    made = index(([1.0] * 4, [1.0, 1.0, 1.0, 2.0]), ([1.0] * 4, [1.5] * 4))
    assert log_ratios(made, *SIDES) == pytest.approx([0.0, math.log(1.5)])
    assert log_ratios_of_means(made, *SIDES) == pytest.approx([math.log(1.25), math.log(1.5)])


def test_both_twins_are_one_side():
    """Their mean, of laps that both have."""
    rounds = [{BASELINE: [1.0, 2.0], CONTROL: [4.0], CELL: [2.0, 2.0]}]
    made = Index(make_session(make_plan(CELL), rounds).rounds)
    twins = Side(BASELINE.name, (BASELINE.name, CONTROL.name))
    assert log_ratios(made, SIDES[0], twins) == pytest.approx([0.0])
