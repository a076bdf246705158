"""Turns one scenario of one matrix into rows of the table (floor 4; pure)."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict
from crawlbench.reference.contribution import QUANTITIES
from crawlbench.reference.makeup import find_makeup
from crawlbench.reference.pooling import SessionPool
from crawlbench.reference.rows import Pairs, Shares, TableRow
from crawlbench.reference.rules import is_tuned
from crawlbench.stats.limit import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Cell, Summary
    from crawlbench.reference.makeup import Makeup
    from crawlbench.reference.matrix import Matrix, Measured
    from crawlbench.reference.pairs import Pair
    from crawlbench.reference.pooling import PooledRatio, PooledStanding


class Scenario:
    """One scenario of one matrix, and its rows."""

    def __init__(
        self,
        matrix: Matrix,
        scenario: str,
        group: str,
        members: Sequence[Measured],
        places: dict[str, str],
    ) -> None:
        """Take the sessions that measured it, the oldest first.

        What was made of another version of its library than in the newest session is left out: a
        figure is of one thing.
        """
        self._matrix = matrix
        self._name = scenario
        self._members = members
        self._places = places
        self._makeups = [_find_makeups(one, group) for one in members]
        # The oldest session comes first, so that the newest one has the last word.
        newest = {name: one for found in self._makeups for name, one in found.items()}
        outdated = [
            {name for name, one in found.items() if not one.is_like(newest[name])}
            for found in self._makeups
        ]
        self._makeup = newest
        self._pool = SessionPool([one.session for one in members], group, outdated=outdated)
        self._ratios = {quantity: self._pool.ratios(quantity) for quantity in QUANTITIES}
        self._standings = self._pool.standings

    def rows(self) -> list[TableRow]:
        """Return a row for each cell."""
        return [self._row(name, cell) for name, cell in self._pool.cells.items()]

    def shares(self) -> Shares:
        """Return how much was answered."""
        found = self._ratios[Quantity.TIME].values()
        # Preliminary ones are called unclear, too, but only sessions are missing.
        preliminary = sum(one.is_preliminary for one in found)
        unclear = sum(one.verdict is Verdict.UNCLEAR for one in found) - preliminary
        compared = len(found) - preliminary
        apart, pairs = self._pool.share_told()
        cell = self._pool.cells[self._pool.baseline]
        scenario = self._matrix.name, self._name, cell.operation or cell.strategy
        return Shares(*scenario, unclear, compared, preliminary, apart, pairs)

    def pairs(self) -> Pairs:
        """Return all pairs of cells that did not fail."""
        known = {name for pair in self._pool.pairs for name in pair}
        names = [name for name in self._pool.contestants if name in known]
        # In the order of the contestants, as the pairs are, so that the lower place comes first.
        places = {name: place for place, name in enumerate(names)}
        found: dict[tuple[int, int], Pair] = {}
        for (one, two), pair in self._pool.pairs.items():
            found[places[one], places[two]] = pair
        members = tuple(_axes(self._pool.cells[name]) for name in names)
        return Pairs(self._matrix.name, self._name, members, found)

    def _row(self, name: str, cell: Cell) -> TableRow:
        members = [one for one, has in zip(self._members, self._pool.has(name), strict=True) if has]
        is_valid = not self._pool.failure(name, Quantity.TIME)
        summaries = [found for one in members if is_valid and (found := _summary(one, name))]
        has_lengths = any(cell.group in one.session.plan.long_forms for one in members)
        time, cpu, page = (self._ratios[quantity].get(name) for quantity in QUANTITIES)
        stands: PooledStanding | None = self._standings.get(name)
        days = sorted(one.session.created[:10] for one in members)
        memories = [one.extra_rss_bytes for one in summaries if one.extra_rss_bytes is not None]
        strategy, loop, parser = _axes(cell)
        makeup = self._makeup[name]
        return TableRow(
            matrix=self._matrix.name,
            scenario=self._name,
            strategy=strategy,
            loop=loop,
            parser=parser,
            python=makeup.python,
            machine=self._matrix.machine.cpu_model,
            first=days[0],
            last=days[-1],
            library=makeup.library,
            model=makeup.model,
            seconds=_middle([one.seconds for one in summaries]),
            per_page=_middle([s for one in summaries if (s := _page_s(one, has_lengths))]),
            begin=_mean([one.to_begin_s for one in summaries]),
            page=page,
            cpu_per_page=_middle([s for one in summaries if (s := _page_cpu_s(one, has_lengths))]),
            has_lengths=has_lengths,
            memory=max(memories, default=None),
            time=time,
            verdict=self._state(name, cell, time),
            reason=time.reason if time else "",
            cpu=cpu,
            rank=stands.rank if stands else None,
            same=stands.same if stands else None,
            sessions=",".join(self._places[one.file] for one in members),
            tuned=any(is_tuned(one.content, cell) for one in members),
            reviewed=makeup.reviewed,
        )

    def _state(self, name: str, cell: Cell, time: PooledRatio | None) -> str:
        if time:
            return "preliminary" if time.is_preliminary else str(time.verdict)
        if name == self._pool.baseline:
            return "baseline"
        return "reference" if cell.strategy == REFERENCE else str(Verdict.UNCLEAR)


def _axes(cell: Cell) -> tuple[str, str, str]:
    """Return strategy, event loop and parser, as rows have them."""
    return cell.strategy or cell.operation, cell.loop_name, cell.parser or "-"


def _page_s(summary: Summary, has_lengths: bool) -> float | None:
    """Return the seconds of a page: what a further one adds, or, with one length, the average."""
    if has_lengths:
        return summary.per_page_s
    pages = _pages(summary)
    return summary.seconds / pages if pages else None


def _page_cpu_s(summary: Summary, has_lengths: bool) -> float | None:
    """Return the CPU seconds of a page, of which `_page_s` returns the wall time."""
    if has_lengths:
        return summary.cpu_per_page_s
    pages = _pages(summary)
    return (summary.cpu_user_s + summary.cpu_system_s) / pages if pages else None


def _pages(summary: Summary) -> float:
    return summary.per_s * summary.seconds


def _mean(values: Sequence[float | None]) -> float | None:
    # Arithmetic, because the cost to begin may lie below 0 and then has no logarithm.
    known = [value for value in values if value is not None]
    return round(fmean(known), 7) if known else None


def _find_makeups(measured: Measured, group: str) -> dict[str, Makeup]:
    """Return what a session measured each of a group's cells with."""
    cells = [cell for cell in measured.session.plan.own_cells if cell.group == group]
    return {cell.name: find_makeup(cell, measured) for cell in cells}


def _summary(measured: Measured, name: str) -> Summary | None:
    return next((one for one in measured.session.summaries if one.cell == name), None)


def _middle(values: Sequence[float]) -> float | None:
    """Return the geometric mean of the positive values, rounded to four digits; None of none."""
    known = [value for value in values if value > 0]
    if not known:
        return None
    # Geometric, because ratios are means of logarithms: so times and ratios agree.
    return float(f"{math.exp(fmean(map(math.log, known))):.4g}")
