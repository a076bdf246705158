"""Values that were taken out of a session, or put into it (floor 4; pure).

Which laps a cell takes part in follows from the plan (`measure/schedule.py`), so nobody can leave
out the values that they do not like.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crawlbench.base.records import Stopping
from crawlbench.measure.calibration import MAX_EVERY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from crawlbench.base.records import Cell, Plan, RoundRecord, Session

TOLD = 12
"""Laps that a sentence names."""


def find_omissions(session: Session) -> Iterator[str]:
    """Yield the first sign in a session that values are missing, or are too many."""
    failed_in: dict[str, int] = {}
    for one in session.failures:
        failed_in[one.cell] = min(one.round, failed_in.get(one.cell, one.round))
    for name, number in failed_in.items():
        later = session.rounds[number:]
        if number > len(session.rounds) or any(s.cell == name for r in later for s in r.samples):
            yield (
                f"it says that {name!r} failed in round {number}, but there is no such round, or a "
                "later one has values of it; submit the session again, as it was measured"
            )
            return
    for record in session.rounds:
        out = {name for name, number in failed_in.items() if number <= record.number}
        if found := _find_in_round(session, record, out):
            yield f"{found}; submit the session again, as it was measured"
            return


def _find_in_round(session: Session, record: RoundRecord, out: Collection[str]) -> str:
    """Return what is wrong with a round's laps; empty if nothing is.

    Args:
        session: the session.
        record: its round.
        out: the cells that have failed in this round or before it.
    """
    laps: dict[str, list[int]] = {cell.name: [] for cell in session.plan.cells}
    for sample in record.samples:
        if not sample.warmup:
            laps[sample.cell].append(sample.lap)
    most = _count_laps(session, laps)
    for cell in session.plan.cells:
        mine = sorted(laps[cell.name])
        is_odd = max(Counter(mine).values(), default=0) > 1 or mine[-1:] >= [most[cell.group]]
        # Who sends requests in another's turn costs that value, and fails; then any may be missing.
        if is_odd or not (out or _is_due(session.plan, cell, mine, most[cell.group])):
            told = ", ".join(map(str, mine[:TOLD])) + (", ..." if len(mine) > TOLD else "")
            return (
                f"of the {most[cell.group]} laps of round {record.number}, numbered from 0, "
                f"{cell.name!r} has {told or 'none'}, which no session of its plan has: values "
                "were taken out or added"
            )
    return ""


def _count_laps(session: Session, laps: dict[str, list[int]]) -> dict[str, int]:
    """Return how many laps a round had, by group: with a pace only its values tell."""
    found = dict.fromkeys(session.plan.baselines, 0)
    for cell in session.plan.cells:
        found[cell.group] = max(found[cell.group], *(lap + 1 for lap in laps[cell.name]), 0)
    if session.plan.is_paced:
        return found
    return {group: session.plan.laps * session.passes.get(group, 1) for group in found}


def _is_due(plan: Plan, cell: Cell, mine: Sequence[int], most: int) -> bool:
    """Return whether these are the laps in which a cell takes part while none has failed."""
    if not mine:
        # Cells leave once they are answered, operations sleep, and middle lengths end early.
        is_there = plan.stopping is Stopping.FIXED and not cell.operation
        return not is_there or cell.name in plan.middle_names.values()
    may_miss = bool(cell.long_of) or (plan.is_paced and plan.may_rest)
    step = mine[1] if len(mine) > 1 else most if may_miss else 1
    return step <= (MAX_EVERY if may_miss else 1) and [*mine] == [*range(0, most, step)]
