"""A chart as data (floor 3; pure): its Vega-Lite, the cells it draws, and their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawlbench.report.view import Role

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView

MAX_CELLS = 40
"""Most cells of a group in a chart that is read row by row; ratios and table show all."""

ChartRow = dict[str, Any]
"""What one mark shows, by the names the chart refers to: text, numbers, truth values or None."""
Rows = list[ChartRow]
"""Rows that all have the same keys."""
Spec = dict[str, Any]
"""A chart in Vega-Lite, whose grammar we leave to Altair."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of a page, or one picture."""

    name: str
    """Unique in a page: letters, digits and hyphens."""
    title: str
    description: str
    """What the chart shows, for readers who cannot see it."""
    spec: Spec
    """Vega-Lite without data; it is as wide as its place in the page."""
    data: dict[str, Rows] = field(default_factory=dict)
    """Rows, by the names that the spec refers to; charts that share a name share the rows."""
    height: int = 0
    """Approximate height in pixels, so that a page does not jump when the chart is drawn."""


def labels_of(group: GroupView) -> dict[str, str]:
    """Return the labels of cells by their names, in the order of the group's table."""
    return {row.cell.name: row.label for row in group.rows}


def shown_labels(group: GroupView) -> tuple[dict[str, str], str]:
    """Return the labels of the fastest cells, and what to add to the title if some are missing.

    The baseline and its twin are always included, because all others are compared with them.
    """
    labels = labels_of(group)
    if len(labels) <= MAX_CELLS:
        return labels, ""
    due = {row.cell.name for row in group.rows if row.role in (Role.BASELINE, Role.CONTROL)}
    kept = due | set([name for name in labels if name not in due][: MAX_CELLS - len(due)])
    cut = f", {len(kept)} of {len(labels)} cells: the fastest and the baseline"
    return {name: label for name, label in labels.items() if name in kept}, cut
