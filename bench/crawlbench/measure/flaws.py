"""Finds contradictions that no session written by crawlbench can contain (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.base.records import Session


def find_flaw(session: Session) -> str:
    """Return the first thing in a session that cannot be right, or an empty text.

    `records.ranges` checks how large numbers are.
    """
    plan, cells = session.plan, session.plan.cells
    by_name = {cell.name: cell for cell in cells}
    names = by_name.keys()
    operations = {facts.name for facts in plan.operations}
    samples = [sample for record in session.rounds for sample in record.samples]
    values = Counter(sample.cell for sample in samples if not sample.warmup)
    failed = {failure.cell for failure in session.failures}
    flaws = {
        "two cells have the same name": len(names) < len(cells),
        "a cell has no baseline, or neither network nor operation": any(
            plan.baselines.get(cell.group) not in names
            or not (cell.network in session.networks or cell.operation in operations)
            for cell in cells
        ),
        "a baseline is not a plain cell of its own group": any(
            (cell := by_name.get(name)) is not None
            and (cell.group != group or cell.control or bool(cell.long_of))
            for group, name in plan.baselines.items()
        ),
        "a control is not its baseline's twin": any(
            replace(cell, control=False).short_name != plan.baselines.get(cell.group)
            for cell in cells
            if cell.control
        ),
        "a cell has a long form in a group without one": any(
            cell.long_of and cell.group not in plan.long_forms for cell in cells
        ),
        "there are results of a cell that is not in the plan": not names >= {*values, *failed},
        "rounds are not numbered from 1": any(
            record.number != number for number, record in enumerate(session.rounds, 1)
        ),
        f"it was not created at {session.created!r}": not _is_moment(session.created),
    }
    return next((flaw for flaw, is_there in flaws.items() if is_there), "")


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
