"""The times of one session's cells, for comparison with other sessions (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle
from crawlbench.stats.anchors import State, read_state
from crawlbench.stats.index import Index
from crawlbench.stats.interval import Estimate, estimate_mean
from crawlbench.stats.pairing import Side, log_ratios

if TYPE_CHECKING:
    from crawlbench.base.records import Cell, Failure, Session

__all__ = ["SessionTimes"]


class SessionTimes:
    """The times of one session's cells, by round, plain and normalised."""

    def __init__(self, session: Session) -> None:
        """Index a judged session."""
        self.session = session
        self.cells = {cell.name: cell for cell in session.plan.own_cells if not cell.control}
        self.summaries = {summary.cell: summary for summary in session.summaries}
        self._index = Index(session.rounds)
        self._failures = {failure.cell: failure for failure in session.failures}
        self._twins = session.plan.twins
        self._shifts = _largest_shifts(session)
        self._half = {c.cell for c in session.against_baseline() if c.obstacle is Obstacle.HALF}

    def is_baseline(self, cell: Cell) -> bool:
        """Tell whether others of the group are compared with this cell."""
        return cell.name == self.session.plan.baselines[cell.group]

    def plain(self, cell: Cell) -> Estimate | None:
        """Return the cell's log time; of the baseline, that of both twins."""
        names = self._present(cell.group) if self.is_baseline(cell) else (cell.name,)
        return estimate_mean(self._index.by_round(names)) if names else None

    def normalised(self, cell: Cell) -> Estimate | None:
        """Return the cell's log time relative to its group's twins; None for the baseline."""
        twins = self._present(cell.group)
        if self.is_baseline(cell) or not twins:
            return None
        side = Side(cell.name, (cell.name,))
        return estimate_mean(log_ratios(self._index, side, Side(twins[0], twins)))

    def beside(self, cell: Cell, other: Cell) -> Estimate | None:
        """Return the log ratio of two cells of one group."""
        sides = Side(cell.name, (cell.name,)), Side(other.name, (other.name,))
        return estimate_mean(log_ratios(self._index, *sides))

    def state(self, group: str) -> State | None:
        """Return the machine's state while a group was measured."""
        return read_state(self.session, group)

    def shift(self, cell: Cell) -> float:
        """Return by how much doubts could move the cell's ratio."""
        return self._shifts.get(cell.name, 0.0)

    def obstacle(self, cell: Cell) -> tuple[Obstacle, str] | None:
        """Return why a cell's time cannot be compared with another session's, and about what."""
        failure = self._failures.get(cell.name)
        if failure:
            return Obstacle.FAILED, failure.reason
        facts = self.session.plan.operation(cell)
        if facts and facts.whole_ms:
            return Obstacle.TIMERS, ""
        if cell.name in self._half:
            return Obstacle.HALF, ""
        return None

    def failure(self, cell: Cell) -> Failure | None:
        """Return why a cell has no value, or None."""
        return self._failures.get(cell.name)

    def _present(self, group: str) -> tuple[str, ...]:
        return tuple(name for name in self._twins[group] if name not in self._failures)


def _largest_shifts(session: Session) -> dict[str, float]:
    """Return, by cell, by how much a doubt could move its ratio to the baseline."""
    return {
        found.cell: max((abs(one.shift) for one in found.doubts), default=0.0)
        for found in session.against_baseline()
    }
