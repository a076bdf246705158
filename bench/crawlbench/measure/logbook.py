"""Keeps a session while it is measured: its rounds, its runs, and its folder (floor 3)."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawlbench import __version__
from crawlbench.base.errors import UsageError
from crawlbench.base.records import FORMAT, Ending, Failure, Session, Stopping, WarningNote
from crawlbench.measure.calibration import calibrate
from crawlbench.measure.collect import label_run
from crawlbench.measure.conditions import StealMeter, join_conditions, read_conditions, steal_of
from crawlbench.measure.costs import expect_round_s
from crawlbench.measure.labels import require_sites
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.pace import choose_pace, keep_pace
from crawlbench.measure.resting import choose_resting, find_next
from crawlbench.measure.store import (
    append_round,
    close_session,
    create_folder,
    load_runs,
    reopen_session,
    write_session,
)
from crawlbench.measure.trace import write_trace
from crawlbench.mirror.networks import find_network
from crawlbench.plugins.about import describe_strategy, digest_of_code
from crawlbench.plugins.registry import Kind
from crawlbench.stats.judge import judge
from crawlbench.stats.open_groups import is_settled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyperf

    from crawlbench.base.records import Cell, Conditions, EnvironmentFacts, Machine, Plan
    from crawlbench.measure.contract import Watcher
    from crawlbench.measure.round import RoundResult


class Logbook:
    """Takes rounds, judges them, and keeps everything on disk."""

    def __init__(
        self,
        session: Session,
        runs: dict[str, list[pyperf.Run]],
        folder: Path,
        watcher: Watcher,
    ) -> None:
        """Continue from a session and its runs; see `begin` and `resume`."""
        self.session = session
        self.trouble = ""
        """What went wrong outside the cells, for the session's warnings."""
        self._runs = runs
        self._folder = folder
        self._watcher = watcher
        # Earlier parts of the session count for its budget, and the pauses after them do not.
        self._clock = time.monotonic() - session.seconds
        self._steal = StealMeter.start()
        stolen = session.conditions.steal_share if session.conditions else None
        self._before = stolen, session.seconds
        """The stolen share of CPU time, and the seconds, of what was measured earlier."""
        watcher.on_start(session)

    @classmethod
    def begin(
        cls,
        plan: Plan,
        folder: Path,
        watcher: Watcher,
        environments: Sequence[EnvironmentFacts] = (),
    ) -> Logbook:
        """Make the folder of a new session.

        Cells of an environment that cannot be used are invalid from the start.

        Raises:
            UsageError: the folder exists or cannot be made.
        """
        session = new_session(plan, environments)
        create_folder(folder, session)
        return cls(session, {cell.name: [] for cell in plan.cells}, folder, watcher)

    @classmethod
    def resume(
        cls,
        session: Session,
        folder: Path,
        watcher: Watcher,
        environments: Sequence[EnvironmentFacts] = (),
    ) -> Logbook:
        """Take up a session that ended early.

        Raises:
            UsageError: machine, versions, sites or networks are not those it began with.
        """
        _check_same(session, environments)
        require_sites(session.plan)
        runs = load_runs(folder, session)  # before `replace`: how it ended says where they are
        session = replace(
            session, ending=Ending.NONE, environments=tuple(environments), format=FORMAT
        )
        session = _take_up(session)
        reopen_session(folder, session, runs)
        return cls(session, runs, folder, watcher)

    @property
    def is_calibrated(self) -> bool:
        """Whether `loops` are known."""
        return bool(self.session.loops)

    def add_ceilings(self, ceilings: dict[str, float]) -> None:
        """Record how many requests per second each group's mirror can answer, by group."""
        self.session = replace(self.session, ceilings=ceilings)

    def add_calibration(self, result: RoundResult) -> None:
        """Choose loops and passes; cells that failed do not take part any more."""
        write_trace(self._folder, result.notes)
        self._replace(calibrate(self.session, result.record), result)

    def add_round(self, result: RoundResult) -> None:
        """Add a finished round and judge the session again."""
        runs = {cell: label_run(run, result.record, cell) for cell, run in result.runs.items()}
        for cell, run in runs.items():
            self._runs[cell].append(run)
        # Lines first: they are no part of the session until its file, written next, counts them.
        append_round(self._folder, result.record, runs)
        rounds = (*self.session.rounds, result.record)
        self._replace(replace(self.session, rounds=rounds), result)

    def reason_to_stop(self) -> Ending:
        """Return why no further round should be measured, or `NONE`."""
        session, plan = self.session, self.session.plan
        if len(session.failures) == len(plan.cells):
            return Ending.NOTHING_LEFT
        if not session.rounds:  # nothing says yet how long a round takes, so one is measured
            return Ending.NONE
        if len(session.rounds) >= plan.rounds:
            return Ending.ROUNDS
        if plan.stopping is Stopping.ANY and is_settled(session):
            return Ending.ANSWERED if plan.precision is None else Ending.PRECISE
        # A round counts only when it is finished, so none is started that the budget would cut off.
        next_end_s = session.seconds + expect_round_s(session, self.open_cells())
        is_spent = plan.budget_s and next_end_s > plan.budget_s
        return Ending.BUDGET if is_spent else Ending.NONE

    def open_cells(self) -> tuple[Cell, ...]:
        """Return the cells that take part in the next round."""
        return find_next(self.session)

    def close(self, ending: Ending) -> Session:
        """Write the session as it ended, and return it."""
        session = replace(self.session, ending=ending)
        if self.trouble:
            text = f"{self.trouble}; the rounds that were finished before are kept"
            note = WarningNote("mirror", text)
            session = replace(session, warnings=(*session.warnings, note))
        close_session(self._folder, session, self._runs)
        return session

    def _replace(self, session: Session, result: RoundResult) -> None:
        session = replace(
            session,
            seconds=time.monotonic() - self._clock,
            conditions=self._conditions(),
            failures=(*session.failures, *result.failures),
            http_parsers={**session.http_parsers, **result.http_parsers},
            unhosted=result.unhosted,
        )
        # In this order: who rests follows from the judgement, and laps follow from who rests.
        self.session = judge(session)
        if session.rounds:
            self.session = replace(self.session, resting=choose_resting(self.session))
            passes = choose_pace(self.session, self.open_cells())
            self.session = replace(self.session, passes=passes)
        write_session(self._folder, self.session)
        self._watcher.on_session(self.session)

    def _conditions(self) -> Conditions | None:
        """Return the conditions, with the CPU time that was stolen during the session."""
        seconds = time.monotonic() - self._clock - self._before[1]
        now = self._steal.share() if self._steal else None, seconds
        conditions = self.session.conditions
        stolen = steal_of((self._before, now))
        return replace(conditions, steal_share=stolen) if conditions else None


def new_session(plan: Plan, environments: Sequence[EnvironmentFacts] = ()) -> Session:
    """Return an empty session for a plan, created now on this machine."""
    obstacles = {facts.name: facts.obstacle for facts in environments if facts.obstacle}
    return Session(
        plan=plan,
        machine=_machine(plan),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        tool=__version__,
        networks=_networks(plan),
        environments=tuple(environments),
        models={
            name: describe_strategy(plan.path_of(name)).model
            for name in dict.fromkeys(cell.strategy for cell in plan.cells if cell.strategy)
        },
        codes=_codes(plan),
        conditions=read_conditions(),
        failures=tuple(
            Failure(cell.name, 0, obstacles[cell.environment], "")
            for cell in plan.cells
            if cell.environment in obstacles
        ),
    )


def _take_up(session: Session) -> Session:
    """Return a session that continues, judged by its plan, which may have another end than before.

    So what one look had answered is open again if a sequence does not answer it, and those who
    rested take part if the user has set the number of rounds.
    """
    conditions = join_conditions(session.conditions, read_conditions())
    session = replace(session, conditions=conditions)
    if not session.rounds:
        return session
    session = judge(session)
    session = replace(session, resting=choose_resting(session))
    # Not `choose_pace`: laps may have been chosen after this round already, in the earlier part.
    return replace(session, passes=keep_pace(session, find_next(session)))


def _networks(plan: Plan) -> dict[str, dict[str, float]]:
    names = dict.fromkeys(cell.network for cell in plan.cells if cell.network)
    return {name: find_network(plan.path_of(name)).as_numbers() for name in names}


def _codes(plan: Plan) -> dict[str, str]:
    """Return the digests of all files that fetch or read."""
    cells = [cell for cell in plan.cells if not cell.operation]
    kinds = {cell.strategy: Kind.STRATEGY for cell in cells}
    kinds |= {cell.parser: Kind.PARSER for cell in cells}
    return {name: digest_of_code(kind, plan.path_of(name)) for name, kind in kinds.items()}


def _machine(plan: Plan) -> Machine:
    """Describe this machine as far as a plan's cells need it."""
    axes = (plan.names_on(axis) for axis in ("strategy", "event_loop", "parser"))
    return describe_machine(*axes, cpus=plan.cpus, mirror_cpus=plan.mirror_cpus)


def _check_same(session: Session, environments: Sequence[EnvironmentFacts]) -> None:
    """Raise if this is not the place where the session began."""
    plan, codes = session.plan, _codes(session.plan)
    here = replace(
        session,
        environments=tuple(environments),
        tool=__version__,
        networks=_networks(plan),
        machine=_machine(plan),
        codes={name: codes.get(name, "") for name in session.codes},  # old sessions have none
    )
    then, now = _circumstances(session), _circumstances(here)
    changed = [f"{k}: {then[k]!r} then, {now[k]!r} now" for k in now if now[k] != then[k]]
    if changed:
        raise UsageError(
            "this session cannot continue here, because it would mix what differs "
            f"({'; '.join(changed)}); begin a new one"
        )


def _circumstances(session: Session) -> dict[str, object]:
    """Return what must not change within a session: where, with what and by which code it runs."""
    environments = {
        f"environment {facts.name}": (facts.python, facts.versions, facts.sources, facts.obstacle)
        for facts in session.environments
    }
    return {
        **environments,
        "crawlbench": session.tool,
        "networks": session.networks,
        **{name: getattr(session.machine, name) for name in session.machine.__slots__},
        **{f"code of {name}": code[:12] for name, code in session.codes.items()},
    }
