"""How a cell differs between two sessions, in each way to see it (floor 2; pure).

Each difference comes with that of the means and with what may move it, for the judge.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.stats.anchors import expected_shift
from crawlbench.stats.change import Way
from crawlbench.stats.claims import ClaimRow
from crawlbench.stats.doubts import bound_shifts, counts
from crawlbench.stats.interval import Interval, difference
from crawlbench.stats.session_variance import between_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.records import Cell
    from crawlbench.stats.interval import Estimate
    from crawlbench.stats.session_variance import Spread
    from crawlbench.stats.times import SessionTimes


class Differences:
    """Base and head by one quantity, one taken from the other."""

    def __init__(
        self,
        pair: tuple[SessionTimes, SessionTimes],
        spread_of: Callable[[Way, Cell], Spread],
        *,
        has_anchors: bool,
    ) -> None:
        """Take two sessions.

        Args:
            pair: base and head.
            spread_of: returns how much a cell's value, seen in a way, differs between sessions of
                the same code; called only where there is a value.
            has_anchors: whether both have anchors.
        """
        self._pair = pair
        self._spread_of = spread_of
        self._quantity = pair[0].quantity
        self._has_anchors = has_anchors

    def row(self, way: Way, cells: Sequence[Cell]) -> ClaimRow | None:
        """Return what is known about a change from session to session; None without a value.

        Args:
            way: how the row sees the change.
            cells: the cell of the row; by event loop, the one beside it as well.
        """
        typical, means = (self._see(way, cells, by_means=by_means) for by_means in (False, True))
        if typical is None or means is None:
            return None
        bound, spread = self._bound_doubts(way, cells), self._spread_of(way, cells[0])
        return ClaimRow(
            between_sessions(typical, spread),
            between_sessions(means, spread),
            Interval(-bound, bound),
            self._widen(way, cells[0]),
        )

    def _see(self, way: Way, cells: Sequence[Cell], *, by_means: bool) -> Estimate | None:
        """Return a change by typical times or by means, without the variance between sessions."""
        if way is Way.KIN:
            return self._beside(*cells, by_means=by_means)
        see = self._plain if way is Way.PLAIN else self._normalised
        return see(cells[0], by_means=by_means)

    def _plain(self, cell: Cell, *, by_means: bool) -> Estimate | None:
        """Return the change of the plain values, without what the machine's state explains."""
        base, head = (side.plain(cell, by_means=by_means) for side in self._pair)
        if not base or not head:
            return None
        shift = self._expected_shift(cell)
        # A log ratio cannot be taken off seconds: the head is brought to the base's speed.
        if not self._quantity.has_ratio:
            return difference(base, _scaled(head, math.exp(-shift)))
        change = difference(base, head)
        return replace(change, mean=change.mean - shift)

    def _expected_shift(self, cell: Cell) -> float:
        """Return the log ratio of head and base that the machine's state alone explains."""
        parts = self._pair[0].summaries.get(cell.name)
        base, head = (side.state(cell.group) for side in self._pair)
        if not self._has_anchors or parts is None or not base or not head:
            return 0.0
        if self._quantity.is_cpu:
            parts = replace(parts, wait_s=0.0)  # CPU time contains no waiting
        return expected_shift(base, head, parts)

    def _normalised(self, cell: Cell, *, by_means: bool) -> Estimate | None:
        base, head = (side.normalised(cell, by_means=by_means) for side in self._pair)
        if not base or not head:
            return None
        change = difference(base, head)
        if self._quantity.has_ratio:
            return change
        # In crawls of the baseline; for seconds, the length of a crawl in the base.
        return _scaled(change, self._pair[0].crawl_s(cell.group) or 0.0)

    def _beside(self, cell: Cell, other: Cell, *, by_means: bool) -> Estimate | None:
        base, head = (side.beside(cell, other, by_means=by_means) for side in self._pair)
        return difference(base, head) if base and head else None

    def _widen(self, way: Way, cell: Cell) -> float:
        """Return how far the twins of both sessions could move a row.

        As in a session, where twins that differ by d widen all ratios of their group by d. A plain
        time has no twin in it, except for the baseline's: that is the mean of both, which lies half
        of their difference from either.
        """
        whole = sum(side.twins_differ(cell.group) for side in self._pair)
        if way is Way.PLAIN:
            return whole / 2 if self._pair[0].is_baseline(cell) else 0.0
        return whole

    def _bound_doubts(self, way: Way, cells: Sequence[Cell]) -> float:
        """Return how far doubts could move a row, whichever of them are taken off both sides.

        A nuisance that hits all cells of a session alike moves none of its ratios, but it moves
        every plain value. So each way has a bound of its own: for a ratio, that of its own pair of
        cells.
        """
        if way is Way.PLAIN:
            base, head = (side.losses(cells[0]) for side in self._pair)
            return bound_shifts(
                head[doubt].shift - base[doubt].shift
                for doubt in head
                if doubt in base and counts(doubt, base[doubt].share, head[doubt].share)
            )
        if way is Way.KIN:
            # Bounds have no direction, so those of the two sessions add up, here and below.
            cell, other = cells
            return sum(side.shift_beside(cell, other) for side in self._pair)
        return sum(side.shift(cells[0]) for side in self._pair)


def _scaled(found: Estimate, factor: float) -> Estimate:
    return replace(found, mean=found.mean * factor, error=found.error * factor)
