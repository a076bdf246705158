"""The typical value of each cell, so that values, ratios and order agree (floor 2; pure).

It is the baseline's typical value, times the cell's ratio as the judge found it. The mean of the
cell's own laps would not do: other states of the machine may have affected them.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.stats.pairing import Side, log_ratios

if TYPE_CHECKING:
    from crawlbench.base.records import Cell, Session
    from crawlbench.stats.index import Index


class Typical:
    """The typical values of a session's cells by one quantity."""

    def __init__(
        self,
        session: Session,
        index: Index,
        valid: set[str],
        quantity: Quantity = Quantity.TIME,
    ) -> None:
        """Take a judged session, the index that reads the quantity, and the cells with values."""
        self._index = index
        self._valid = valid
        self._twins = session.plan.twins
        self._ratios = {c.cell: c.estimate for c in session.against_baseline(quantity)}
        self._controls = {
            one.group: one.estimate or 0.0 for one in session.controls if one.quantity is quantity
        }
        self._bases: dict[str, float | None] = {}

    def value(self, cell: Cell) -> float | None:
        """Return a cell's typical value on the scale of the index, a logarithm or seconds.

        Without a baseline it comes from the cell's own laps alone; it is None if there are none.
        """
        base = self._base(cell.group)
        ratio = None if base is None else self._ratio(cell)
        if base is None or ratio is None:
            own = self._index.by_round((cell.name,))
            return fmean(own) if own else None
        return base + ratio

    def _ratio(self, cell: Cell) -> float | None:
        twins = self._twins[cell.group]
        if cell.control:
            return self._controls.get(cell.group, 0.0) / 2
        if cell.name in twins:  # the mean of both, of which all ratios are
            return 0.0
        if cell.name in self._ratios:
            return self._ratios[cell.name]
        # Nobody compares the reference and the long forms: the judge has no ratio of theirs.
        present = tuple(name for name in twins if name in self._valid)
        logs = log_ratios(self._index, Side(cell.name, (cell.name,)), Side(twins[0], present))
        return fmean(logs) if logs else None

    def _base(self, group: str) -> float | None:
        if group not in self._bases:
            present = tuple(name for name in self._twins[group] if name in self._valid)
            logs = self._index.by_round(present) if present else []
            self._bases[group] = fmean(logs) if logs else None
        return self._bases[group]
