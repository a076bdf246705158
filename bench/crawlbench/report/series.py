"""The table of a sweep: pages per second along the axis, and the knee (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import format_count
from crawlbench.report.table import Column, Table
from crawlbench.stats.series import KNEE_SHARE, make_series

if TYPE_CHECKING:
    from crawlbench.report.view import SessionView

__all__ = ["series_table"]


def series_table(view: SessionView) -> Table | None:
    """Return pages/s by strategy and place; None if the session is no sweep."""
    sweep = view.plan.sweep
    if sweep is None:
        return None
    places = sorted(set(sweep.places.values()))
    columns = [Column("strategy"), *(Column(_place(p, sweep.unit), is_number=True) for p in places)]
    columns.append(Column("knee", is_number=True))
    rows = []
    for series in make_series(view.session):
        found = {point.place: format_count(point.pages_per_s) for point in series.points}
        knee = "-" if series.knee is None else _place(series.knee, sweep.unit)
        rows.append((series.name, *(found.get(place, "-") for place in places), knee))
    title = f"pages/s by {sweep.axis}; knee: from there on within {1 - KNEE_SHARE:.0%} of the best"
    return Table(title, tuple(columns), tuple(rows))


def _place(place: float, unit: str) -> str:
    return f"{place:g} {unit}".strip()
