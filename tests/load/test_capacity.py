"""The whole search against a server that is a formula: what it finds is no more than there is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from crawlbench.load.fire import Run
from crawlbench.load.flow import judge_step
from crawlbench.load.latency import encode_counts
from crawlbench.load.model import Arrival, GeneratorPart, Load
from crawlbench.load.options import choose_step
from crawlbench.load.outcome import sum_up
from crawlbench.load.search import Goal, confirmation_s, search
from crawlbench.load.tally import RunCounts

STEP = Load(arrival=Arrival.CONSTANT, span_s=2.0, connections=128, generators=1, drain_s=4.0)


def serve(load, capacity):
    """Return the run of a server that answers one request after the other, all in equal time."""
    each_s, done = 1 / capacity, []

    def answer(number, due):
        free = done[-load.connections] if number >= load.connections else 0.0
        sent = max(due, free)
        done.append(max(sent, done[-1] if done else 0.0) + each_s)
        return sent, done[-1]

    return play(load, answer, each_s)


def play(load, answer, unloaded_s):
    """Return a run in which a function says when each request is sent and answered."""
    tally = RunCounts(0.0, load.span_s, unloaded_s)
    for number in range(int(load.span_s * load.rate_per_s)):
        due = number / load.rate_per_s
        tally.count_due(due)
        sent, at = answer(number, due)
        if at < load.span_s + load.drain_s and at - sent < load.timeout_s:
            tally.count_answer(due, sent, at)
        else:
            tally.count_failure("no answer by the end")
    counts = ("due", "due_first", "sent", "answered", "answered_in_span", "done_first")
    part = GeneratorPart(
        **{name: getattr(tally, name) for name in (*counts, "done_second", "failed", "refused")},
        **{name: encode_counts(getattr(tally, name)) for name in ("latency", "service", "lag")},
        **dict.fromkeys(("number", "received_bytes", "cpu_share", "cpu_wait_share"), 0),
        busy_share=0.0,
        unloaded_s=unloaded_s,
        late_s=0.0,
        began_utc="2026-01-01T00:00:00+00:00",
    )
    return Run(load, (part,), (), None, None)


def find(goal, capacity, first):
    async def attempt(rate, is_long):
        span_s = confirmation_s(STEP.span_s, rate) if is_long else STEP.span_s
        run = serve(replace(STEP, rate_per_s=rate, span_s=span_s), capacity)
        return judge_step(goal, rate, sum_up(run))

    return asyncio.run(search(goal, attempt, first, 100_000.0))


@pytest.mark.parametrize(
    "capacity", [50.0, 73.0, 200.0, pytest.param(1000.0, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("goal_s", [0.2, pytest.param(0.5, marks=pytest.mark.long), 1.0])
@pytest.mark.parametrize("first", [40.0, 100.0])
def test_rate_that_was_found_is_within_the_capacity(capacity, goal_s, first):
    """A small overload passes for noise in a step of 2 s, but not in a confirmation."""
    found = find(Goal(0.99, goal_s), capacity, first)
    assert 0.9 <= found.rate_per_s / capacity <= 1.02


@pytest.mark.parametrize("unloaded_s", [0.5, 1.9, 2.0, 6.0])
def test_rate_is_kept_by_a_server_that_always_takes_its_time(unloaded_s):
    """In steps of 2 s: all that is due is answered so much later, and nothing piles up."""
    goal = Goal(0.99, 1.1 * unloaded_s)
    step = choose_step(replace(STEP, rate_per_s=50.0, drain_s=10.0), 2.0, goal)
    run = play(step, lambda _, due: (due, due + unloaded_s), unloaded_s)
    assert judge_step(goal, 50.0, sum_up(run)).why == ""


def test_first_answers_may_be_slower_than_those_under_load():
    """Such as those of a server that fills its caches: nothing is overdue then."""
    run = play(replace(STEP, rate_per_s=500.0), lambda _, due: (due, due + 0.001), 0.2)
    assert sum_up(run).kept


@pytest.mark.parametrize("unloaded_s", [0.0, 0.01, 0.3])
def test_backlog_shows_though_answers_may_take_their_time(unloaded_s):
    """A tenth of all requests piles up."""
    step = replace(STEP, rate_per_s=500.0, drain_s=10.0)
    run = play(step, lambda n, due: (due, max(due, n / 450.0) + unloaded_s), unloaded_s)
    assert sum_up(run).kept is False


def test_goal_that_lets_some_be_late_waits_for_them():
    """One answer of twenty takes 2 s, which p90 does not mind."""
    goal = Goal(0.9, 0.05)
    step = choose_step(replace(STEP, rate_per_s=500.0, drain_s=10.0), 10.0, goal)
    run = play(step, lambda n, due: (due, due + (0.001 if n % 20 else 2.0)), 0.001)
    assert judge_step(goal, 500.0, sum_up(run)).why == ""
    assert choose_step(step, 2.0, Goal(0.99, 0.05)).drain_s == 1.0
    assert choose_step(step, 2.0, Goal(0.99, 2.0)).drain_s == 8.0


def test_confirmation_has_requests_enough_within_a_minute():
    """Five steps, or a thousand requests; never shorter than a step."""
    assert confirmation_s(2.0, 1000.0) == 10.0
    assert confirmation_s(2.0, 50.0) == 20.0
    assert confirmation_s(2.0, 1.0) == 60.0
    assert confirmation_s(90.0, 100.0) == 90.0
