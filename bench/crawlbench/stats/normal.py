"""A cell's time without the machine's mood, to hold sessions against each other (floor 2; pure)."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.pairing import log_ratios

if TYPE_CHECKING:
    from crawlbench.records import Cell, Session

__all__ = ["contestants", "normalised", "obstacle", "twins"]


def contestants(session: Session) -> dict[str, Cell]:
    """Return the cells that are compared, by name: no baseline, control or reference."""
    baselines = set(session.plan.baselines.values())
    return {
        cell.name: cell
        for cell in session.plan.cells
        if not cell.control and cell.name not in baselines and cell.strategy != REFERENCE
    }


def twins(session: Session, cell: Cell) -> list[str]:
    """Return the baseline of a cell's group and its controls."""
    controls = [c.name for c in session.plan.cells if c.control and c.group == cell.group]
    return [session.plan.baselines[cell.group], *controls]


def obstacle(session: Session, cell: Cell, side: str) -> str:
    """Return why a cell's time cannot be believed, or an empty text; `side` stands in front."""
    for name in (cell.name, *twins(session, cell)):
        failure = session.failure(name)
        if failure:
            return f"{side}: {name}: {failure.reason}"
    for floor in session.noise:
        if floor.group == cell.group and floor.refusal:
            return f"{side}: {floor.refusal}"
    marks = {summary.cell: summary.mark for summary in session.summaries}
    return f"{side}: {marks[cell.name]}" if marks.get(cell.name) else ""


def normalised(session: Session, cell: Cell) -> list[float]:
    """Return, per round, the cell's log time relative to its group's twins."""
    by_twin = [log_ratios(session.rounds, cell.name, twin) for twin in twins(session, cell)]
    return [fmean(pair) for pair in zip(*by_twin, strict=True)]
