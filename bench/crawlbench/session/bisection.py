"""Finds between which of many environments a time changed (floor 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.errors import EnvironmentFailure
from crawlbench.records import Verdict
from crawlbench.stats.bisection import Bisection, Step, find_lead, has_changed
from crawlbench.stats.versus import find_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.records import Environment, Session

__all__ = ["bisect"]


def bisect(
    environments: Sequence[Environment],
    measure: Callable[[Sequence[Environment], str], Session],
) -> Bisection:
    """Halve the list until neighbours are left, or an interval does not tell.

    The ends are measured along with each middle, in the same laps, so that a machine that changes
    between sessions does not matter. Of several cells, the one that changed most is followed.

    Args:
        environments: in their order, two or more.
        measure: called for each session, with its environments, and the one group of cells to
            measure if that is known.

    Raises:
        EnvironmentFailure: the first or the last cannot be used.
    """
    left = list(environments)
    names = tuple(environment.name for environment in left)
    skipped: dict[str, str] = {}
    session = measure([left[0], left[-1]], "")
    if obstacle := session.environments[-1].obstacle:
        raise EnvironmentFailure(obstacle)
    changes = find_changes(session)
    whole = find_lead(changes)
    if whole is None or whole.verdict not in (Verdict.FASTER, Verdict.SLOWER):
        return Bisection(names, whole, (), left[0].name, "", {})
    group = session.plan.cell(whole.cell).group
    steps: list[Step] = []
    low, high = 0, len(left) - 1
    while high - low > 1:
        middle = (low + high) // 2
        name = left[middle].name
        session = measure([left[0], left[middle], left[-1]], group)
        if obstacle := session.environments[1].obstacle:
            skipped[name] = obstacle
            del left[middle]
            high -= 1
            continue
        at = {session.plan.cell(c.cell).environment: c for c in find_changes(session)}
        is_after = has_changed(at[name], at[left[-1].name])
        steps.append(Step(name, at[name], is_after))
        if is_after is None:
            break
        low, high = (low, middle) if is_after else (middle, high)
    return Bisection(names, whole, tuple(steps), left[low].name, left[high].name, skipped)
