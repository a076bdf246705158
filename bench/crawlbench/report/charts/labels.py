"""What cells are called in charts (floor 3; pure): short, and unlike each other in their group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.tables import ordered_cells, short_name

if TYPE_CHECKING:
    from crawlbench.records import Session

__all__ = ["MOST_CELLS", "labels_of", "shown_labels"]

MOST_CELLS = 40
"""Of a group in a chart that is read row by row; the ratios and the table have them all."""


def labels_of(session: Session, group: str) -> dict[str, str]:
    """Return each cell's name to its label, in the order of the group's table."""
    cells = ordered_cells(session, group)
    labels: dict[str, str] = {}
    for cell in cells:
        label = short_name(cell, cells)
        taken = set(labels.values())
        number = 2
        while label in taken:
            label = f"{short_name(cell, cells)} [{number}]"
            number += 1
        labels[cell.name] = label
    return labels


def shown_labels(session: Session, group: str) -> tuple[dict[str, str], str]:
    """Return the labels of the fastest cells, and what a title adds where that is not all.

    The baseline and its twin are always there: what others are seen against.
    """
    labels = labels_of(session, group)
    if len(labels) <= MOST_CELLS:
        return labels, ""
    baseline = session.plan.baselines.get(group)
    due = {c.name for c in session.plan.cells if c.control or c.name == baseline} & labels.keys()
    kept = due | set([name for name in labels if name not in due][: MOST_CELLS - len(due)])
    cut = f", {len(kept)} of {len(labels)} cells: the fastest and the baseline"
    return {name: label for name, label in labels.items() if name in kept}, cut
