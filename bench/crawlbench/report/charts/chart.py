"""A chart as data (floor 3; pure): what Vega-Lite gets, which cells it draws, and their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawlbench.report.view import Role

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView

__all__ = ["MAX_CELLS", "Chart", "ChartRow", "Rows", "Spec", "shown_labels"]

MAX_CELLS = 40
"""Most cells of a group in a chart that is read row by row; ratios and table have them all."""

ChartRow = dict[str, Any]
"""What one mark shows, by the names that the chart refers to: text, numbers, truth or None."""
Rows = list[ChartRow]
"""All have the same keys."""
Spec = dict[str, Any]
"""A chart in Vega-Lite, whose grammar is Altair's business."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of a page, or one picture."""

    name: str
    """Unique in a page: letters, digits and hyphens."""
    title: str
    description: str
    """What the chart shows, for readers who cannot see it."""
    spec: Spec
    """Vega-Lite, without data; its width is that of its place in the page."""
    data: dict[str, Rows] = field(default_factory=dict)
    """Rows by the names that the spec refers to; charts that share a name share the rows."""
    height: int = 0
    """About, in pixels, so that a page does not jump when it is drawn."""


def labels_of(group: GroupView) -> dict[str, str]:
    """Return each cell's name to its label, in the order of the group's table."""
    return {row.cell.name: row.label for row in group.rows}


def shown_labels(group: GroupView) -> tuple[dict[str, str], str]:
    """Return the labels of the fastest cells, and what a title adds where that is not all.

    The baseline and its twin are always there, because all others are compared with them.
    """
    labels = labels_of(group)
    if len(labels) <= MAX_CELLS:
        return labels, ""
    due = {row.cell.name for row in group.rows if row.role in (Role.BASELINE, Role.CONTROL)}
    kept = due | set([name for name in labels if name not in due][: MAX_CELLS - len(due)])
    cut = f", {len(kept)} of {len(labels)} cells: the fastest and the baseline"
    return {name: label for name, label in labels.items() if name in kept}, cut
