"""The values of one session's cells, for comparison with other sessions (floor 2; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity
from crawlbench.stats.anchors import State, read_state
from crawlbench.stats.doubts import bound_shifts
from crawlbench.stats.index import Index, reading_of
from crawlbench.stats.interval import Estimate, estimate_mean
from crawlbench.stats.lengths import find_failures, index_for
from crawlbench.stats.midmean import midmean
from crawlbench.stats.pairing import Side, log_ratios
from crawlbench.stats.question import has_cpu_clock

if TYPE_CHECKING:
    from crawlbench.base.records import Cell, Failure, Session

__all__ = ["SessionTimes"]


class SessionTimes:
    """The values of one session's cells by one quantity, by round, plain and normalised.

    They are logarithms of seconds; for the cost to begin, seconds.
    """

    def __init__(
        self, session: Session, quantity: Quantity = Quantity.TIME, index: Index | None = None
    ) -> None:
        """Index a judged session.

        Args:
            session: a judged session.
            quantity: what to read.
            index: the index of its rounds; None to make it.
        """
        self.session = session
        self.quantity = quantity
        is_read = not quantity.is_cpu or has_cpu_clock(session)
        self.cells = {
            cell.name: cell
            for cell in session.plan.own_cells
            if is_read and not cell.control and self.has(cell.group)
        }
        self.summaries = {summary.cell: summary for summary in session.summaries}
        self._index = index or Index(session.rounds)
        self._indexes: dict[str, Index] = {}
        self._reading = reading_of(quantity)
        self._failures = find_failures(session, quantity)
        self._twins = session.plan.twins
        against = session.against_baseline(quantity)
        self._shifts = {
            one.cell: bound_shifts(size.shift for size in one.doubts) for one in against
        }
        self._half = {one.cell for one in against if one.obstacle is Obstacle.HALF}

    def by(self, quantity: Quantity) -> SessionTimes:
        """Return the same session, read by another quantity."""
        return SessionTimes(self.session, quantity, self._index)

    def has(self, group: str) -> bool:
        """Return whether a group was measured in the lengths that the quantity needs."""
        return not self.quantity.is_of_lengths or group in self.session.plan.long_forms

    def is_baseline(self, cell: Cell) -> bool:
        """Return whether others of the group are compared with this cell."""
        return cell.name == self.session.plan.baselines[cell.group]

    def plain(self, cell: Cell) -> Estimate | None:
        """Return the cell's own value; for the baseline, that of both twins."""
        names = self._present(cell.group) if self.is_baseline(cell) else (cell.name,)
        if not names:
            return None
        return estimate_mean(self._read(cell.group).by_round(names, self._reading))

    def normalised(self, cell: Cell) -> Estimate | None:
        """Return the cell's value relative to its group's twins; None for the baseline.

        The cost to begin has no ratio; it is given in crawls of the baseline, so that the machine's
        speed cancels as well.
        """
        twins = self._present(cell.group)
        if self.is_baseline(cell) or not twins:
            return None
        if not self.quantity.has_ratio:
            return estimate_mean(self._in_crawls(cell, twins))
        side, index = Side(cell.name, (cell.name,)), self._read(cell.group)
        return estimate_mean(log_ratios(index, side, Side(twins[0], twins), self._reading))

    def beside(self, cell: Cell, other: Cell) -> Estimate | None:
        """Return the log ratio of two cells of one group."""
        sides = Side(cell.name, (cell.name,)), Side(other.name, (other.name,))
        return estimate_mean(log_ratios(self._read(cell.group), *sides, self._reading))

    def crawl_s(self, group: str) -> float | None:
        """Return how long a crawl of a group's baseline typically takes."""
        return self._index.typical_s(self._present(group))

    def amplify(self, cell: Cell) -> float:
        """Return the factor by which an error in a crawl's logarithm moves the cell's value."""
        return self._read(cell.group).amplify(cell.name, self._reading)

    def state(self, group: str) -> State | None:
        """Return the machine's state while a group was measured."""
        return read_state(self.session, group)

    def shift(self, cell: Cell) -> float:
        """Return how far doubts could move the cell's value, in the unit of the quantity."""
        return self._shifts.get(cell.name, 0.0)

    def obstacle(self, cell: Cell) -> tuple[Obstacle, str] | None:
        """Return why a cell's value cannot be compared across sessions, and what that concerns."""
        failure = self._failures.get(cell.name)
        if failure:
            return Obstacle.FAILED, failure.reason
        facts = self.session.plan.operation(cell)
        if facts and facts.whole_ms:
            return Obstacle.TIMERS, ""
        found, detail = self._read(cell.group).find_obstacle(
            (cell.name, *self._present(cell.group))
        )
        if found:
            return found, detail
        if cell.name in self._half:
            return Obstacle.HALF, ""
        return None

    def failure(self, cell: Cell) -> Failure | None:
        """Return why a cell has no value, or None if it has one."""
        return self._failures.get(cell.name)

    def _in_crawls(self, cell: Cell, twins: tuple[str, ...]) -> list[float]:
        """Return, per round, the cell's seconds over those of the baseline's crawl in its laps."""
        pairs = zip(self._read(cell.group).laps((cell.name,)), self._index.laps(twins), strict=True)
        rounds = [
            [seconds / math.exp(crawls[lap]) for lap, seconds in laps.items() if lap in crawls]
            for laps, crawls in pairs
        ]
        return [midmean(laps) for laps in rounds if laps]

    def _read(self, group: str) -> Index:
        """Return the index by which a group's cells are compared."""
        if group not in self._indexes:
            self._indexes[group] = index_for(self.session, self._index, group, self.quantity)
        return self._indexes[group]

    def _present(self, group: str) -> tuple[str, ...]:
        return tuple(name for name in self._twins[group] if name not in self._failures)
