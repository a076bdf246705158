"""How far doubts could move a change from one session to another (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.stats.change import Way
from crawlbench.stats.doubts import bound_shifts, counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Cell
    from crawlbench.stats.times import SessionTimes


def find_widening(
    pair: tuple[SessionTimes, SessionTimes], way: Way, cells: Sequence[Cell]
) -> float:
    """Return how far doubts could move a row, whichever of them are taken off both sides.

    A nuisance that hits all cells of a session alike moves none of its ratios, but it moves every
    plain value. So each way has a bound of its own: for a ratio, that of its own pair of cells.

    Args:
        pair: base and head.
        way: how the row sees the change.
        cells: the cell of the row; by event loop, the one beside it as well.
    """
    if way is Way.PLAIN:
        base, head = (side.losses(cells[0]) for side in pair)
        return bound_shifts(
            head[doubt].shift - base[doubt].shift
            for doubt in head
            if doubt in base and counts(doubt, base[doubt].share, head[doubt].share)
        )
    if way is Way.KIN:
        cell, other = cells
        return sum(side.shift_beside(cell, other) for side in pair)
    return sum(side.shift(cells[0]) for side in pair)
