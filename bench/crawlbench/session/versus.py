"""A session of environments held against each other, each cell against itself (floor 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.errors import EnvironmentFailure
from crawlbench.measure.matrix import make_plan
from crawlbench.session.environments import check_imported

if TYPE_CHECKING:
    from crawlbench.measure.suite import Suite
    from crawlbench.records import Plan, Session
    from crawlbench.session.environments import Prepared

__all__ = ["extend_versus", "plan_versus"]

NARROW = 0.4
"""Of the margin: with intervals of this half-width equal things are called the same, nearly always.
"""
LOOKS = 2
"""At a session that may be extended; each look gets its part of the error that is allowed."""


def plan_versus(
    suite: Suite, prepared: Prepared, *, least_margin: float, looks_twice: bool
) -> Plan:
    """Return the plan of a session that ends when its intervals are narrow enough for its margin.

    Args:
        suite: sizes and axes; a precision of its own is kept.
        prepared: the environments, the first being what others are held against.
        least_margin: log ratio; the machine's, or 0.
        looks_twice: whether the session may be extended after a look at its verdict.

    Raises:
        EnvironmentFailure: one of them cannot be used, or nothing imports what they differ in.
    """
    obstacles = [facts.obstacle for facts in prepared.environments if facts.obstacle]
    if obstacles:
        raise EnvironmentFailure(obstacles[0])
    asked = [facts.asked for facts in prepared.environments]
    plan = make_plan("ab", suite, environments=asked, reach=prepared.reach, is_versus=True)
    check_imported(plan, prepared.environments)
    margin = max(plan.margin, least_margin)
    confidence = 1 - (1 - plan.confidence) / LOOKS if looks_twice else plan.confidence
    return replace(
        plan,
        margin=margin,
        confidence=confidence,
        precision=plan.precision or NARROW * margin,
    )


def extend_versus(session: Session) -> Plan:
    """Return the plan of a session that goes on for as long again."""
    return replace(
        session.plan,
        rounds=2 * len(session.rounds),
        budget_s=None,
        precision=None,
    )
