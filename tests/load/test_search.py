"""The search for the highest rate, against a server that is a formula."""

from __future__ import annotations

import asyncio

import pytest

from crawlbench.base.errors import BenchError, UsageError
from crawlbench.load.search import NEAR, Goal, TriedRate, parse_goal, search

GOAL = Goal(0.99, 0.05)


def look(capacity, first=100.0, most=100_000.0, fails_again=()):
    tried = []

    async def attempt(rate, is_long):
        tried.append(rate)
        held = rate <= capacity and not (rate in fails_again and tried.count(rate) > 1)
        return TriedRate(rate, held, "" if held else "too slow", 0.01)

    return asyncio.run(search(GOAL, attempt, first, most)), tried


@pytest.mark.parametrize("capacity", [3.0, 70.0, 100.0, 101.0, 5432.0, 99_999.0])
def test_answer_held_twice_and_is_near_to_what_failed(capacity):
    """Whether the first rate is too low or too high."""
    found, tried = look(capacity)
    assert found.rate_per_s <= capacity < found.failed_per_s
    assert found.failed_per_s / found.rate_per_s <= NEAR + 0.01
    assert [step.rate_per_s for step in found.steps].count(found.rate_per_s) == 2
    assert found.steps[-1].is_confirmation
    assert len(tried) < 27


def test_search_that_breaks_off_keeps_its_steps():
    """Such as when all workers are gone."""

    async def attempt(rate, is_long):
        if rate > 300:
            raise BenchError("no worker is left")
        return TriedRate(rate, True, "", 0.01)

    found = asyncio.run(search(GOAL, attempt, 100.0, 1000.0))
    assert (found.rate_per_s, found.stopped) == (None, "no worker is left")
    assert [step.rate_per_s for step in found.steps] == [100.0, 200.0]


def test_short_steps_are_trusted_no_more_once_they_were_wrong():
    """Twice the capacity passes in a short step: from the confirmation on all are long."""
    long = []

    async def attempt(rate, is_long):
        long.append(is_long)
        held = rate <= (500.0 if is_long else 1000.0)
        return TriedRate(rate, held, "" if held else "too slow", 0.01)

    found = asyncio.run(search(GOAL, attempt, 100.0, 100_000.0))
    assert found.rate_per_s <= 500.0 < found.failed_per_s <= 500.0 * (NEAR + 0.01)
    assert long == sorted(long)


def stumble(at, capacity=40_000.0, *, is_lasting=False):
    """Search on a server that fails in its step number `at`, from 0; if lasting, when short."""
    tried = []

    async def attempt(rate, is_long):
        tried.append(rate)
        stalls = len(tried) == at + 1 or (is_lasting and len(tried) > at and not is_long)
        held = rate <= capacity and not stalls
        return TriedRate(rate, held, "" if held else "too slow", 0.01)

    return asyncio.run(search(GOAL, attempt, 100.0, 100_000.0))


@pytest.mark.parametrize("at", [0, 1, 2, 5, 12])
def test_one_stall_does_not_bound_the_answer(at):
    """In the first step, in the first rate, on the way up or in between: that is tried again."""
    found = stumble(at)
    assert 40_000.0 / (NEAR + 0.01) <= found.rate_per_s <= 40_000.0 < found.failed_per_s


def test_failure_is_believed_if_the_step_was_long():
    """Where all short steps fail, the rate that fails at the end did so in a long one, once."""
    found = stumble(3, is_lasting=True)
    failed = [step for step in found.steps if step.rate_per_s == found.failed_per_s]
    assert found.rate_per_s > 40_000.0 / (NEAR + 0.01)
    assert len(failed) == 1


def test_first_step_is_not_judged():
    """It warms everything up, and is not among the steps."""
    found, tried = look(5432.0)
    assert tried[:2] == [100.0, 100.0]
    assert len(found.steps) == len(tried) - 1


def test_bound_is_the_answer_where_nothing_fails():
    """The search says that it did not go on."""
    found, tried = look(1e9, most=1000.0)
    assert (found.rate_per_s, found.failed_per_s) == (1000.0, None)
    assert max(tried) == 1000.0


def test_no_answer_where_nothing_holds():
    """Down to one request per second."""
    found, tried = look(0.5)
    assert found.rate_per_s is None
    assert min(tried) >= 1.0


def test_rate_that_does_not_hold_again_is_no_answer():
    """The search goes on below it."""
    first, _ = look(1000.0)
    found, _ = look(1000.0, fails_again={first.rate_per_s})
    assert found.rate_per_s < first.rate_per_s
    assert found.failed_per_s <= first.rate_per_s
    assert found.steps[-1].held


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("p99=50ms", Goal(0.99, 0.05)),
        ("p99.9=1s", Goal(0.999, 1.0)),
        ("p50=200us", Goal(0.5, 0.0002)),
    ],
)
def test_goals_are_read(text, goal):
    """Percentile, time, unit."""
    read = parse_goal(text)
    assert read.fraction == pytest.approx(goal.fraction)
    assert read.seconds == pytest.approx(goal.seconds)


@pytest.mark.parametrize(
    "text",
    ["p99=50ms", "p99.9=1000ms", "p99.99999=1000ms", "p99.9999999999999=7ms", "p0.1=1234.567ms"],
)
def test_goals_are_shown_as_they_were_typed(text):
    """With all digits: rounded to 100, a percentile would be another one, and none at all."""
    assert parse_goal(text).text == text


@pytest.mark.parametrize(("typed", "shown"), [("12345678ms", "12345678ms"), ("50us", "0.05ms")])
def test_times_of_goals_have_all_digits(typed, shown):
    """In milliseconds, whatever the unit was."""
    assert parse_goal(f"p99={typed}").text == f"p99={shown}"


@pytest.mark.parametrize(
    "text", ["", "p99", "p99=50", "p0=1s", "99=1s", "p100=1s", "p99=0ms", "p99.99999999999999=1s"]
)
def test_what_is_no_goal_is_refused(text):
    """In a sentence with an example."""
    with pytest.raises(UsageError, match="p99=50ms"):
        parse_goal(text)
