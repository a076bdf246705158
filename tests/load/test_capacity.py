"""The whole search against a server that is a formula: what it finds is no more than there is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from crawlbench.load.fire import Run
from crawlbench.load.flow import judge_step
from crawlbench.load.latency import encode_counts
from crawlbench.load.model import Arrival, Load, Part
from crawlbench.load.outcome import sum_up
from crawlbench.load.search import Goal, confirmation_s, search
from crawlbench.load.tally import Tally

STEP = Load(arrival=Arrival.CONSTANT, span_s=2.0, connections=128, generators=1, drain_s=4.0)


def serve(load, capacity):
    """Return the run of a server that answers one request after the other, all in equal time."""
    tally, each_s, done = Tally(0.0, load.span_s), 1 / capacity, []
    for number in range(int(load.span_s * load.rate_per_s)):
        due = number / load.rate_per_s
        tally.count_due(due)
        free = done[-load.connections] if number >= load.connections else 0.0
        sent = max(due, free)
        done.append(max(sent, done[-1] if done else 0.0) + each_s)
        if done[-1] < load.span_s + load.drain_s and done[-1] - sent < load.timeout_s:
            tally.count_answer(due, sent, done[-1])
        else:
            tally.count_failure("no answer by the end")
    counts = ("due", "due_first", "sent", "answered", "answered_in_span", "done_first")
    part = Part(
        **{name: getattr(tally, name) for name in (*counts, "done_second", "failed", "refused")},
        **{name: encode_counts(getattr(tally, name)) for name in ("latency", "service", "lag")},
        **dict.fromkeys(("number", "received_bytes", "cpu_share", "cpu_wait_share"), 0),
        busy_share=0.0,
        unloaded_s=each_s,
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


def test_confirmation_has_requests_enough_within_a_minute():
    """Five steps, or a thousand requests; never shorter than a step."""
    assert confirmation_s(2.0, 1000.0) == 10.0
    assert confirmation_s(2.0, 50.0) == 20.0
    assert confirmation_s(2.0, 1.0) == 60.0
    assert confirmation_s(90.0, 100.0) == 90.0
