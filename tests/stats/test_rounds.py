"""What rounds took, and what one takes in which all take part."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

import pytest

from crawlbench.base.records import Cell, Failure
from crawlbench.stats.rounds import expect_full_s, find_groups, fit_around, time_values
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

FAST = other("fast")
LONG, SHORT = (Cell.of_operation(name, "asyncio") for name in ("long", "short"))
BESIDE_S = 0.01


def timed(cells, rounds, around_s=5.0, **changes):
    """Return a session in whose rounds cells took so many seconds, in two values of two crawls."""
    plan = make_plan(FAST)
    plan = replace(plan, cells=(*plan.cells, LONG, SHORT))
    made = make_session(
        plan, [{cell: [cells[cell] / 4] * 2 for cell in round_} for round_ in rounds], **changes
    )
    records = []
    for record in made.rounds:
        values = [one for one in record.samples if not one.warmup]
        laps_s = sum(one.seconds * one.loops + BESIDE_S for one in values)
        records.append(replace(record, laps_s=laps_s, seconds=laps_s + around_s))
    return replace(made, rounds=tuple(records))


SECONDS = {BASELINE: 8.0, CONTROL: 8.0, FAST: 2.0, LONG: 4.0, SHORT: 1.0}
ALL = (*SECONDS,)


def test_values_are_told_with_what_is_around_them():
    """Warmups are no values."""
    record = timed(SECONDS, [ALL]).rounds[0]
    assert time_values(record)[FAST.name] == pytest.approx([1.01, 1.01])
    assert time_values(replace(record, laps_s=None))[FAST.name] == pytest.approx([1.0, 1.0])


def test_those_who_slept_or_left_are_in_a_round_of_all():
    """A mean of rounds in which most were asleep would be less than half of it."""
    whole = timed(SECONDS, [ALL]).rounds[0].seconds
    session = timed(SECONDS, [ALL, *[(SHORT,)] * 9])
    assert expect_full_s(session) == pytest.approx(whole)
    left = timed(SECONDS, [ALL, (BASELINE, CONTROL, SHORT), (BASELINE, CONTROL, FAST, SHORT)])
    assert expect_full_s(left) == pytest.approx(whole)


def test_those_who_failed_are_not():
    """They take no more values."""
    session = timed(SECONDS, [ALL, *[[cell for cell in ALL if cell is not LONG]] * 9])
    broken = replace(session, failures=(Failure(LONG.name, 2, "crashed"),))
    assert expect_full_s(session) == pytest.approx(session.rounds[0].seconds)
    assert expect_full_s(broken) == pytest.approx(fmean(one.seconds for one in session.rounds))


def test_rounds_that_grew_are_expected_to_be_as_long_again():
    """And those that shrank as long as they were on average."""
    short, long = (timed(SECONDS, [ALL], around_s=around_s).rounds[0] for around_s in (5.0, 25.0))
    session = timed(SECONDS, [ALL])
    for rounds, seconds in (((short, long), long.seconds), ((long, short), short.seconds + 10.0)):
        assert expect_full_s(replace(session, rounds=rounds)) == pytest.approx(seconds)
    old = tuple(replace(record, laps_s=None) for record in (short, long))
    assert expect_full_s(replace(session, rounds=old)) == pytest.approx(long.seconds)
    assert expect_full_s(replace(session, rounds=())) is None


def test_groups_of_a_round_are_those_with_values():
    session = timed(SECONDS, [ALL, (FAST, SHORT)])
    assert find_groups(session, session.rounds[0]) == {FAST.group, LONG.group, SHORT.group}
    assert find_groups(session, session.rounds[1]) == {FAST.group, SHORT.group}


@pytest.mark.parametrize(
    ("counts", "around_s", "expected"),
    [
        ((10, 10, 2), (25.0, 25.0, 9.0), (5.0, 2.0)),
        ((10, 10, 10), (24.0, 25.0, 26.0), (25.0, 0.0)),  # nobody slept: nothing tells them apart
        ((10, 2), (5.0, 6.0), (5.5, 0.0)),  # no group makes a round shorter
        ((10, 5), (10.0, 4.0), (0.0, 0.96)),  # nor is anything below zero
        ((3,), (7.0,), (7.0, 0.0)),
    ],
)
def test_what_each_group_adds_shows_where_rounds_differ_in_them(counts, around_s, expected):
    assert fit_around(counts, around_s) == pytest.approx(expected)
