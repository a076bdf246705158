"""Two sessions against each other, as a table (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import format_interval, format_ratio, format_seconds
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from crawlbench.stats.compare import Change, SessionComparison

__all__ = ["changes_table"]

_COLUMNS = (
    Column("cell"),
    Column("base", is_number=True),
    Column("head", is_number=True),
    Column("ratio", is_number=True),
    Column("interval"),
    Column("verdict"),
)


def changes_table(comparison: SessionComparison) -> Table:
    """Return a row per cell that both have, the largest change first, invalid ones last."""
    changes = sorted(comparison.changes, key=_size, reverse=True)
    return Table("head against base", _COLUMNS, tuple(_row(change) for change in changes))


def _size(change: Change) -> float:
    return -1.0 if change.estimate is None else abs(change.estimate)


def _row(change: Change) -> tuple[str, ...]:
    times = [format_seconds(s) if s is not None else "-" for s in (change.base_s, change.head_s)]
    if change.estimate is None or change.low is None or change.high is None:
        return (change.cell, *times, "-", "-", change.verdict.value)
    ratio = format_ratio(change.estimate, change.low, change.high)
    interval = format_interval(change.low, change.high)
    return (change.cell, *times, ratio, interval, change.verdict.value)
