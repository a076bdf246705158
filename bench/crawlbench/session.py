"""The whole flow of `crawlbench run` (floor 4)."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from crawlbench import __version__, registry
from crawlbench.errors import MirrorError
from crawlbench.measure.collect import label_run, merge_runs
from crawlbench.measure.executor import Executor, ProcessExecutor
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.round import RoundPlan, RoundResult, run_round
from crawlbench.measure.store import create_folder, write_session, write_suite
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.measure.verify import Expectation, expect
from crawlbench.mirror.process import MirrorProcess, open_mirror
from crawlbench.networks import find_network
from crawlbench.records import Plan, Sample, Session, WarningNote
from crawlbench.stats.judge import is_precise, judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pyperf

__all__ = ["Watcher", "run_session"]

CALIBRATION_WARMUPS = 1  # the first crawl of a process pays for what later ones find ready
MOST_LOOPS = 10_000  # crawls per value, whatever the least time of a value is


class Watcher(Protocol):
    """Is told how a session gets on, always outside the clock."""

    def on_start(self, session: Session) -> None:
        """See what is planned."""

    def on_sample(self, number: int, sample: Sample) -> None:
        """See each value that was right, with its round; round 0 is the calibration."""

    def on_session(self, session: Session) -> None:
        """See the session after the calibration and after each finished round."""


async def run_session(plan: Plan, folder: Path, watcher: Watcher) -> Session:
    """Measure a plan round by round; what is finished is on disk and in the session returned.

    Cancellation (Ctrl-C) and the death of a mirror end a session early, not wrongly.

    Raises:
        UsageError: the folder exists or cannot be made.
    """
    log = _Log(plan, folder, watcher)
    try:
        async with _open_lab(log.session) as lab:
            log.add_calibration(await lab.measure(log.session, 0, watcher))
            while not log.reason_to_stop():
                log.add_round(await lab.measure(log.session, len(log.session.rounds) + 1, watcher))
            ending = log.reason_to_stop()
    except asyncio.CancelledError:
        ending = "interrupted"
    except MirrorError as error:
        log.trouble = str(error)
        ending = "mirror"
    return log.close(ending)


class _Log:
    """The session so far, its runs, and its folder."""

    def __init__(self, plan: Plan, folder: Path, watcher: Watcher) -> None:
        self.session = Session(
            plan=plan,
            machine=describe_machine(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            tool=__version__,
            networks={c.network: find_network(c.network).as_numbers() for c in plan.cells},
        )
        self.trouble = ""
        self._runs: dict[str, list[pyperf.Run]] = {cell.name: [] for cell in plan.cells}
        self._folder = folder
        self._watcher = watcher
        self._clock = time.monotonic()
        create_folder(folder, self.session)
        watcher.on_start(self.session)

    def add_calibration(self, result: RoundResult) -> None:
        """Choose `loops`; the cells that failed take part no further."""
        seconds = {s.cell: s.seconds for s in result.record.samples if not s.warmup}
        loops = {name: _loops(self.session.plan.min_time_s, s) for name, s in seconds.items()}
        for cell in self.session.plan.cells:
            baseline = self.session.plan.baselines[cell.group]
            if cell.control and cell.name in loops and baseline in loops:
                loops[cell.name] = loops[baseline]  # twins in all
        self._replace(replace(self.session, loops=loops), result)

    def add_round(self, result: RoundResult) -> None:
        """Take in a finished round and judge anew."""
        for cell, run in result.runs.items():
            self._runs[cell].append(label_run(run, result.record, cell))
        rounds = (*self.session.rounds, result.record)
        self._replace(replace(self.session, rounds=rounds), result)

    def reason_to_stop(self) -> str:
        """Return why no further round is to be measured, or an empty text."""
        session, plan = self.session, self.session.plan
        if len(session.failures) == len(plan.cells):
            return "nothing left"
        if not session.rounds:
            return ""
        if len(session.rounds) >= plan.rounds:
            return "rounds"
        if is_precise(session):
            return "precise"
        next_end_s = session.seconds + session.rounds[-1].seconds
        return "budget" if plan.budget_s and next_end_s > plan.budget_s else ""

    def close(self, ending: str) -> Session:
        """Write and return the session as it ended."""
        session = replace(self.session, ending=ending)
        if self.trouble:
            session = replace(session, warnings=(*session.warnings, _trouble(self.trouble)))
        write_session(self._folder, session)
        return session

    def _replace(self, session: Session, result: RoundResult) -> None:
        session = replace(
            session,
            seconds=time.monotonic() - self._clock,
            failures=(*session.failures, *result.failures),
            http_parsers={**session.http_parsers, **result.http_parsers},
        )
        self.session = judge(session)
        valid = {c: runs for c, runs in self._runs.items() if not session.failure(c)}
        suite = merge_runs(valid)
        if suite:
            write_suite(self._folder, suite)
        write_session(self._folder, self.session)
        self._watcher.on_session(self.session)


def _loops(min_time_s: float, seconds: float) -> int:
    return min(MOST_LOOPS, max(1, math.ceil(min_time_s / seconds)))


def _trouble(text: str) -> WarningNote:
    return WarningNote("mirror", f"{text}; the rounds that were finished before are kept")


@dataclass(frozen=True, slots=True)
class _Lab:
    """What rounds are measured with: mirrors and an executor."""

    mirrors: dict[str, MirrorProcess]
    """By group: one for each site on each network."""
    executor: Executor
    expectations: dict[str, Expectation]
    """By site."""

    async def measure(self, session: Session, number: int, watcher: Watcher) -> RoundResult:
        """Measure one round of the cells that are still right; round 0 is the calibration."""
        plan = session.plan
        cells = tuple(cell for cell in plan.cells if not session.failure(cell.name))
        round_plan = RoundPlan(
            number=number,
            seed=plan.seed,
            cells=cells,
            loops=session.loops if number else {cell.name: 1 for cell in cells},
            warmups=plan.warmups if number else CALIBRATION_WARMUPS,
            laps=plan.laps if number else 1,
            modules={
                cell.name: registry.declared_module(cell.event_loop) if cell.event_loop else None
                for cell in cells
            },
        )
        return await run_round(
            round_plan, self.executor, self.mirrors, self.expectations, watcher.on_sample
        )


@asynccontextmanager
async def _open_lab(session: Session) -> AsyncIterator[_Lab]:
    """Start a mirror per site and network, and the turnstile; end them when the block ends."""
    plan, machine = session.plan, session.machine
    sites = {cell.site: registry.load(registry.Kind.SITE, cell.site) for cell in plan.cells}
    groups = {cell.group: cell for cell in plan.cells}
    async with AsyncExitStack() as stack:
        mirrors = {
            group: await stack.enter_async_context(
                open_mirror(
                    cell.site,
                    cell.network,
                    find_network(cell.network),
                    plan.seed,
                    machine.mirror_cpus,
                )
            )
            for group, cell in groups.items()
        }
        turnstile = await stack.enter_async_context(open_turnstile())
        origins = {group: mirror.address for group, mirror in mirrors.items()}
        executor = ProcessExecutor(turnstile, origins, machine.worker_cpus, plan.timeout_s)
        expectations = {name: expect(spec) for name, spec in sites.items()}
        yield _Lab(mirrors, executor, expectations)
