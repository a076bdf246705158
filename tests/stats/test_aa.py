"""What sessions of equal things are summed up to."""

from __future__ import annotations

import math

import pytest

from crawlbench.base.records import RoundRecord
from crawlbench.stats.aa import AaOutcome, blocks_outcome, laps_outcome, sum_up
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_sample, make_session

NAMES = (CONTROL.name, BASELINE.name, 0.95)


def in_laps(pairs):
    """Return rounds of both twins."""
    rounds = [{BASELINE: [one, one], CONTROL: [two, two]} for one, two in pairs]
    return make_session(make_plan(), rounds).rounds


def in_blocks(first, second):
    """Return the rounds of one twin, then those of the other."""
    values = [(BASELINE, seconds) for seconds in first] + [(CONTROL, s) for s in second]
    return [
        RoundRecord(n, "", 10.0, (make_sample(cell, 0, seconds),))
        for n, (cell, seconds) in enumerate(values, 1)
    ]


def test_twins_in_laps_are_compared_pair_by_pair(scipy_stats):
    """A drift that both share does not show, in the mean or in the width."""
    outcome = laps_outcome(in_laps([(1.0, 1.01), (2.0, 2.0), (4.0, 3.96)]), *NAMES)
    expected = scipy_stats.ttest_1samp(
        [math.log(1.01), 0.0, math.log(0.99)], 0
    ).confidence_interval()
    assert (outcome.low, outcome.high) == pytest.approx((expected.low, expected.high))
    assert outcome.seconds == 30.0
    assert not outcome.is_false_alarm


def test_twins_in_blocks_are_compared_by_their_means(scipy_stats):
    """Welch's interval on the logarithms of the rounds' means."""
    first, second = [1.0, 1.1, 0.9], [1.3, 1.4, 1.2]
    outcome = blocks_outcome(in_blocks(first, second), *NAMES)
    logs = [[math.log(value) for value in values] for values in (second, first)]
    expected = scipy_stats.ttest_ind(*logs, equal_var=False).confidence_interval()
    assert (outcome.low, outcome.high) == pytest.approx((expected.low, expected.high))
    assert outcome.seconds == 60.0
    assert outcome.is_false_alarm


def test_detectable_difference_is_found_with_a_chance_of_four_fifths(scipy_stats):
    """The interval's half-width, and the quantile of the power on top."""
    outcome = laps_outcome(in_laps([(1.0, 1.01), (1.0, 1.0), (1.0, 0.99)]), *NAMES)
    half = (outcome.high - outcome.low) / 2
    error = half / scipy_stats.t.ppf(0.975, 2)
    assert outcome.detectable == pytest.approx(half + scipy_stats.t.ppf(0.8, 2) * error)


def test_one_round_gives_no_outcome():
    """Of either method."""
    assert laps_outcome(in_laps([(1.0, 1.0)]), *NAMES) is None
    assert blocks_outcome(in_blocks([1.0], [1.0, 1.1]), *NAMES) is None
    assert blocks_outcome(in_blocks([1.0, 1.1], [1.0]), *NAMES) is None


@pytest.mark.parametrize(
    ("low", "high", "alarm"),
    [(-0.1, 0.1, False), (0.0, 0.1, False), (-0.1, 0.0, False), (0.01, 0.1, True)],
)
def test_false_alarm_is_an_interval_without_zero(low, high, alarm):
    """The truth is zero."""
    assert AaOutcome(0.0, low, high, 0.1, 1.0).is_false_alarm is alarm


@pytest.mark.parametrize(("count", "rank"), [(1, 1), (10, 10), (19, 19), (20, 19), (40, 38)])
def test_margin_is_the_95th_percentile_of_the_sizes(count, rank):
    """Nineteen sessions of twenty look no further apart, in whichever direction."""
    outcomes = [AaOutcome((-1) ** n * n / 1000, -1.0, 1.0, 0.0, 1.0) for n in range(count, 0, -1)]
    assert sum_up("laps", outcomes).margin == rank / 1000


def test_sum_has_alarms_error_detectable_and_time():
    """The error is the root mean square, the detectable difference the median."""
    outcomes = [
        AaOutcome(0.03, 0.01, 0.05, 0.02, 10.0),
        AaOutcome(-0.04, -0.09, 0.01, 0.03, 20.0),
        AaOutcome(0.0, -0.01, 0.01, 0.10, 30.0),
    ]
    summary = sum_up("blocks", outcomes)
    assert (summary.method, summary.sessions, summary.false_alarms) == ("blocks", 3, 1)
    assert summary.error == pytest.approx(0.05 / math.sqrt(3))
    assert (summary.detectable, summary.seconds) == (0.03, 20.0)
