"""The flow around runs: what is kept when a later one fails, and what is tried again."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from crawlbench.base.errors import BenchError
from crawlbench.load import flow as session
from crawlbench.load import options as allowed
from crawlbench.load.fire import Run
from crawlbench.load.flow import run_load
from crawlbench.load.model import Load, Lost, NotReady, Target
from crawlbench.load.options import LoadOptions
from crawlbench.load.search import Goal
from tests.load.test_outcome import LOAD, PART

LOST = Lost(0, "worker tcp://a", "the worker is gone", 1.0)
CLOSED = replace(LOAD, rate_per_s=None)
ERRORS = {
    "gone": BenchError("the scheduler is gone"),
    "not ready": NotReady("the load did not begin: the worker is gone"),
    "cancelled": asyncio.CancelledError(),
}


@pytest.fixture
def play(monkeypatch):
    """Return a function that runs a session with scripted runs; each try has a generator more."""

    def run(script, *loads, goal=None):
        script = iter(script)
        tries = itertools.count(1)

        async def fire(_, load):
            assert isinstance(load, Load)
            word = next(script)
            if word in ERRORS:
                raise ERRORS[word]
            if word == "lost":
                return Run(load, (), (LOST,), None, None)
            rate = load.rate_per_s or 0
            done = PART.done_second if rate <= 200 else 0
            return Run(load, (replace(PART, done_second=done),), (), None, None)

        @asynccontextmanager
        async def bench(_):
            async def fit(load):
                return replace(load, generators=next(tries))

            yield SimpleBench(), "somewhere", fit

        monkeypatch.setattr(session, "fire", fire)
        monkeypatch.setattr(session, "open_bench", bench)
        monkeypatch.setattr(allowed, "MAX_PER_S", 200.0)
        options = LoadOptions(loads=loads, goal=goal, step=LOAD, first_per_s=100.0)
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


def test_run_that_does_not_begin_as_a_generator_is_lost_is_tried_again(play):
    """With the generators that are there then; one that is lost later is told instead."""
    report = play(["not ready", "not ready", "whole", "lost"], LOAD, LOAD)
    assert [done.run.load.generators for done in report.runs] == [3, 4]
    assert report.stopped is None
    report = play(["not ready", *["whole"] * 4], goal=Goal(0.99, 1.0))
    assert report.found.rate_per_s == 200.0
    assert report.failure is None


def test_run_that_never_begins_is_given_up(play):
    """After three tries; what was finished before is kept."""
    with pytest.raises(BenchError, match="did not begin: the worker is gone, 3 times"):
        play(["not ready"] * 3, LOAD)
    report = play(["whole", *["not ready"] * 3], LOAD, LOAD)
    assert len(report.runs) == 1
    assert "the worker is gone, 3 times" in report.stopped


def test_step_in_which_a_generator_is_lost_is_tried_again_and_never_judged(play):
    """Its rate had no part in that."""
    report = play(
        ["lost", "whole", "whole", "lost", "lost", "whole", "whole"], goal=Goal(0.99, 1.0)
    )
    assert [step.rate_per_s for step in report.found.steps] == [100.0, 200.0, 200.0]
    assert report.found.rate_per_s == 200.0
    assert report.failure is None


def test_search_without_end_of_losses_stops_and_keeps_its_steps(play):
    """Three times the same step."""
    report = play(["whole", "whole", "lost", "lost", "lost"], goal=Goal(0.99, 1.0))
    assert [step.held for step in report.found.steps] == [True]
    assert report.found.rate_per_s is None
    assert "200 per s: a generator was lost, the worker is gone, 3 times" in report.stopped


def test_lost_generator_is_the_failure_of_a_report(play):
    """Though all that was asked for was tried."""
    report = play(["whole", "lost"], LOAD, LOAD)
    assert report.stopped is None
    assert "1 of 1 generators were lost: the worker is gone" in report.failure
    assert play(["whole"], LOAD).failure is None


def test_interrupted_load_keeps_what_was_finished(play):
    """Runs, and steps of a search."""
    report = play(["whole", "cancelled"], LOAD, LOAD)
    assert (len(report.runs), report.stopped) == (1, "interrupted")
    report = play(["whole", "cancelled"], LOAD, goal=Goal(0.99, 1.0))
    assert (len(report.runs), report.found, report.stopped) == (1, None, "interrupted")
    report = play(["whole", "whole", "cancelled"], goal=Goal(0.99, 1.0))
    assert [step.rate_per_s for step in report.found.steps] == [100.0]
    assert report.found.stopped == report.stopped == "interrupted"
    assert report.is_interrupted


@pytest.mark.parametrize(("loads", "goal"), [((LOAD,), None), ((), Goal(0.99, 1.0))])
def test_load_that_is_interrupted_before_anything_is_finished_has_no_report(play, loads, goal):
    """It is cancelled, as everything is."""
    with pytest.raises(asyncio.CancelledError):
        play(["cancelled"], *loads, goal=goal)
