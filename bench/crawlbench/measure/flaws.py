"""Says what no session of ours would hold (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.records import Sample, Session

__all__ = ["find_flaw"]


def find_flaw(session: Session) -> str:
    """Return the first thing in a session that cannot be right, or an empty text.

    JSON has neither NaN nor infinity, so that signs are left to see to.
    """
    plan, cells = session.plan, session.plan.cells
    names = {cell.name for cell in cells}
    operations = {facts.name for facts in plan.operations}
    samples = [sample for record in session.rounds for sample in record.samples]
    anchors = [anchor for record in session.rounds for anchor in record.anchors]
    values = Counter(sample.cell for sample in samples if not sample.warmup)
    failed = {failure.cell for failure in session.failures}
    flaws = {
        "two cells have one name": len(names) < len(cells),
        "a cell has no baseline, or neither network nor operation": any(
            plan.baselines.get(cell.group) not in names
            or not (cell.network in session.networks or cell.operation in operations)
            for cell in cells
        ),
        "there are results of a cell that is not in the plan": not names >= {*values, *failed},
        "rounds are not numbered from 1": any(
            record.number != number for number, record in enumerate(session.rounds, 1)
        ),
        "values: seconds and loops must be positive numbers": any(
            sample.seconds <= 0 or sample.loops < 1 for sample in samples
        ),
        "what was counted must not be negative": any(map(_is_negative, samples)),
        "anchors must be positive numbers": any(
            min(anchor.computing_s, anchor.sending_s) <= 0 for anchor in anchors
        ),
    }
    return next((flaw for flaw, is_there in flaws.items() if is_there), "")


def _is_negative(sample: Sample) -> bool:
    values = [getattr(sample, name) for name in sample.__slots__]
    return any(isinstance(value, int | float) and value < 0 for value in values)
