"""Tells what is still open in a judged session, and so needs more laps (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity
from crawlbench.stats.claims import stays_below

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Plan, Session

MIN_ROUNDS = 3
"""No verdict ends anything before this: one or two rounds are only a first look."""

NEVER = 0.0
"""A precision that no interval reaches, so that all rounds are measured, answered or not."""

HOPELESS = (
    Obstacle.TIMERS,
    Obstacle.HALF,
    Obstacle.FLAT,
    Obstacle.BENT,
    Obstacle.ONE_LENGTH,
)
"""Obstacles that more rounds do not remove."""


def is_settled(session: Session) -> bool:
    """Return whether no pair is open, so that more rounds would tell nothing new."""
    return bool(session.rounds) and not open_cells(session)


def open_cells(session: Session) -> set[str]:
    """Return the cells that have an open pair, and the twins of their groups.

    If the user asked for a precision, a pair is open until its interval is that narrow. Otherwise
    it is open until it is answered by the margin, and by the gate if there is one. Only pairs in
    the gate's quantity (time, if there is no gate) and in time per page can be open, so that the
    cost to begin counts only for a gate that is about it. A pair that more rounds would not help is
    not open. Cells without an open pair need no more laps once the first rounds are over; the twins
    leave last, because everything open is compared with them. A group without comparisons is
    measured for as long as the user asked.
    """
    plan, twins = session.plan, session.plan.twins
    longs, middles = plan.long_names, plan.middle_names
    groups = {cell.name: cell.group for cell in plan.cells}
    found: set[str] = set()
    for one in session.comparisons:
        if one.quantity in (plan.gate_quantity, Quantity.PAGE) and is_open(plan, one):
            names = {one.cell, one.baseline, *twins[groups[one.cell]]}
            found |= names
            if one.quantity.is_of_lengths:
                found |= {form[name] for form in (longs, middles) for name in names if name in form}
    compared = {groups[one.cell] for one in session.comparisons}
    alone = {name for name, group in groups.items() if group not in compared}
    return found | alone


def is_open(plan: Plan, found: Comparison) -> bool:
    """Return whether a pair needs more rounds, and more rounds may help; see `open_cells`."""
    if found.obstacle is Obstacle.FAILED:  # first of all, because its cell takes no more values
        return False
    if plan.precision == NEVER:  # the user set the number of rounds: even a hopeless pair gets them
        return True
    if found.obstacle in HOPELESS:
        return False
    if found.rounds < MIN_ROUNDS or found.low is None or found.high is None:
        return True
    # A precision is that of a ratio; what it costs to begin is settled by its gate, in seconds.
    if plan.precision is not None and found.quantity.has_ratio:
        # Answered or not: a user who asks for a width wants the number, not only the verdict.
        return (found.high - found.low) / 2 > plan.precision
    # "Slower" settles the margin, but not whether it is slower by more than the gate allows.
    is_gated = plan.gate is not None and found.quantity is plan.gate_quantity
    gate = plan.gate or 0.0
    reaches_gate = (
        is_gated and found.low <= gate and not stays_below(gate, found.high, found.means_high)
    )
    return reaches_gate or not found.is_answered
