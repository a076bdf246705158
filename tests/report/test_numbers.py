"""Numbers are shown as far as they are known."""

from __future__ import annotations

import math

import pytest

from crawlbench.report.numbers import (
    WIDEST,
    format_bytes,
    format_change,
    format_count,
    format_difference,
    format_factors,
    format_interval,
    format_part,
    format_percent,
    format_ratio,
    format_seconds,
    format_share,
    format_size,
    format_size_span,
    format_span,
)


def logs(*ratios):
    """Return ratios as logarithms."""
    return [math.log(ratio) for ratio in ratios]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.5e-9, "0.50 ns"),
        (3e-9, "3.00 ns"),
        (12.34e-6, "12.3 µs"),
        (1e-3, "1.00 ms"),
        (0.0224, "22.4 ms"),
        (0.488, "488 ms"),
        (1.0, "1.00 s"),
        (61.23, "61.2 s"),
        (123456.0, "123000 s"),
    ],
)
def test_time_without_an_error_has_three_digits_and_the_unit_that_suits_it(seconds, text):
    """From nanoseconds to days; zero is what a coarse clock gives."""
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.0358, "36 ms"),
        (0.00116, "1.2 ms"),
        (39.3e-6, "39 µs"),
        (0.375, "375 ms"),
        (0.00996, "10 ms"),
        (0.9996, "1.0 s"),
        (61.23, "61 s"),
    ],
)
def test_part_of_a_time_takes_six_columns_at_the_most(seconds, text):
    """Whole from 10 on, else with two digits, after rounding."""
    assert format_part(seconds) == text
    assert len(text) <= 6


@pytest.mark.parametrize(
    ("seconds", "error", "text"),
    [
        (0.02241, 0.0011, "22.4 ms"),
        (0.02241, 0.00011, "22.41 ms"),
        (0.02241, 0.0000011, "22.41 ms"),
        (0.02241, 0.011, "22 ms"),
        (0.02241, 0.0, "22.41 ms"),
        (0.4883, 0.3, "490 ms"),
        (0.0203, 1.5, "20 ms"),
        (1.0341, 0.312, "1.03 s"),
        (1.0341, 3.0, "1.0 s"),
        (0.02241, 0.000996, "22.4 ms"),
    ],
)
def test_time_has_two_digits_of_its_error_at_the_most(seconds, error, text):
    """A large error hides digits, a tiny one shows no more than two decimals."""
    assert format_seconds(seconds, error) == text


@pytest.mark.parametrize(
    ("seconds", "error", "text"),
    [
        (0.99996, None, "1.00 s"),
        (0.99996, 0.0003, "999.96 ms"),
        (0.99996, 0.003, "1.00 s"),
        (0.99994, 0.00003, "999.94 ms"),
        (0.9996, 0.02, "1.00 s"),
        (0.9994, 0.02, "999 ms"),
        (0.9999999e-3, None, "1.00 ms"),
        (0.9999999e-6, None, "1.00 µs"),
        (0.00999999, None, "10.0 ms"),
    ],
)
def test_time_just_below_a_unit_takes_that_unit(seconds, error, text):
    """999.96 ms rounded are a second, not 1000 ms."""
    assert format_seconds(seconds, error) == text


@pytest.mark.parametrize(
    ("low", "ratio", "high", "ratio_text", "interval_text"),
    [
        (0.780, 0.8517, 0.930, "0.852", "0.780 to 0.930"),
        (0.70, 0.95, 1.30, "0.95", "0.70 to 1.30"),
        (0.8511, 0.8517, 0.8523, "0.852", "0.851 to 0.852"),
        (1.0, 1.0, 1.0, "1.000", "1.000 to 1.000"),
        (9.4, 10.12, 10.9, "10.12", "9.40 to 10.90"),
        (8.0, 25.0, 79.0, "25", "8 to 79"),
        (104.0, 312.0, 987.0, "310", "100 to 990"),
        (0.00012, 0.00019, 0.0003, "0.00019", "0.00012 to 0.00030"),
        (12345.0, 12346.0, 12347.0, "12346.0", "12345.0 to 12347.0"),
    ],
)
def test_ratio_has_two_digits_of_its_interval_at_the_most(
    low, ratio, high, ratio_text, interval_text
):
    """The ratio and both ends of its interval agree in their decimals; none becomes a zero."""
    log_low, log_ratio, log_high = logs(low, ratio, high)
    assert format_ratio(log_ratio, log_low, log_high) == ratio_text
    assert format_interval(log_low, log_high) == interval_text


@pytest.mark.parametrize(("low", "high"), [(-1.2, 1.2), (-400.0, 400.0), (0.0, WIDEST + 1e-9)])
def test_interval_wider_than_tenfold_is_not_printed(low, high):
    """Neither it nor its ratio, however wide: a number would be believed."""
    assert format_interval(low, high) == "too wide"
    assert format_ratio((low + high) / 2, low, high) == "-"


def test_interval_of_exactly_tenfold_is_printed():
    """The bound itself is still told."""
    assert format_interval(0.0, WIDEST) == "1.0 to 10.0"


@pytest.mark.parametrize(
    ("log_ratio", "text"),
    [(0.0, "0.0 %"), (math.log1p(0.01), "1.0 %"), (math.log(2), "100.0 %"), (-0.105, "-10.0 %")],
)
def test_percentage_is_by_how_much_a_time_is_longer(log_ratio, text):
    """A margin of 0 is 0 %, twice as long is 100 %."""
    assert format_percent(log_ratio) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "-"),
        (0, "0.0 KiB"),
        (44.8 * 2**20, "44.8 MiB"),
        (1023.94 * 2**20, "1023.9 MiB"),
        (1023.96 * 2**20, "1.0 GiB"),
        (24105.6 * 2**20, "23.5 GiB"),
    ],
)
def test_memory_is_told_in_mebibytes_or_gibibytes(size, text):
    """A dash where it is not known."""
    assert format_bytes(size) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (0.42, "0.42"),
        (1.0, "1"),
        (7.5, "7.5"),
        (9.96, "10"),
        (54.6, "55"),
        (1e5, "100000"),
    ],
)
def test_mean_of_counts_is_whole_unless_it_is_small(count, text):
    """0.42 pages a second are not none."""
    assert format_count(count) == text


@pytest.mark.parametrize("log_ratio", [7.0, -7.0, 600.0, 1e6, math.inf])
def test_difference_without_end_is_told_all_the_same(log_ratio):
    """Two rounds may leave so much open; more than a float holds is no fault of the reader's."""
    assert format_size(log_ratio) == "over 1,000 times"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-0.005, "-5.00 ms"), (-12.0, "-12.0 s"), (-3e-9, "-3.00 ns")]
)
def test_time_below_zero_has_the_unit_of_its_size(seconds, text):
    """A cost to begin may be less than none."""
    assert format_seconds(seconds) == text


def test_nothing_has_no_minus_sign():
    """What is rounded to 0 lies on neither side of it."""
    assert format_change(-1e-6) == format_change(1e-6) == "+0.0 %"
    assert format_percent(-1e-6) == "0.0 %"
    assert format_difference(-1e-9, -1e-6, 1e-6) == "+0.0 µs"
    assert format_span(-1e-6, 0.002) == "+0.0 to +2.0 ms"


@pytest.mark.parametrize("log_ratio", [7.0, 600.0, 1e6])
def test_percentage_that_says_nothing_has_no_hundred_digits(log_ratio):
    """A thousand times as long is as long as one can imagine."""
    assert format_percent(log_ratio) == format_change(log_ratio) == "over 99900 %"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0.0 %"),
        (1e-17, "under 0.0000001 %"),
        (1e-7, "0.00001 %"),
        (0.00042, "0.04 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
    ],
)
def test_share_is_told_without_an_exponent(share, text):
    """However small, it is not 0."""
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("ratios", "span", "factors"),
    [
        ((1.052, 1.052), "5.2 %", "1.05 times"),
        ((1.052, 1.31), "5.2 to 31 %", "1.05 to 1.3 times"),
        ((1.98, 2.04), "2.0 times", "2.0 times"),
        ((1.04, 3.12), "1.04 to 3.1 times", "1.04 to 3.1 times"),
        ((1.7, 2.5), "1.7 to 2.5 times", "1.7 to 2.5 times"),
        ((2.5, 2.51), "2.5 times", "2.5 times"),
        ((3.0, 5000.0), "3.0 to over 1,000 times", "3.0 to over 1,000 times"),
    ],
)
def test_range_has_one_unit_that_both_ends_fit(ratios, span, factors):
    """Where one end is a factor, the other is one as well: "98 % to 2.0 times" seems to fall."""
    assert format_size_span(*logs(*ratios)) == span
    assert format_factors(*logs(*ratios)) == factors
