"""The flow of `crawlbench load`: runs, then a search, then a report of both (floor 4)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError
from crawlbench.base.text import count_of
from crawlbench.load.bench import open_bench
from crawlbench.load.fire import fire
from crawlbench.load.latency import merge, quantile, require_histograms
from crawlbench.load.model import NotReady
from crawlbench.load.outcome import Outcome, sum_up
from crawlbench.load.search import INTERRUPTED, Found, TriedRate, confirmation_s, search
from crawlbench.report.numbers import format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.load.bench import Fit
    from crawlbench.load.fire import Bench, Run
    from crawlbench.load.model import Load, Target
    from crawlbench.load.options import LoadOptions
    from crawlbench.load.search import Goal

TRIES = 3
"""How often to try a run that does not begin, or a step in which a generator is lost."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run and its summed-up outcome."""

    run: Run
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Everything that one call measured."""

    options: LoadOptions
    target: Target
    where: str
    """What was loaded, in words for people."""
    runs: tuple[Done, ...]
    found: Found | None
    stopped: str | None = None
    """Why something that the user asked for was not done; None if everything was."""

    @property
    def failure(self) -> str | None:
        """Why this is less than what was asked for; None if it is not.

        It stopped early, lost a generator, or had a run in which every request failed.
        """
        return self.stopped or next(filter(None, map(_tell_failure, self.runs)), None)

    @property
    def is_interrupted(self) -> bool:
        """Whether somebody ended it early."""
        return self.stopped == INTERRUPTED


async def run_load(options: LoadOptions, say: Callable[[str], None]) -> LoadReport:
    """Make the runs, then the search, and return what they found.

    If this is cancelled after a run or step is done, the report has what was done until then.

    Args:
        options: what the user asked for.
        say: called with a line before each run and step.

    Raises:
        UsageError: an option cannot be used, or an extra is missing.
        BenchError: the server cannot be reached, or the mirror died, before anything was done.
    """
    require_histograms()
    done: list[Done] = []
    found, stopped = None, None
    try:
        async with open_bench(options) as (bench, where, fit):
            stopped = await _make_runs(bench, fit, options, done, say)
            if options.goal and not stopped:
                found = await _search(bench, fit, options, say)
                stopped = found.stopped
                if stopped and not (done or found.steps):
                    raise BenchError(stopped)
    except asyncio.CancelledError:  # also while everything is being ended
        if not (done or found):
            raise
        stopped = INTERRUPTED
    return LoadReport(options, bench.target, where, tuple(done), found, stopped)


async def _make_runs(
    bench: Bench, fit: Fit, options: LoadOptions, done: list[Done], say: Callable[[str], None]
) -> str | None:
    """Make the runs, append each to `done`, and return why not all were made; None if all were."""

    async def fit_and_say(wanted: Load) -> Load:
        load = await fit(wanted)
        say(_announce(load))
        return load

    try:
        for wanted in options.loads:
            run = await _fire(bench, fit_and_say, wanted, say)
            done.append(Done(run, sum_up(run)))
    except BenchError as error:
        if not done:
            raise
        return str(error)
    return None


def _tell_failure(done: Done) -> str | None:
    if lost := done.run.lost:
        count = f"{len(lost)} of {len(lost) + len(done.run.parts)} generators"
        return f"{count} were lost: {lost[0].reason}; their part is not in these figures"
    if done.outcome.due and not done.outcome.answered:
        kinds = ", ".join(done.outcome.failed)
        return f"all {done.outcome.due} requests of a run failed: {kinds}; no latency is known"
    return None


def _announce(load: Load) -> str:
    closed = count_of(load.connections, "connection")
    what = f"{load.rate_per_s:g} per s" if load.is_open else closed
    generators = count_of(load.generators, "generator")
    return f"{load.arrival}, {what}, {generators}, {load.span_s:g} s"


async def _search(
    bench: Bench, fit: Fit, options: LoadOptions, say: Callable[[str], None]
) -> Found:
    goal, step = options.goal, options.step
    assert goal

    async def attempt(rate: float, is_long: bool) -> TriedRate:
        span_s = confirmation_s(step.span_s, rate) if is_long else step.span_s
        wanted = replace(step, rate_per_s=rate, span_s=span_s)
        run = await _fire(bench, fit, wanted, say, must_be_whole=True)
        tried = judge_step(goal, rate, sum_up(run))
        say(f"{rate:g} per s: {'holds' if tried.held else tried.why}")
        return tried

    say(f"looking for the highest rate with {goal.text}; the first step is not judged")
    return await search(goal, attempt, options.first_per_s, options.most_per_s)


async def _fire(
    bench: Bench,
    fit: Fit,
    wanted: Load,
    say: Callable[[str], None],
    *,
    must_be_whole: bool = False,
) -> Run:
    """Make and return a run; try again if it does not begin for a reason that may pass.

    If it must be whole, try again as well if a generator was lost after the start.

    Raises:
        BenchError: no try did what it should, or the run did not begin for a reason that stays.
    """
    for _ in range(TRIES):
        try:
            run = await fire(bench, await fit(wanted))
        except NotReady as error:
            reason = str(error)
        else:
            if not (run.lost and must_be_whole):
                return run
            reason = f"{wanted.rate_per_s:g} per s: a generator was lost, {run.lost[0].reason}"
        say(reason)
    raise BenchError(f"{reason}, {TRIES} times")


def judge_step(goal: Goal, rate: float, outcome: Outcome) -> TriedRate:
    """Return a step that says whether a rate was kept and met the goal, and if not, why."""
    failed = sum(outcome.failed.values())
    limits = "".join(
        f"; {text}" for text in (outcome.generator_limit, outcome.mirror_limit) if text
    )
    latency_s = quantile(merge([outcome.histogram]), goal.fraction, failed)
    if not outcome.kept:
        return TriedRate(
            rate, False, f"could not keep the rate: {'; '.join(outcome.reasons)}", latency_s
        )
    if latency_s is None:
        return TriedRate(rate, False, f"{failed} of {outcome.due} requests failed{limits}", None)
    if latency_s > goal.seconds:
        why = f"{goal.percentile} is {format_seconds(latency_s)}{limits}"
        return TriedRate(rate, False, why, latency_s)
    return TriedRate(rate, True, "", latency_s)
