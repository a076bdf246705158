"""Changes from a base to a head, as a table (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import format_interval, format_ratio, format_seconds
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.stats.compare import Change

__all__ = ["changes_table"]

_COLUMNS = (
    Column("cell"),
    Column("base", is_number=True),
    Column("head", is_number=True),
    Column("ratio", is_number=True),
    Column("interval"),
    Column("verdict"),
)


def changes_table(
    changes: Sequence[Change],
    names: Mapping[str, str] | None = None,
    title: str = "head against base",
) -> Table:
    """Return a row per cell that both have, the largest change first, invalid ones last.

    Args:
        changes: of two sessions or two environments.
        names: what to call a cell, by its name; None for the names themselves.
        title: of the table.
    """
    ordered = sorted(changes, key=_size, reverse=True)
    rows = (_row(change) for change in ordered)
    if names is not None:
        rows = ((names[change.cell], *_row(change)[1:]) for change in ordered)
    return Table(title, _COLUMNS, tuple(rows))


def _size(change: Change) -> float:
    return -1.0 if change.estimate is None else abs(change.estimate)


def _row(change: Change) -> tuple[str, ...]:
    times = [format_seconds(s) if s is not None else "-" for s in (change.base_s, change.head_s)]
    if change.estimate is None or change.low is None or change.high is None:
        return (change.cell, *times, "-", "-", change.verdict.value)
    ratio = format_ratio(change.estimate, change.low, change.high)
    interval = format_interval(change.low, change.high)
    return (change.cell, *times, ratio, interval, change.verdict.value)
