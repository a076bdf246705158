"""A session that compares environments, each cell with itself (floor 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import Stopping
from crawlbench.environments.preparation import check_imported
from crawlbench.environments.requirements import packages_of
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.relevance import relevant_axes
from crawlbench.measure.suite import load_suite, override
from crawlbench.stats.open_groups import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawlbench.base.records import Environment, Plan, Session
    from crawlbench.environments.preparation import Prepared
    from crawlbench.measure.suite import Suite


def choose_suite(sides: Iterable[Environment], asked: Mapping[str, object]) -> Suite:
    """Return the suite `ab` with what was asked for; the sides' packages choose the other axes."""
    suite: Suite = load_suite("ab")
    found = relevant_axes({package for side in sides for package in packages_of(side)})
    # Whoever asks for operations alone wants no crawls beside them.
    if "operations" in asked and "strategies" not in asked:
        suite = msgspec.structs.replace(suite, strategies=())
        found.pop("strategies", None)
    return override(suite, {**found, **asked})


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
