"""What the samples of a cell are summed up to."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from crawlbench.base.records import Failure
from crawlbench.stats.index import Index
from crawlbench.stats.judge import judge
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.summary import summarize
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

FAST, RAW = other("fast", "uvloop"), other(REFERENCE)


def summaries(rounds, failures=(), seen=None, **changes):
    """Return the summaries by cell."""
    session = make_session(make_plan(FAST, RAW), rounds, failures, seen, **changes)
    index = Index(session.rounds)
    return {summary.cell: summary for summary in summarize(session, index, {})}


def summary_of(values=(1.0, 1.0), **seen):
    """Return the summary of one cell of which this was seen."""
    return summaries([{FAST: list(values)}], seen={FAST: seen})[FAST.name]


def test_typical_time_is_over_rounds_of_the_midmeans_over_laps():
    """By logarithms; its error comes from the rounds, and one round has none."""
    two = summaries([{FAST: [1.0, 4.0]}, {FAST: [8.0]}])[FAST.name]
    assert two.values == 3
    assert two.seconds == pytest.approx(4.0)
    assert two.seconds_error > 4.0
    assert summary_of().seconds_error is None


def test_time_ratio_and_order_agree_by_construction():
    """The baseline's time is that of both twins; a cell's is that, times its ratio."""
    rounds = [
        {BASELINE: [1.0, 1.1, 5.0], CONTROL: [1.02, 1.1, 1.0], FAST: [0.5, 0.52, 9.0]},
        {BASELINE: [1.0, 1.2, 1.3], CONTROL: [1.04, 1.1, 1.1], FAST: [0.53, 0.51, 0.5]},
    ]
    judged = judge(make_session(make_plan(FAST), rounds))
    seconds = {one.cell: one.seconds for one in judged.summaries}
    base = seconds[BASELINE.name]
    (found,) = judged.against_baseline()
    assert seconds[FAST.name] / base == pytest.approx(math.exp(found.estimate))
    # The control's row has the control's own time, which lies beside that of both.
    twins = judged.controls[0].estimate
    assert seconds[CONTROL.name] / base == pytest.approx(math.exp(twins / 2))


def test_slow_laps_stand_beside_the_typical_time():
    """One lap of eight that takes four times as long moves the mean alone."""
    found = summary_of([1.0] * 7 + [4.0])
    assert found.seconds == pytest.approx(1.0)
    assert found.excess == pytest.approx(math.log(11 / 8))


def test_starved_share_is_what_others_had_of_the_workers_cpu():
    """No more than the worker itself left free on its CPUs (three here)."""
    assert summary_of(cpu_wait_s=0.2).starved_share == pytest.approx(0.2)
    assert summary_of(cpu_wait_s=9.0, cpu_user_s=2.5).starved_share == pytest.approx(0.25)
    assert summary_of(cpu_wait_s=9.0, cpu_user_s=0.1).starved_share == 1.0


def test_counts_are_per_crawl():
    """The builder's values are two crawls each; CPU times are per crawl already."""
    found = summary_of(requests=30, wire_bytes=500, yields=7, preemptions=3, connections=5)
    assert (found.per_s, found.wire_bytes, found.connections) == (15.0, 250.0, 2.5)
    assert (found.yields, found.preemptions) == (3.5, 1.5)
    assert (found.cpu_user_s, found.cpu_system_s, found.parse_s) == (0.5, 0.25, 0.1)


def test_pages_are_those_of_the_site_not_requests_of_the_first_value():
    """Retries and redirects make more, at one cell more than at another, but no more pages."""
    session = make_session(make_plan(FAST, RAW), [{FAST: [1.0, 1.0], RAW: [2.0, 2.0]}])
    (record,) = session.rounds
    counts = iter((26, 20, 24, 28))
    samples = tuple(
        replace(one, requests=next(counts)) if not one.warmup else one for one in record.samples
    )
    session = replace(session, rounds=(replace(record, samples=samples),))
    found = summarize(session, Index(session.rounds), {})
    assert {one.cell: one.per_s for one in found} == {FAST.name: 10.0, RAW.name: 5.0}


def test_wait_is_the_time_without_cpu_use():
    """User and system time are taken from it, the parser's is part of them."""
    assert summary_of(cpu_user_s=0.5, cpu_system_s=0.25, parse_s=0.4).wait_s == 0.25


def test_wait_is_never_negative():
    """Threads on several CPUs use more CPU time than passes."""
    assert summary_of(cpu_user_s=1.5, cpu_system_s=0.5).wait_s == 0.0


@pytest.mark.parametrize(
    ("base", "peak", "extra"),
    [(30, 40, 10), (40, 40, 0), (40, 30, 0), (None, 40, None), (30, None, None)],
)
def test_extra_memory_is_the_peak_beyond_what_was_there_before(base, peak, extra):
    """Never negative, and unknown where either is."""
    found = summary_of(base_rss_bytes=base, peak_rss_bytes=peak)
    assert (found.extra_rss_bytes, found.peak_rss_bytes) == (extra, peak)


def test_limit_is_told_where_the_reference_was_measured():
    """The network's round trips and the reference's CPU time, over the cell's time."""
    rounds = [{FAST: [2.0], RAW: [0.4]}]
    seen = {RAW: {"cpu_user_s": 0.2, "cpu_system_s": 0.04, "requests": 22}}
    found = summaries(rounds, seen=seen)
    assert found[FAST.name].of_limit == pytest.approx((2 * 0.04 + 0.24) / 2.0)
    assert found[RAW.name].of_limit == pytest.approx((2 * 0.04 + 0.24) / 0.4)
    assert summary_of().of_limit is None
    failed = summaries(rounds, [Failure(RAW.name, 1, "crashed")])
    assert failed[FAST.name].of_limit is None


def test_row_is_marked_by_the_ceiling_of_its_group():
    """20 requests in two crawls of half a second are more than half of 30 a second."""
    rounds = [{BASELINE: [0.5], FAST: [1.0]}]
    found = summaries(rounds, ceilings={"site/net": 30.0})
    assert {name.partition("/")[0]: s.mark for name, s in found.items()} == {
        "base": "server-bound",
        "fast": "",
    }
    assert found[BASELINE.name].server_share == pytest.approx(2 / 3)


def test_mirror_that_had_to_wait_for_a_cpu_marks_the_row():
    """More than the border of its way to the answers."""
    found = summary_of(mirror_cpu_s=0.08, mirror_wait_s=0.02)
    assert found.server_wait_share == pytest.approx(0.2)
    assert found.mark == "mirror disturbed"


def test_invalid_cells_and_those_without_values_are_left_out():
    """In the order of the plan."""
    rounds = [{CONTROL: [1.0], FAST: [1.0], BASELINE: [1.0]}]
    found = summaries(rounds, [Failure(FAST.name, 1, "crashed")])
    assert list(found) == [BASELINE.name, CONTROL.name]


@pytest.mark.parametrize(("second", "spoken"), [(0, "1.1"), (20, "2"), (5, "1.1, 2"), (None, "")])
def test_version_of_http_is_what_the_mirror_counted(second, spoken):
    """Of sessions of before nobody knows."""
    assert summary_of(http2_requests=second).http == spoken


def test_operation_speaks_no_http():
    """It asks for nothing."""
    assert summary_of(requests=0, http2_requests=0).http == ""
