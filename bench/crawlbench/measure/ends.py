"""What ends a session: a number of rounds, a time, or a precision (floor 3)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from crawlbench.base.records import Stopping
from crawlbench.stats.open_groups import NEVER

if TYPE_CHECKING:
    from crawlbench.base.records import Plan

MANY_ROUNDS = 200
"""Limit of rounds if a precision or a budget is given, but no number of rounds."""


class Ends(TypedDict):
    """What ends a session, under the names of a suite; None keeps the suite's value."""

    rounds: int | None
    budget_s: float | None
    precision_percent: float | None
    stopping: Stopping | None


def session_ends(rounds: int | None, budget: float | None, precision: float | None) -> Ends:
    """Return the options that say when a session ends, under the names of a suite.

    A number of rounds that was fixed beforehand allows one look, by Student's t. A session that
    ends because of what it finds is looked at after each round.
    """
    # A budget beside it may end the session earlier, but by the clock and not by what was found.
    is_fixed = rounds is not None and precision is None
    if rounds is None and (precision is not None or budget is not None):
        rounds = MANY_ROUNDS
    stopping = Stopping.FIXED if is_fixed else None
    if rounds is not None and not is_fixed:
        stopping = Stopping.ANY
    return {
        "rounds": rounds,
        "budget_s": budget,
        "precision_percent": precision,
        "stopping": stopping,
    }


def allow_extension(plan: Plan) -> Plan:
    """Return the plan of a session that goes on if its answer is unclear.

    Whoever decides that has looked, so a number of rounds that was set beforehand no longer allows
    one look only. All of these rounds are measured all the same.
    """
    if plan.stopping is Stopping.ANY:
        return plan
    return replace(plan, stopping=Stopping.ANY, precision=NEVER)


def extend_plan(plan: Plan, ends: Ends, *, has_rounds: bool) -> Plan:
    """Return the plan with another end, which may change because it affects no value.

    Whoever continues has looked at the results, so only intervals that hold at all times are valid.
    Without a finished round there was nothing to look at, and the session ends as a new one would.

    Args:
        plan: the session's plan.
        ends: what was asked for when it continues.
        has_rounds: whether any round is finished.
    """
    return replace(
        plan,
        rounds=ends["rounds"] or plan.rounds,
        budget_s=ends["budget_s"] or plan.budget_s,
        precision=_extend_precision(plan, ends, has_rounds=has_rounds),
        stopping=Stopping.ANY if has_rounds else ends["stopping"] or plan.stopping,
        may_rest=plan.may_rest and (has_rounds or ends["stopping"] is not Stopping.FIXED),
    )


def _extend_precision(plan: Plan, ends: Ends, *, has_rounds: bool) -> float | None:
    """Return the precision of a session that continues; see `extend_plan`."""
    if ends["precision_percent"]:
        return math.log1p(ends["precision_percent"] / 100)
    if has_rounds and ends["stopping"] is Stopping.FIXED:
        return NEVER  # all of the rounds are measured, answered or not
    if plan.precision == NEVER and ends["budget_s"]:
        return None  # those rounds were the end that is replaced
    return plan.precision
