"""The flow of `crawlbench load`: a mirror or an address, runs, a search, a record (floor 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil

from crawlbench import registry
from crawlbench.errors import BenchError, UsageError
from crawlbench.load.crew import local_crew
from crawlbench.load.extra import require_histograms
from crawlbench.load.fire import Bench, Unwatched, fire
from crawlbench.load.latency import merge, quantile
from crawlbench.load.model import Load, Target
from crawlbench.load.outcome import Outcome, sum_up
from crawlbench.load.search import Found, Goal, Step, confirmation_s, search
from crawlbench.load.workers import Cluster, open_cluster
from crawlbench.measure.machine import describe_machine
from crawlbench.mirror.process import open_mirror
from crawlbench.networks import find_network
from crawlbench.report.numbers import format_seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.load.crew import Crew
    from crawlbench.load.fire import Run
    from crawlbench.mirror.process import MirrorProcess

__all__ = ["Done", "LoadOptions", "LoadReport", "judge_step", "make_target", "run_load"]

MOST_PER_S = 100_000.0
TRIES = 3
"""Of a step in which a generator is lost: such a step says nothing about its rate."""
LOOPBACK = ("127.", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What a user asks for."""

    loads: tuple[Load, ...]
    """Runs, one after the other."""
    goal: Goal | None
    """Of the search after them; None: no search."""
    step: Load
    """Of the search, but for its rate."""
    first_per_s: float
    """Rate that the search begins with."""
    most_per_s: float = MOST_PER_S
    site: str = "douban-top250"
    network: str = "loopback"
    seed: int = 1
    url: str | None = None
    """Of a server that is not a mirror of ours; None: a mirror is started."""
    ca_file: str | None = None
    cluster: str | None = None
    """Address of a scheduler; None: generators are processes of this machine."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run and what it adds up to."""

    run: Run
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LoadReport:
    """All that came of one call."""

    options: LoadOptions
    target: Target
    where: str
    """For people: what was loaded."""
    runs: tuple[Done, ...]
    found: Found | None
    stopped: str | None = None
    """Why not all was done that was asked for; None if all was."""

    @property
    def failure(self) -> str | None:
        """Why this is not what was asked for: it stopped, or a run lost what it should measure."""
        return self.stopped or next(filter(None, map(_tell_failure, self.runs)), None)


class MirrorWatch:
    """Counts at the mirror, and its process's CPU time."""

    def __init__(self, mirror: MirrorProcess) -> None:
        self._mirror = mirror
        self._process = psutil.Process(mirror.pid)
        self._runs = 0

    async def begin(self) -> None:
        self._runs += 1
        await self._mirror.begin(f"load {self._runs}")

    def cpu_s(self) -> float | None:
        try:
            times = self._process.cpu_times()
        except psutil.Error:
            return None
        return float(times.user + times.system)

    async def end(self) -> int | None:
        return (await self._mirror.end()).requests


async def run_load(options: LoadOptions, say: Callable[[str], None]) -> LoadReport:
    """Make the runs, then the search.

    Args:
        options: what is asked for.
        say: is told what begins, a line each.

    Raises:
        UsageError: an option cannot be used, or an extra is missing.
        BenchError: the server cannot be reached, or the mirror died, before anything was done.
    """
    require_histograms()
    async with _open_bench(options) as (bench, where, fit):
        done: list[Done] = []
        found, stopped = None, None
        try:
            for wanted in options.loads:
                load = await fit(wanted)
                say(_announce(load))
                run = await fire(bench, load)
                done.append(Done(run, sum_up(run)))
        except BenchError as error:
            if not done:
                raise
            stopped = str(error)
        if options.goal and not stopped:
            found = await _search(bench, fit, options, say)
            stopped = found.stopped
            if stopped and not (done or found.steps):
                raise BenchError(stopped)
    return LoadReport(options, bench.target, where, tuple(done), found, stopped)


def _tell_failure(done: Done) -> str | None:
    if lost := done.run.lost:
        count = f"{len(lost)} of {len(lost) + len(done.run.parts)} generators"
        return f"{count} were lost: {lost[0].reason}; their part is not in these figures"
    if done.outcome.due and not done.outcome.answered:
        kinds = ", ".join(done.outcome.failed)
        return f"all {done.outcome.due} requests of a run failed: {kinds}; no latency is known"
    return None


Fit = Callable[[Load], Awaitable[Load]]
"""Gives a load as many generators as there can be now."""


@asynccontextmanager
async def _open_bench(options: LoadOptions) -> AsyncIterator[tuple[Bench, str, Fit]]:
    """Start what is loaded and find who loads it."""
    machine = describe_machine()
    async with AsyncExitStack() as stack:
        crew: Crew = local_crew
        cluster: Cluster | None = None
        if options.cluster:
            cluster = await stack.enter_async_context(open_cluster(options.cluster))
            crew = cluster.crew()
        if options.url is None:
            _check_near(cluster.workers if cluster else [])
            spec = registry.load(registry.Kind.SITE, options.site)
            network = find_network(options.network)
            opening = open_mirror(
                options.site, options.network, network, options.seed, machine.mirror_cpus
            )
            mirror = await stack.enter_async_context(opening)
            target = make_target(mirror.address + spec.path, mirror.ca_file)
            bench = Bench(target, crew, MirrorWatch(mirror), machine.worker_cpus)
            where = f"mirror of {options.site} on {options.network}"
        else:
            target = make_target(options.url, options.ca_file)
            bench = Bench(target, crew, Unwatched())
            where = target.origin + target.path

        async def fit(load: Load) -> Load:
            return _fit(load, await cluster.look() if cluster else None)

        yield bench, where, fit


def make_target(url: str, ca_file: str | None) -> Target:
    """Return what an absolute address names."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        parts.hostname or "", parts.port or (443 if is_tls else 80), path, is_tls, ca_file
    )


def _check_near(workers: list[str]) -> None:
    """Refuse workers on other machines for a mirror that only this one can reach."""
    for worker in workers:
        if not worker.partition("://")[2].startswith(LOOPBACK):
            raise UsageError(
                f"worker {worker} cannot reach a mirror that listens on this machine only; serve "
                "one with `crawlbench mirror serve --host ADDRESS --i-know`, and give --url"
            )


def _fit(load: Load, workers: list[str] | None) -> Load:
    """Give a load as many generators as there can be.

    Raises:
        UsageError: there are fewer workers than generators.
    """
    if workers is not None:
        wanted = load.generators or len(workers)
        if wanted > len(workers):
            raise UsageError(
                f"--generators {wanted} cannot be used: the cluster has {len(workers)} workers "
                "with the resource crawlbench=1, and each takes one"
            )
        load = replace(load, generators=wanted)
    return replace(load, generators=min(load.generators or 1, load.connections))


def _announce(load: Load) -> str:
    what = f"{load.connections} connections" if not load.is_open else f"{load.rate_per_s:g} per s"
    return f"{load.arrival}, {what}, {load.generators} generators, {load.span_s:g} s"


async def _search(
    bench: Bench, fit: Fit, options: LoadOptions, say: Callable[[str], None]
) -> Found:
    goal, step = options.goal, options.step
    assert goal

    async def attempt(rate: float, is_long: bool) -> Step:
        span_s = confirmation_s(step.span_s, rate) if is_long else step.span_s
        run = await _fire_whole(bench, fit, replace(step, rate_per_s=rate, span_s=span_s), say)
        tried = judge_step(goal, rate, sum_up(run))
        say(f"{rate:g} per s: {'holds' if tried.held else tried.why}")
        return tried

    say(f"looking for the highest rate with {goal.text}")
    return await search(goal, attempt, options.first_per_s, options.most_per_s)


async def _fire_whole(bench: Bench, fit: Fit, load: Load, say: Callable[[str], None]) -> Run:
    """Make a run in which no generator is lost.

    Raises:
        BenchError: in each of several tries one was, or it did not begin.
    """
    for _ in range(TRIES):
        run = await fire(bench, await fit(load))
        if not run.lost:
            return run
        reason = f"{load.rate_per_s:g} per s: a generator was lost, {run.lost[0].reason}"
        say(reason)
    raise BenchError(f"{reason}, {TRIES} times; that says nothing about the rate")


def judge_step(goal: Goal, rate: float, outcome: Outcome) -> Step:
    """Tell whether a rate was kept and held the goal."""
    failed = sum(outcome.failed.values())
    latency_s = quantile(merge([outcome.histogram]), goal.fraction, failed)
    if not outcome.kept:
        return Step(
            rate, False, f"could not keep the rate: {'; '.join(outcome.reasons)}", latency_s
        )
    if latency_s is None:
        return Step(rate, False, f"{failed} of {outcome.due} requests failed", None)
    if latency_s > goal.seconds:
        return Step(rate, False, f"{goal.percentile} is {format_seconds(latency_s)}", latency_s)
    return Step(rate, True, "", latency_s)
