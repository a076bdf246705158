"""What cells are called in charts (floor 3; pure): short, and unlike each other in their group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.tables import ordered_cells, short_name

if TYPE_CHECKING:
    from crawlbench.records import Session

__all__ = ["labels_of"]


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
