"""What one session contributes to a scenario (floor 4; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Comparison, Obstacle, Quantity
from crawlbench.stats.doubts import bound_shifts
from crawlbench.stats.index import Index, reading_of
from crawlbench.stats.interval import Estimate, estimate_mean
from crawlbench.stats.lengths import find_failures, index_for
from crawlbench.stats.pairing import Side, log_ratios, log_ratios_of_means
from crawlbench.stats.question import has_cpu_clock

if TYPE_CHECKING:
    from collections.abc import Collection

    from crawlbench.base.records import Doubt, Failure, Session

QUANTITIES = (Quantity.TIME, Quantity.CPU, Quantity.PAGE)
"""Quantities that are compared; the cost to begin is only given in seconds."""


class Contribution:
    """One session of a scenario, by one group of cells."""

    def __init__(self, session: Session, group: str, outdated: Collection[str]) -> None:
        """Take a judged session, its group, and the cells that do not count."""
        cells = [cell for cell in session.plan.own_cells if cell.group == group]
        is_usable = session.plan.baselines[group] not in outdated
        self.cells = {
            cell.name: cell
            for cell in cells
            if is_usable and not cell.control and cell.name not in outdated
        }
        self._failures = {quantity: find_failures(session, quantity) for quantity in QUANTITIES}
        self.baseline = session.plan.baselines[group]
        controls = [cell.name for cell in cells if cell.control]
        self._twins = (self.baseline, *controls)
        index, has_lengths = Index(session.rounds), group in session.plan.long_forms
        has_cpu = has_cpu_clock(session)
        self._indexes = {
            quantity: index_for(session, index, group, quantity)
            for quantity in QUANTITIES
            if (has_lengths or not quantity.is_of_lengths) and (has_cpu or not quantity.is_cpu)
        }
        self._widenings = {
            one.quantity: one.widening for one in session.controls if one.group == group
        }
        self.found: dict[tuple[str, Quantity], Comparison] = {
            (one.cell, one.quantity): one
            for one in session.comparisons
            if one.baseline == self.baseline
        }

    def failure(self, cell: str, quantity: Quantity) -> Failure | None:
        """Return why a cell is invalid, or None. Per page, its long form counts too."""
        return self._failures[quantity].get(cell)

    def ratio(
        self, cell: str, other: str, quantity: Quantity, *, by_means: bool = False
    ) -> Estimate | None:
        """Return the log ratio of two cells in this session; the baseline is both of its twins.

        Args:
            cell: one of them.
            other: the other one.
            quantity: what is compared.
            by_means: whether it is that of mean times, in which rare slow laps count in full.
        """
        failed = self._failures[quantity].keys()
        # A baseline that failed is replaced by its twin.
        if {cell, other} & failed - {self.baseline}:
            return None
        twins = tuple(name for name in self._twins if name not in failed)
        one, two = (
            Side(name, twins if name == self.baseline else (name,)) for name in (cell, other)
        )
        if not (one.cells and two.cells):
            return None
        # Where more pages took no more time, or the times do not lie on a line, a page has no cost.
        index = self._indexes.get(quantity)
        if index is None or index.find_obstacle((*one.cells, *two.cells))[0]:
            return None
        ratios = log_ratios_of_means if by_means else log_ratios
        return estimate_mean(ratios(index, one, two, reading_of(quantity)))

    def twins(self, quantity: Quantity) -> float:
        """Return by how much the twins differ here, as a log ratio; 0 if they may be equal."""
        return self._widenings.get(quantity, 0.0)

    def bound_doubts(self, cell: str, other: str, quantity: Quantity) -> float:
        """Return how far doubts could move the log ratio of two cells, in either direction."""
        mine, theirs = (self._shifts(name, quantity) for name in (cell, other))
        doubts = {*mine, *theirs}
        # A doubt that moves both cells alike moves nothing between them.
        moves = [mine.get(doubt, 0.0) - theirs.get(doubt, 0.0) for doubt in doubts]
        return bound_shifts(moves)

    def _shifts(self, cell: str, quantity: Quantity) -> dict[Doubt, float]:
        """Return how far each doubt moves a cell's log ratio to the baseline."""
        found = self.found.get((cell, quantity))
        return {one.doubt: one.shift for one in found.doubts} if found else {}

    def is_half(self, cell: str, quantity: Quantity) -> bool:
        """Return whether half of a cell's time was not the client's own."""
        found = self.found.get((cell, quantity))
        return found is not None and found.obstacle is Obstacle.HALF
