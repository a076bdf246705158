"""Sequences that hold after every round."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlbench.stats.sequence import Moments, p_value, sequence_half_width

VALUES = st.lists(st.floats(-5, 5), min_size=2, max_size=30)


def moments_of(values):
    found = Moments()
    for value in values:
        found.add(value)
    return found


@given(VALUES)
def test_moments_are_those_of_all_values(values):
    found = moments_of(values)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert found.variance == pytest.approx(np.var(values, ddof=1), abs=1e-9)


@given(VALUES, st.floats(0.001, 0.2))
def test_interval_ends_where_p_is_the_level(values, level):
    """One rule, seen from two sides."""
    found = moments_of(values)
    half = sequence_half_width(found, level)
    if math.isfinite(half) and half > 1e-6:
        assert p_value(found, found.mean + half) == pytest.approx(level, rel=1e-6)
        assert p_value(found, found.mean + 2 * half) < level


def test_few_rounds_know_nothing():
    """However well they agree: what is certain of two rounds is no certainty."""
    assert p_value(moments_of([1.0]), 0.0) == 1.0
    assert math.isinf(sequence_half_width(moments_of([1.0]), 0.05))
    assert math.isinf(sequence_half_width(moments_of([1.0, 1.0001]), 0.001))
    assert p_value(moments_of([1.0, 1.0, 1.0]), 0.0) > 0.01
    assert p_value(moments_of([1.0] * 3), 1.0) == 1.0


def test_truth_is_left_out_at_any_time_as_rarely_as_promised():
    """Looked at after each of 60 rounds; the t interval would leave it out in a third."""
    draw = np.random.default_rng(1)
    sequences = draw.normal(0, 1, (400, 60))
    left_out = 0
    for values in sequences.tolist():
        found = Moments()
        for value in values:
            found.add(value)
            if found.count >= 2 and p_value(found, 0.0) <= 0.05:
                left_out += 1
                break
    assert left_out / 400 <= 0.05


def test_difference_of_a_few_deviations_is_found_in_a_few_rounds():
    """Validity costs rounds, not verdicts."""
    draw = np.random.default_rng(2)
    needed = []
    for values in (3 + draw.normal(0, 1, (200, 30))).tolist():
        found = Moments()
        for value in values:
            found.add(value)
            if p_value(found, 0.0) <= 0.05:
                break
        needed.append(found.count)
    assert np.mean(needed) <= 6


def test_rounds_that_agree_are_still_too_few_for_a_strict_level():
    """Infinitely many errors of no size are no number, but still no end."""
    assert sequence_half_width(moments_of([0.3, 0.3]), 1e-6) == math.inf
    assert sequence_half_width(moments_of([0.3] * 30), 1e-6) == 0.0
