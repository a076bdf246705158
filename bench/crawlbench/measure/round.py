"""One round: a fresh worker per cell; those of a group live together and share laps (floor 3)."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawlbench.base.errors import CellError, CellRefusal
from crawlbench.base.records import Anchor, Cell, Failure, RoundRecord
from crawlbench.base.tasks import run_all
from crawlbench.base.text import encodable
from crawlbench.measure.collect import pick
from crawlbench.measure.invariants import Due, find_breach, find_misconduct
from crawlbench.measure.schedule import Turn, plan_turns, plan_waves
from crawlbench.measure.strays import explain, find_strays, holds_up
from crawlbench.measure.verify import (
    Expectation,
    explain_wrong,
    find_fault,
    find_odd_loop,
    is_wrong_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pyperf

    from crawlbench.base.counters import Counters
    from crawlbench.base.records import Sample
    from crawlbench.measure.contract import Counterpart, Value, Worker
    from crawlbench.measure.executor import ProcessExecutor
    from crawlbench.measure.handle import AnchorHandle
    from crawlbench.measure.schedule import RoundPlan

MAX_ALIVE = 240
"""Workers alive at once, unless one group has more: each is a process of some 30 to 60 MB."""
MAX_STARTING = 8
"""Workers that start or end at once; 218, on two CPUs, took longer than `handle.py` lets them."""


@dataclass(slots=True)
class RoundResult:
    """The result of one round."""

    record: RoundRecord
    runs: dict[str, pyperf.Run] = field(default_factory=dict)
    """The runs of the cells that reached the end, by cell."""
    failures: list[Failure] = field(default_factory=list)
    http_parsers: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Path] = field(default_factory=dict)
    """The file with the requests of each cell's last crawl, by cell, if requests are noted."""
    unhosted: tuple[str, ...] = ()
    """The groups of operations that are not hosted in the rounds that follow."""


async def run_round(
    plan: RoundPlan,
    executor: ProcessExecutor,
    mirrors: Mapping[str, Counterpart],
    expectations: Mapping[str, Expectation],
    on_sample: Callable[[int, Sample], None],
) -> RoundResult:
    """Start the workers, let them through lap by lap, and collect their runs, wave by wave.

    Args:
        plan: what this round has to do.
        executor: makes the workers.
        mirrors: the mirrors, or peers of operations, by the cells' place.
        expectations: what a correct crawl returns, by site.
        on_sample: called after each value, outside the clock, with the round's number.

    Raises:
        MirrorError: a mirror died, and the round is lost.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    course = _Course(plan, mirrors, expectations)
    try:
        for groups in course.waves(executor):
            await course.start(executor, groups)  # all of them: a start would disturb a value
            for turn in course.turns(groups):
                with course.timing(turn):
                    await course.take(turn, on_sample)
            await course.finish()  # not before the last value, which it would disturb
    finally:
        await course.end_all()
        executor.end_round()
    values = tuple(course.samples), tuple(course.anchors)
    record = RoundRecord(plan.number, started, time.monotonic() - clock, *values, course.laps_s)
    return RoundResult(record, course.runs, course.failures, course.http_parsers, course.notes)


class _Course:
    """The state of a round in progress."""

    def __init__(
        self,
        plan: RoundPlan,
        mirrors: Mapping[str, Counterpart],
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
        self._taken: dict[str, list[bool]] = {}
        """For each cell of the wave, whether the value of each of its turns is kept."""
        self._anchor: AnchorHandle | None = None
        self.laps_s = 0.0
        self.samples: list[Sample] = []
        self.anchors: list[Anchor] = []
        self.runs: dict[str, pyperf.Run] = {}
        self.failures: list[Failure] = []
        self.http_parsers: dict[str, str] = {}
        self.notes: dict[str, Path] = {}

    def waves(self, executor: ProcessExecutor) -> list[list[str]]:
        """Return the groups that are measured together."""
        processes = {
            group: {executor.name_process(self._cells[name]) for name in names}
            for group, names in self._groups.items()
        }
        return plan_waves(processes, MAX_ALIVE, self._plan.seed, self._plan.number)

    async def start(self, executor: ProcessExecutor, groups: list[str]) -> None:
        """Start the groups' workers; those that do not get ready count as failures."""
        plan, door = self._plan, asyncio.Semaphore(MAX_STARTING)

        async def start_one(cell: Cell) -> None:
            counts = plan.loops[cell.name], plan.count_warmups(cell), plan.count_values(cell)
            try:
                async with door:
                    worker = await executor.start(cell, *counts)
            except CellError as error:
                self._fail(cell.name, error, "at its start")
            else:
                self._workers[cell.name], self._taken[cell.name] = worker, []

        async def start_anchor() -> None:
            with suppress(CellError):  # a round is as good without anchors
                self._anchor = await executor.start_anchor()

        cells = [self._cells[name] for group in groups for name in self._groups[group]]
        await run_all([start_anchor(), *[start_one(cell) for cell in cells]])

    def turns(self, groups: list[str]) -> Iterator[Turn]:
        """Yield the turns of the groups."""
        return plan_turns(self._plan, {group: self._groups[group] for group in groups})

    @contextmanager
    def timing(self, turn: Turn) -> Iterator[None]:
        """Add up what a turn of a lap takes."""
        self.laps_s -= 0.0 if turn.warmup else time.monotonic()
        yield  # if this raises, the round is lost, and the sum with it
        self.laps_s += 0.0 if turn.warmup else time.monotonic()

    async def take(self, turn: Turn, on_sample: Callable[[int, Sample], None]) -> None:
        """Let a cell through once, unless it has failed."""
        if turn.anchors:  # they belong to the lap: due even if this cell has failed
            await self._time_anchors(turn)
        if turn.cell not in self._workers:
            return
        try:
            await self._workers[turn.cell].get_ready()  # before the span: it may repeat warmups
            sample = await self._measure(self._cells[turn.cell], turn)
        except CellError as error:
            await self._expel(turn.cell, error, turn)
        else:
            self._taken[turn.cell].append(sample is not None)
            if sample:
                self.samples.append(sample)
                on_sample(self._plan.number, sample)

    async def _expel(self, name: str, error: CellError, turn: Turn) -> None:
        """Exclude a cell from the rest of this round, and shut its door."""
        if name in self._workers:  # else it is out already, and a process of it lives on
            await self._workers.pop(name).kill()
            await self._mirrors[self._cells[name].place].shut_doors([name])
            self._fail(name, error, f"in {'warmup' if turn.warmup else 'lap'} {turn.lap + 1}")

    async def _time_anchors(self, turn: Turn) -> None:
        """Note the state of the machine; a failure here costs no cell anything."""
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
        """Let all workers end, and collect the runs that they leave."""
        door = asyncio.Semaphore(MAX_STARTING)

        async def finish_one(name: str, worker: Worker) -> None:
            try:
                async with door:
                    run = pick(await worker.finish(), self._taken[name])
            except CellError as error:
                self._fail(name, error, "at its end")
            else:
                if run:  # else strays held up each of its values
                    self.runs[name] = run

        await asyncio.gather(*[finish_one(*pair) for pair in self._workers.items()])
        self._workers.clear()
        await self._end_anchor()
        for place in {self._cells[name].place for name in self._taken}:  # even if all failed
            await self._mirrors[place].shut_doors()
        self._taken.clear()

    async def end_all(self) -> None:
        """End the workers that are still there, whatever happened."""
        await self._end_anchor()
        await asyncio.gather(*[worker.kill() for worker in self._workers.values()])

    async def _end_anchor(self) -> None:
        if self._anchor:
            await self._anchor.kill()
            self._anchor = None

    async def _measure(self, cell: Cell, turn: Turn) -> Sample | None:
        """Take one value and verify it; return None if requests of other cells disturbed it."""
        mirror, loops = self._mirrors[cell.place], self._plan.loops[cell.name]
        await self._begin(mirror, turn)
        try:
            value = await self._workers[cell.name].take()
        except CellError as error:
            # A dead mirror explains whatever happened to the worker; strays may explain it.
            raise explain(error, await self._end(mirror, turn)) from error
        counters = await self._end(mirror, turn, value)
        if holds_up(counters, value.seconds):  # whatever is wrong with it, strays may be to blame
            is_kept = not self._plan.number  # a rough time is enough for the calibration
            return value.as_sample(turn, counters, loops) if is_kept else None
        await self._verify(cell, self._plan.patience.excuse(cell.name, value), counters, loops)
        if value.http_parser:
            self.http_parsers[cell.name] = value.http_parser
        return value.as_sample(turn, counters, loops)

    async def _begin(self, mirror: Counterpart, turn: Turn) -> None:
        """Let the mirror count, and note what it sees if requested."""
        plan, cell, path = self._plan, self._cells[turn.cell], None
        if plan.trace_folder and not turn.warmup and not cell.operation:
            path = plan.trace_folder / f"{list(self._cells).index(turn.cell)}.jsonl"
            self.notes[turn.cell] = path
        lap, laps = plan.place(cell, turn.lap)
        await mirror.begin(
            str(plan.number),
            plays_network=not turn.warmup,  # a warmup prepares code, which delays do not help
            lap=lap,
            laps=laps,
            trace_file=path,
            door=turn.cell,
            alters=turn.warmup and not cell.operation,  # shows what a crawl keeps for the next
        )

    async def _end(self, mirror: Counterpart, turn: Turn, value: Value | None = None) -> Counters:
        """Return what the mirror counted; exclude cells that came in during another's turn."""
        counters = await mirror.end(has_failed=value is None)
        strays = find_strays(counters, turn.cell, value.seconds if value else None)
        for name, reason in strays.items():
            await self._expel(name, CellError(reason), turn)
        return counters

    async def _verify(self, cell: Cell, value: Value, counters: Counters, loops: int) -> None:
        """Raise CellError with the first difference if the value is wrong."""
        module = self._plan.modules[cell.name]
        if cell.operation:  # operations verify their work; one that only makes loops runs none
            odd = find_odd_loop(value, module) if value.event_loops else None
            if odd := odd or find_misconduct(value):
                raise CellError(odd)
            return
        expectation, kept = self._expectations[cell.site], ""
        if is_wrong_answer(value, expectation, counters):
            crawls = await self._workers[cell.name].show()
            difference, kept = explain_wrong(crawls, expectation, counters)
            if difference:
                raise CellError(f"wrong answer: {difference}")
        # What an earlier crawl found is named last: the counters explain more than a title does.
        due = Due.of(cell, expectation, loops, self._plan.declared.get(cell.strategy))
        fault = find_fault(value, counters, expectation, loops, module)
        if fault := fault or find_breach(value, counters, due) or kept:
            raise CellError(fault)

    def _fail(self, name: str, error: CellError, when: str) -> None:
        number, detail = self._plan.number, encodable(error.detail)  # may have lone surrogates
        phase = f"round {number}" if number else "calibration"
        reason = f"{encodable(str(error))} ({phase}, {when})"
        self.failures.append(Failure(name, number, reason, detail, isinstance(error, CellRefusal)))
