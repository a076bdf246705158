"""The table: a row for each cell of each matrix, with its figures (floor 4; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError
from crawlbench.base.records import Quantity, Verdict
from crawlbench.plugins.about import describe_strategy
from crawlbench.reference.agreement import Said, find_agreement, said_by
from crawlbench.reference.pooling import QUANTITIES, Pool
from crawlbench.reference.rules import is_tuned
from crawlbench.report.numbers import format_interval, format_ratio
from crawlbench.stats.limit import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from crawlbench.base.records import Cell, Summary
    from crawlbench.reference.agreement import Band
    from crawlbench.reference.matrix import Matrix, Measured
    from crawlbench.reference.pooling import Ratio, Standing

__all__ = ["Shares", "Table", "TableRow", "interval_text", "make_table", "ratio_text"]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One cell of one matrix."""

    matrix: str
    scenario: str
    strategy: str
    loop: str
    """`-` for a strategy without one."""
    parser: str
    python: str
    machine: str
    first: str
    """Day of the first session that it rests on, and of the last."""
    last: str
    library: str
    """With its version."""
    model: str
    seconds: float | None
    """Per crawl, typical; None if it is invalid."""
    pages: float | None
    per_page: float | None
    """Seconds that a page adds, from two lengths; where there is one, a crawl's over its pages."""
    begin: float | None
    """Seconds of a crawl without its pages; None where there is one length."""
    page: Ratio | None
    cpu_s: float | None
    """Per crawl."""
    memory: int | None
    """Bytes beyond what the worker had before."""
    time: Ratio | None
    """Against the baseline; None for the baseline itself and for the reference."""
    verdict: str
    """Against the baseline of its scenario, or what stands in its place."""
    reason: str
    cpu: Ratio | None
    rank: int | None
    same: int | None
    """How many others cannot be told from it."""
    sessions: str
    """Places in the table's sessions, with commas between."""
    tuned: bool
    reviewed: str
    """By whom; empty for nobody."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The same in all matrices."""
        return self.scenario, self.strategy, self.loop, self.parser


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of one scenario of one matrix was answered."""

    matrix: str
    scenario: str
    baseline: str
    unclear: int
    """Of the comparisons with the baseline."""
    compared: int
    """With the baseline, those that are preliminary not among them."""
    preliminary: int
    apart: int
    """Pairs that were told apart."""
    pairs: int


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that the page shows."""

    rows: tuple[TableRow, ...]
    sessions: tuple[Measured, ...]
    shares: tuple[Shares, ...]
    within: tuple[Band, ...]
    """How often sessions of one matrix contradict each other."""
    across: tuple[Band, ...]
    """How often a matrix contradicts the one before it."""


def make_table(matrices: Sequence[Matrix]) -> Table:
    """Return the table of all matrices, the oldest first."""
    sessions = tuple(one for matrix in matrices for one in matrix.sessions)
    places = {one.file: str(place) for place, one in enumerate(sessions)}
    rows: list[TableRow] = []
    shares: list[Shares] = []
    for matrix in matrices:
        for scenario, (group, members) in _scenarios(matrix).items():
            maker = _Scenario(matrix, scenario, group, members, places)
            rows += maker.rows()
            shares.append(maker.shares())
    within = [
        (said_by(one.session), said_by(two.session))
        for matrix in matrices
        for one, two in combinations(matrix.sessions, 2)
        if one.suite == two.suite
    ]
    return Table(
        tuple(rows),
        sessions,
        tuple(shares),
        tuple(find_agreement(within)),
        tuple(find_agreement(_neighbours(matrices, rows))),
    )


def _neighbours(
    matrices: Sequence[Matrix], rows: Sequence[TableRow]
) -> list[tuple[dict[Hashable, Said], dict[Hashable, Said]]]:
    """Return what each matrix and the one before it say of cells and their baselines."""
    said: dict[str, dict[Hashable, Said]] = {matrix.name: {} for matrix in matrices}
    verdicts = set(Verdict)
    for row in rows:
        if row.time and row.time.estimate is not None and row.verdict in verdicts:
            said[row.matrix][row.key] = Said(Verdict(row.verdict), row.time.estimate)
    return list(pairwise(said.values()))


def _scenarios(matrix: Matrix) -> dict[str, tuple[str, list[Measured]]]:
    """Return the sessions of each scenario: a part's group, at one concurrency and one baseline."""
    found: dict[str, tuple[str, list[Measured]]] = {}
    for measured in matrix.sessions:
        plan = measured.session.plan
        for group, baseline in plan.baselines.items():
            cell = plan.cell(baseline)
            name = f"{measured.suite}: {cell.operation or f'{cell.site} on {cell.network}'}"
            known = found.setdefault(name, (group, []))
            if known[0] == group and _is_alike(measured, known[1], group):
                known[1].append(measured)
    return found


def _is_alike(one: Measured, others: list[Measured], group: str) -> bool:
    """Tell whether a session asked what the first of its scenario asked."""
    if not others:
        return True
    mine, first = one.session.plan, others[0].session.plan
    return mine.baselines[group] == first.baselines.get(group)


class _Scenario:
    """One scenario of one matrix on its way to its rows."""

    def __init__(
        self,
        matrix: Matrix,
        scenario: str,
        group: str,
        members: Sequence[Measured],
        places: dict[str, str],
    ) -> None:
        self._matrix = matrix
        self._name = scenario
        self._members = members
        self._places = places
        self._pool = Pool([one.session for one in members], group)
        self._ratios = {quantity: self._pool.ratios(quantity) for quantity in QUANTITIES}
        self._standings = self._pool.standings

    def rows(self) -> list[TableRow]:
        return [self._row(name, cell) for name, cell in self._pool.cells.items()]

    def shares(self) -> Shares:
        found = self._ratios[Quantity.TIME].values()
        preliminary = sum(one.is_preliminary for one in found)
        unclear = sum(one.verdict is Verdict.UNCLEAR for one in found) - preliminary
        compared = len(found) - preliminary
        apart, pairs = self._pool.share_told()
        cell = self._pool.cells[self._pool.baseline]
        scenario = self._matrix.name, self._name, cell.operation or cell.strategy
        return Shares(*scenario, unclear, compared, preliminary, apart, pairs)

    def _row(self, name: str, cell: Cell) -> TableRow:
        members = [one for one in self._members if _has(one, name)]
        summaries = [found for one in members if (found := _summary(one, name))]
        time, cpu, page = (self._ratios[quantity].get(name) for quantity in QUANTITIES)
        stands: Standing | None = self._standings.get(name)
        days = sorted(one.session.created[:10] for one in members)
        memories = [one.extra_rss_bytes for one in summaries if one.extra_rss_bytes is not None]
        library, model, reviewed = _facts(cell.strategy, members[-1])
        return TableRow(
            matrix=self._matrix.name,
            scenario=self._name,
            strategy=cell.strategy or cell.operation,
            loop=cell.loop_name,
            parser=cell.parser or "-",
            python=self._matrix.machine.python,
            machine=self._matrix.machine.cpu_model,
            first=days[0],
            last=days[-1],
            library=library,
            model=model,
            seconds=_middle([one.seconds for one in summaries]),
            pages=median([one.per_s * one.seconds for one in summaries]) if summaries else None,
            per_page=_middle([one.per_page_s or one.seconds / _pages(one) for one in summaries]),
            begin=_mean([one.to_begin_s for one in summaries]),
            page=page,
            cpu_s=_middle([one.cpu_user_s + one.cpu_system_s for one in summaries]),
            memory=max(memories, default=None),
            time=time,
            verdict=self._state(name, cell, time),
            reason=time.reason if time else "",
            cpu=cpu,
            rank=stands.rank if stands else None,
            same=stands.same if stands else None,
            sessions=",".join(self._places[one.file] for one in members),
            tuned=any(is_tuned(one.content, cell.strategy) for one in members),
            reviewed=reviewed,
        )

    def _state(self, name: str, cell: Cell, time: Ratio | None) -> str:
        if time:
            return "preliminary" if time.is_preliminary else str(time.verdict)
        if name == self._pool.baseline:
            return "baseline"
        return "reference" if cell.strategy == REFERENCE else str(Verdict.UNCLEAR)


def ratio_text(ratio: Ratio | None) -> str:
    """Return a ratio as text, `-` where there is none."""
    if ratio is None or ratio.estimate is None or ratio.interval is None:
        return "-"
    return format_ratio(ratio.estimate, ratio.interval.low, ratio.interval.high)


def interval_text(ratio: Ratio | None) -> str:
    """Return the interval of a ratio as text, `-` where there is none."""
    if ratio is None or ratio.interval is None:
        return "-"
    return format_interval(ratio.interval.low, ratio.interval.high)


def _pages(summary: Summary) -> float:
    return summary.per_s * summary.seconds


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 7) if known else None


def _has(measured: Measured, name: str) -> bool:
    return any(cell.name == name for cell in measured.session.plan.cells)


def _summary(measured: Measured, name: str) -> Summary | None:
    return next((one for one in measured.session.summaries if one.cell == name), None)


def _middle(values: Sequence[float]) -> float | None:
    """Return the geometric mean, cut to four digits."""
    known = [value for value in values if value > 0]
    if not known:
        return None
    return float(f"{math.exp(fmean(map(math.log, known))):.4g}")


def _facts(strategy: str, measured: Measured) -> tuple[str, str, str]:
    """Return library with version, model and reviewers; of a tuned file only that it is one."""
    try:
        facts = describe_strategy(strategy)
    except BenchError:
        return "own file", "", ""
    versions = {
        n.lower().replace("_", "-"): v for n, v in measured.session.machine.versions.items()
    }
    version = versions.get(facts.library.lower().replace("_", "-"), "")
    return f"{facts.library} {version}".strip(), facts.model, ", ".join(facts.reviewed_by)
