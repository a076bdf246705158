"""A session that compares environments, each cell with itself (floor 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import Stopping
from crawlbench.environments.prepared import check_imported
from crawlbench.measure.matrix import make_plan
from crawlbench.stats.settled import NEVER

if TYPE_CHECKING:
    from crawlbench.base.records import Plan, Session
    from crawlbench.environments.prepared import Prepared
    from crawlbench.measure.suite import Suite


def plan_versus(suite: Suite, prepared: Prepared) -> Plan:
    """Return the plan of a session that compares all environments with the first.

    Raises:
        EnvironmentFailure: an environment cannot be used, or no cell imports a package in which
            they differ.
    """
    obstacles = [facts.obstacle for facts in prepared.environments if facts.obstacle]
    if obstacles:
        raise EnvironmentFailure(obstacles[0])
    asked = [facts.asked for facts in prepared.environments]
    plan = make_plan("ab", suite, environments=asked, reach=prepared.reach, is_versus=True)
    check_imported(plan, prepared.environments)
    return plan


def extend_versus(session: Session) -> Plan:
    """Return the plan to continue a session for as long again, even if all pairs are answered."""
    return replace(
        session.plan,
        rounds=2 * len(session.rounds),
        budget_s=None,
        precision=NEVER,
        stopping=Stopping.ANY,
    )
