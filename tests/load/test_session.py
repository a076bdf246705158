"""The flow around runs: what is kept when a later one fails, and what is tried again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from crawlbench.errors import BenchError
from crawlbench.load.fire import Run
from crawlbench.load.model import Load, Lost, Target
from crawlbench.load.search import Goal
from crawlbench.session import load as session
from crawlbench.session.load import LoadOptions, run_load
from tests.load.test_outcome import LOAD, PART

LOST = Lost(0, "worker tcp://a", "the worker is gone", 1.0)
CLOSED = replace(LOAD, rate_per_s=None)


@pytest.fixture
def play(monkeypatch):
    """Return a function that runs a session with scripted runs: lost, whole, or an error."""

    def run(script, *loads, goal=None):
        script = iter(script)

        async def fire(_, load):
            assert isinstance(load, Load)
            word = next(script)
            if word == "gone":
                raise BenchError("the scheduler is gone")
            if word == "lost":
                return Run(load, (), (LOST,), None, None)
            rate = load.rate_per_s or 0
            done = PART.done_second if rate <= 200 else 0
            return Run(load, (replace(PART, done_second=done),), (), None, None)

        @asynccontextmanager
        async def bench(_):
            async def fit(load):
                return load

            yield SimpleBench(), "somewhere", fit

        monkeypatch.setattr(session, "fire", fire)
        monkeypatch.setattr(session, "_open_bench", bench)
        options = LoadOptions(
            loads=loads, goal=goal, step=LOAD, first_per_s=100.0, most_per_s=200.0
        )
        return asyncio.run(run_load(options, lambda _: None))

    return run


class SimpleBench:
    """Where no process is."""

    target = Target("127.0.0.1", 80, "/")


def test_finished_runs_are_kept_when_a_later_one_cannot_begin(play):
    """The report says why it ends there."""
    report = play(["whole", "gone"], LOAD, LOAD)
    assert len(report.runs) == 1
    assert report.stopped == report.failure == "the scheduler is gone"


def test_first_run_that_cannot_begin_is_an_error(play):
    """There is nothing to report."""
    with pytest.raises(BenchError, match="the scheduler is gone"):
        play(["gone"], LOAD)
    with pytest.raises(BenchError, match="the scheduler is gone"):
        play(["gone"], goal=Goal(0.99, 1.0))


def test_step_in_which_a_generator_is_lost_is_tried_again_and_never_judged(play):
    """Its rate had no part in that."""
    report = play(["lost", "whole", "lost", "lost", "whole", "whole"], goal=Goal(0.99, 1.0))
    assert [step.rate_per_s for step in report.found.steps] == [100.0, 200.0, 200.0]
    assert report.found.rate_per_s == 200.0
    assert report.failure is None


def test_search_without_end_of_losses_stops_and_keeps_its_steps(play):
    """Three times the same step."""
    report = play(["whole", "lost", "lost", "lost"], goal=Goal(0.99, 1.0))
    assert [step.held for step in report.found.steps] == [True]
    assert report.found.rate_per_s is None
    assert "200 per s: a generator was lost, the worker is gone, 3 times" in report.stopped


def test_lost_generator_is_the_failure_of_a_report(play):
    """Though all that was asked for was tried."""
    report = play(["whole", "lost"], LOAD, LOAD)
    assert report.stopped is None
    assert "1 of 1 generators were lost: the worker is gone" in report.failure
    assert play(["whole"], LOAD).failure is None
