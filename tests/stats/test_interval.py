"""The t interval, against tables and against scipy's own."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlbench.base.records.ranges import END
from crawlbench.stats.interval import Estimate, Interval, difference, estimate_mean

numbers = st.floats(-10, 10, allow_nan=False)


@pytest.mark.parametrize(
    ("count", "confidence", "quantile"),
    [(2, 0.95, 12.706), (5, 0.95, 2.776), (10, 0.99, 3.250), (31, 0.95, 2.042)],
)
def test_half_width_uses_students_quantiles(count, confidence, quantile):
    """The values stand in every table of Student's t."""
    assert Estimate(count, 0.0, 1.0, count - 1).half_width(confidence) == pytest.approx(
        quantile, abs=5e-4
    )


@given(st.lists(numbers, min_size=2, max_size=20))
def test_interval_agrees_with_scipy(scipy_stats, values):
    """`scipy.stats.ttest_1samp` gives the same interval."""
    estimate = estimate_mean(values)
    if estimate.error < 1e-9:
        return
    expected = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert estimate.interval(0.95) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(numbers, st.floats(1e-3, 5), numbers, st.integers(2, 30), st.floats(0.6, 0.999))
def test_p_and_interval_say_the_same(mean, error, truth, count, confidence):
    """p is at most alpha if and only if the interval leaves the truth out."""
    estimate = Estimate(count, mean, error, count - 1)
    low, high = estimate.interval(confidence)
    if min(abs(low - truth), abs(high - truth)) > 1e-6:
        assert (not low <= truth <= high) == (estimate.p_value(truth) < 1 - confidence)


def test_fewer_than_two_rounds_give_no_estimate():
    """One value has no spread."""
    assert estimate_mean([]) is None
    assert estimate_mean([1.0]) is None


def test_equal_rounds_give_an_interval_of_no_width():
    """No spread seen is no error claimed, and no division by zero."""
    estimate = estimate_mean([0.5, 0.5, 0.5])
    assert estimate.interval(0.95) == (0.5, 0.5)
    assert estimate.p_value(0.1) == 0.0
    assert estimate.p_value(0.5) == 1.0
    assert math.isclose(estimate.mean, 0.5)


@given(st.lists(numbers, min_size=2, max_size=12), st.lists(numbers, min_size=2, max_size=12))
def test_difference_agrees_with_scipys_welch(scipy_stats, first, second):
    """`scipy.stats.ttest_ind` without equal variances gives the same interval."""
    estimates = [estimate_mean(values) for values in (first, second)]
    if min(estimate.error for estimate in estimates) < 1e-6:
        return
    found = difference(*estimates)
    expected = scipy_stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    assert found.interval(0.95) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert found.count == min(len(first), len(second))


def test_difference_of_equal_rounds_has_no_width():
    """No spread on both sides, and no division by zero."""
    found = difference(estimate_mean([1.0, 1.0]), estimate_mean([3.0, 3.0, 3.0]))
    assert found.interval(0.95) == (2.0, 2.0)
    assert found.freedom == 1


def test_interval_contains_its_mean_however_large_the_numbers_are():
    """The cost to begin is in seconds, of which there may be more than a log ratio can have."""
    for mean in (5000.0, -5000.0):
        found = Interval.around(mean, 3.0)
        assert found.low <= mean <= found.high
        assert found.widened(1.0).low <= found.low
        assert found.widened(1.0).high >= found.high


def test_half_width_has_an_exponential():
    """Two rounds that differ ninefold, at a confidence of 99.99 %, leave open e to the 7000."""
    estimate = estimate_mean([0.0, 2.2])
    assert math.isfinite(math.exp(estimate.half_width(0.9999)))
    assert max(map(abs, estimate.interval(0.9999))) <= END
