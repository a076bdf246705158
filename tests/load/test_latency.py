"""Histograms are merged exactly, and failures count as slow."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawlbench.load.latency import count_seconds, encode_counts, merge, quantile


def counts_of(values_s):
    counts = {}
    for value in values_s:
        count_seconds(counts, value)
    return counts


def recorded(histogram):
    """Return values and counts; `equals` also looks at a minimum that `add` does not keep."""
    steps = histogram.get_recorded_iterator()
    return [(step.value_iterated_to, step.count_added_in_this_iter_step) for step in steps]


@settings(max_examples=20)
@given(st.lists(st.lists(st.floats(1e-6, 3000.0), max_size=30), min_size=1, max_size=5))
def test_merged_histogram_is_that_of_all_values(groups):
    """Whoever recorded a value, the counts are the same."""
    merged = merge(encode_counts(counts_of(group)) for group in groups)
    single = merge([encode_counts(counts_of([value for group in groups for value in group]))])
    assert merged.get_total_count() == sum(map(len, groups))
    assert recorded(merged) == recorded(single)


def test_percentiles_have_three_significant_digits():
    """Beside the sorted values themselves."""
    draw = random.Random(1)
    values = sorted(draw.lognormvariate(-5, 1.5) for _ in range(5000))
    histogram = merge([encode_counts(counts_of(values))])
    for fraction in (0.5, 0.9, 0.99, 0.999, 1.0):
        exact = values[round(fraction * 5000) - 1]
        assert quantile(histogram, fraction) == pytest.approx(exact, rel=0.001, abs=1e-6)


@settings(max_examples=100)
@given(st.integers(1, 1500), st.integers(1, 1000))
@example(600, 990)
@example(18, 900)
@example(1, 1)
def test_percentile_is_the_value_of_that_rank(count, per_mille):
    """Beside the sorted values themselves: 1 to `count` microseconds, each once."""
    histogram = merge([encode_counts(dict.fromkeys(range(1, count + 1), 1))])
    rank = -(-count * per_mille // 1000)
    assert quantile(histogram, per_mille / 1000) == rank / 1e6


def test_failed_request_is_slower_than_any_answer():
    """With 2 of 100 failed there is no 99th percentile, and the 98th is the slowest answer."""
    histogram = merge([encode_counts(counts_of([0.001] * 97 + [0.5]))])
    assert quantile(histogram, 0.98, failed=2) == pytest.approx(0.5, rel=0.001)
    assert quantile(histogram, 0.99, failed=2) is None
    assert quantile(histogram, 0.97, failed=2) == pytest.approx(0.001, rel=0.001)


def test_empty_histogram_has_no_percentiles():
    """Nothing is made up."""
    assert quantile(merge([""]), 0.5) is None
    assert quantile(merge([encode_counts({})]), 1.0) is None
