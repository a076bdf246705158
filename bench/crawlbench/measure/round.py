"""One round: a fresh worker per cell, a group's alive at once, taking laps together (floor 3)."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from crawlbench.base.errors import CellError, CellRefusal
from crawlbench.base.records import Anchor, Cell, Failure, RoundRecord
from crawlbench.base.text import encodable
from crawlbench.measure.invariants import Due, Patience, find_breach, find_misconduct
from crawlbench.measure.sampling import make_sample
from crawlbench.measure.schedule import Turn, plan_turns, plan_waves
from crawlbench.measure.verify import Expectation, find_fault, find_odd_loop, is_wrong_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pyperf

    from crawlbench.base.counters import Counters
    from crawlbench.base.records import Sample
    from crawlbench.measure.contract import AnchorWorker, Executor, Value, Worker

__all__ = ["Mirror", "RoundPlan", "RoundResult", "run_round"]

MAX_ALIVE = 240
"""Workers at once, if no group has more: each is a process of some 30 to 60 MB."""


class Mirror(Protocol):
    """What a round needs of the other end: a mirror, or the peer of operations."""

    async def begin(
        self,
        epoch: str,
        *,
        plays_network: bool,
        lap: int = 0,
        laps: int = 1,
        trace_file: Path | None = None,
    ) -> None:
        """Count anew, with the network's delays or without, and note each request in a file.

        Delays are spread evenly over the laps of an epoch, which is a round.
        """

    async def end(self) -> Counters:
        """Return what was counted."""


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """What one round is to do."""

    number: int
    """From 1; 0 is the calibration."""
    seed: int
    cells: tuple[Cell, ...]
    loops: Mapping[str, int]
    """Crawls per value, by cell."""
    warmups: int
    """Laps that are thrown away."""
    laps: int
    """Times that each group has its turn."""
    passes: Mapping[str, int]
    """Laps that a group takes in a turn, by group."""
    modules: Mapping[str, str | None]
    """Top-level module of the event loop that must run, by cell; None for none."""
    declared: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """What strategies say of their HTTP, by name: versions, and codings beside gzip."""
    every: Mapping[str, int] = field(default_factory=dict)
    """Laps per lap in which a cell takes part, by cell; those that are not named miss none."""
    patience: Patience = field(default_factory=Patience)
    """Patience with cells that do not stand still; shared by all rounds of a session."""
    trace_folder: Path | None = None
    """Where the last crawl of each cell is noted, request by request; None: nowhere."""

    def place(self, cell: Cell, lap: int = 0) -> tuple[int, int]:
        """Return which of its own laps a cell takes in a lap of its group, and how many it has."""
        every, laps = self.every.get(cell.name, 1), self.laps * self.passes[cell.group]
        return lap // every, math.ceil(laps / every)


@dataclass(slots=True)
class RoundResult:
    """What one round gave."""

    record: RoundRecord
    runs: dict[str, pyperf.Run] = field(default_factory=dict)
    """The runs of the cells that reached the end, by cell."""
    failures: list[Failure] = field(default_factory=list)
    http_parsers: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Path] = field(default_factory=dict)
    """The file with the requests of each cell's last crawl, by cell, where requests are noted."""


async def run_round(
    plan: RoundPlan,
    executor: Executor,
    mirrors: Mapping[str, Mirror],
    expectations: Mapping[str, Expectation],
    on_sample: Callable[[int, Sample], None],
) -> RoundResult:
    """Start the workers, let them through lap by lap, and collect their runs, wave by wave.

    Args:
        plan: of this round.
        executor: makes the workers.
        mirrors: by the cells' place.
        expectations: by site.
        on_sample: called after each value, outside the clock, with the round's number.

    Raises:
        MirrorError: a mirror died; the round is lost.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    course = _Course(plan, mirrors, expectations)
    try:
        for groups in course.waves(executor):
            await course.start(executor, groups)
            for turn in course.turns(groups):
                with course.timing(turn):
                    await course.take(turn, on_sample)
            await course.finish()
    finally:
        await course.end_all()
    values = tuple(course.samples), tuple(course.anchors)
    record = RoundRecord(plan.number, started, time.monotonic() - clock, *values, course.laps_s)
    return RoundResult(record, course.runs, course.failures, course.http_parsers, course.notes)


class _Course:
    """The state of a round under way."""

    def __init__(
        self,
        plan: RoundPlan,
        mirrors: Mapping[str, Mirror],
        expectations: Mapping[str, Expectation],
    ) -> None:
        self._plan = plan
        self._mirrors = mirrors
        self._expectations = expectations
        self._cells = {cell.name: cell for cell in plan.cells}
        self._groups: dict[str, list[str]] = {}
        for cell in plan.cells:
            self._groups.setdefault(cell.group, []).append(cell.name)
        self._workers: dict[str, Worker] = {}
        self._anchor: AnchorWorker | None = None
        self.laps_s = 0.0
        self.samples: list[Sample] = []
        self.anchors: list[Anchor] = []
        self.runs: dict[str, pyperf.Run] = {}
        self.failures: list[Failure] = []
        self.http_parsers: dict[str, str] = {}
        self.notes: dict[str, Path] = {}

    def waves(self, executor: Executor) -> list[list[str]]:
        """Return the groups that are measured together; only what has its own process counts."""
        alone = {
            group: [name for name in names if not executor.is_hosted(self._cells[name])]
            for group, names in self._groups.items()
        }
        return plan_waves(alone, MAX_ALIVE, self._plan.seed, self._plan.number)

    async def start(self, executor: Executor, groups: list[str]) -> None:
        """Start the groups' workers at once; those that do not get ready are failures."""
        plan = self._plan

        async def start_one(cell: Cell) -> None:
            loops, (_, values) = plan.loops[cell.name], plan.place(cell)
            try:
                worker = await executor.start(cell, loops, plan.warmups, values)
            except CellError as error:
                self._fail(cell.name, error, "at its start")
            else:
                self._workers[cell.name] = worker

        async def start_anchor() -> None:
            with suppress(CellError):  # a round is as good without
                self._anchor = await executor.start_anchor()

        cells = [self._cells[name] for group in groups for name in self._groups[group]]
        await asyncio.gather(start_anchor(), *[start_one(cell) for cell in cells])

    def turns(self, groups: list[str]) -> Iterator[Turn]:
        """Yield the turns of the groups."""
        plan, cells = self._plan, {group: self._groups[group] for group in groups}
        return plan_turns(
            cells, plan.warmups, plan.laps, plan.passes, plan.every, plan.seed, plan.number
        )

    @contextmanager
    def timing(self, turn: Turn) -> Iterator[None]:
        """Count what a turn of a lap takes."""
        self.laps_s -= 0.0 if turn.warmup else time.monotonic()
        yield
        self.laps_s += 0.0 if turn.warmup else time.monotonic()

    async def take(self, turn: Turn, on_sample: Callable[[int, Sample], None]) -> None:
        """Let a cell through once, if it is still right."""
        if turn.anchors:
            await self._time_anchors(turn)
        if turn.cell not in self._workers:
            return
        try:
            await self._workers[turn.cell].get_ready()
            sample = await self._measure(self._cells[turn.cell], turn)
        except CellError as error:
            await self._workers.pop(turn.cell).kill()
            self._fail(turn.cell, error, f"in {'warmup' if turn.warmup else 'lap'} {turn.lap + 1}")
        else:
            self.samples.append(sample)
            on_sample(self._plan.number, sample)

    async def _time_anchors(self, turn: Turn) -> None:
        """Note in which state the machine is; what fails there costs no cell anything."""
        group = self._cells[turn.cell].group
        if not self._anchor or not any(name in self._workers for name in self._groups[group]):
            return
        try:
            times = await self._anchor.time()
        except CellError:
            await self._end_anchor()
        else:
            self.anchors.append(Anchor(group, turn.lap, *times))

    async def finish(self) -> None:
        """Let all workers end and collect the runs that they leave."""

        async def finish_one(name: str, worker: Worker) -> None:
            try:
                self.runs[name] = await worker.finish()
            except CellError as error:
                self._fail(name, error, "at its end")

        await asyncio.gather(*[finish_one(*pair) for pair in self._workers.items()])
        self._workers.clear()
        await self._end_anchor()

    async def end_all(self) -> None:
        """End the workers that are still there, after whatever happened."""
        await self._end_anchor()
        await asyncio.gather(*[worker.kill() for worker in self._workers.values()])

    async def _end_anchor(self) -> None:
        if self._anchor:
            await self._anchor.kill()
            self._anchor = None

    async def _measure(self, cell: Cell, turn: Turn) -> Sample:
        """Take one value and verify it, all but the crawl outside the clock."""
        mirror, loops = self._mirrors[cell.place], self._plan.loops[cell.name]
        await self._begin(mirror, turn)
        try:
            value = await self._workers[cell.name].take()
        finally:
            counters = await mirror.end()  # a dead mirror explains whatever befell the worker
        await self._verify(cell, self._plan.patience.excuse(cell.name, value), counters, loops)
        if value.http_parser:
            self.http_parsers[cell.name] = value.http_parser
        return make_sample(turn, value, counters, loops)

    async def _begin(self, mirror: Mirror, turn: Turn) -> None:
        """Let the mirror count, and note what it sees if that is asked for.

        A warmup makes code and caches ready; waiting for a network would add nothing to that.
        """
        plan, cell, path = self._plan, self._cells[turn.cell], None
        if plan.trace_folder and not turn.warmup and not cell.operation:
            path = plan.trace_folder / f"{list(self._cells).index(turn.cell)}.jsonl"
            self.notes[turn.cell] = path
        lap, laps = plan.place(cell, turn.lap)
        await mirror.begin(
            str(plan.number),
            plays_network=not turn.warmup,
            lap=lap,
            laps=laps,
            trace_file=path,
        )

    async def _verify(self, cell: Cell, value: Value, counters: Counters, loops: int) -> None:
        """Raise CellError with the first difference if the value is not right."""
        module = self._plan.modules[cell.name]
        if cell.operation:  # it has verified the work itself; one that only makes loops runs none
            odd = find_odd_loop(value, module) if value.event_loops else None
            if odd := odd or find_misconduct(value):
                raise CellError(odd)
            return
        expectation = self._expectations[cell.site]
        if is_wrong_answer(value, expectation):
            for rows in await self._workers[cell.name].show():
                if rows != expectation.rows:
                    raise CellError(f"wrong answer: {expectation.difference(rows)}")
        due = Due.of(cell, expectation, loops, self._plan.declared.get(cell.strategy))
        fault = find_fault(value, counters, expectation, loops, module)
        if fault := fault or find_breach(value, counters, due):
            raise CellError(fault)

    def _fail(self, name: str, error: CellError, when: str) -> None:
        number, detail = self._plan.number, encodable(error.detail)
        phase = f"round {number}" if number else "calibration"
        reason = f"{encodable(str(error))} ({phase}, {when})"
        self.failures.append(Failure(name, number, reason, detail, isinstance(error, CellRefusal)))
