"""Which cells a chart shows, and what they are called there (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.view import Role

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView

__all__ = ["MAX_CELLS", "shown_labels"]

MAX_CELLS = 40
"""Of a group in a chart that is read row by row; the ratios and the table have them all."""


def labels_of(group: GroupView) -> dict[str, str]:
    """Return each cell's name to its label, in the order of the group's table."""
    return {row.cell.name: row.label for row in group.rows}


def shown_labels(group: GroupView) -> tuple[dict[str, str], str]:
    """Return the labels of the fastest cells, and what a title adds where that is not all.

    The baseline and its twin are always there: what others are seen against.
    """
    labels = labels_of(group)
    if len(labels) <= MAX_CELLS:
        return labels, ""
    due = {row.cell.name for row in group.rows if row.role in (Role.BASELINE, Role.CONTROL)}
    kept = due | set([name for name in labels if name not in due][: MAX_CELLS - len(due)])
    cut = f", {len(kept)} of {len(labels)} cells: the fastest and the baseline"
    return {name: label for name, label in labels.items() if name in kept}, cut
