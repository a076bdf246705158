"""Finds between which of many environments a time changed (floor 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.stats.bisection import Bisection, Step, find_lead, has_changed
from crawlbench.stats.change import find_changes
from crawlbench.stats.open_groups import HOPELESS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.records import Environment, Session
    from crawlbench.stats.change import Change


def bisect(
    environments: Sequence[Environment],
    measure: Callable[[Sequence[Environment], str], Session],
) -> Bisection:
    """Halve the list until two neighbours are left, or until an interval decides nothing.

    Both ends are measured with each middle, in the same laps, so that it does not matter if the
    machine changes between sessions. Among several cells the search follows the one that changed
    most, in the time of a whole crawl or, where two lengths are measured, in the time per page. A
    change of the time to begin shows in whole crawls.

    Args:
        environments: two or more, in the order to search.
        measure: measures environments, and only one group of cells once its name is known; before
            it measures, it raises `EnvironmentFailure` if an environment cannot be used.

    Raises:
        EnvironmentFailure: the first or the last environment cannot be used.
    """
    left = list(environments)
    names = tuple(environment.name for environment in left)
    skipped: dict[str, str] = {}
    # All cells at the ends: this says whether anything changed, and which group to follow.
    session = measure([left[0], left[-1]], "")
    whole = find_lead(_list_changes(session))
    if whole is None or whole.verdict not in (Verdict.FASTER, Verdict.SLOWER):
        return Bisection(names, whole, (), left[0].name, "", {})
    group = session.plan.cell(whole.cell).group
    steps: list[Step] = []
    low, high = 0, len(left) - 1
    while high - low > 1:
        middle = (low + high) // 2
        sides = left[0], left[middle], left[-1]
        step = _compare_ends(sides, whole, lambda these: measure(these, group))
        if isinstance(step, str):  # this one cannot be used: its neighbour takes its place
            skipped[left[middle].name] = step
            del left[middle]
            high -= 1
            continue
        steps.append(step)
        if step.is_after is None:
            break
        low, high = (low, middle) if step.is_after else (middle, high)
    return Bisection(names, whole, tuple(steps), left[low].name, left[high].name, skipped)


def _list_changes(session: Session) -> tuple[Change, ...]:
    """Return the changes to choose from: of whole crawls, and per page where that was measured."""
    # Where pages have no cost, more rounds bring none: that must not lead the search.
    per_page = find_changes(session, Quantity.PAGE)
    return (*find_changes(session), *(one for one in per_page if one.obstacle not in HOPELESS))


def _compare_ends(
    sides: tuple[Environment, Environment, Environment],
    found_before: Change,
    measure: Callable[[Sequence[Environment]], Session],
) -> Step | str:
    """Compare an environment with both ends; return the reason if it cannot be used.

    Args:
        sides: the first environment, the middle one and the last.
        found_before: how the two ends differ, by the session of them alone.
        measure: measures the three.
    """
    _, middle, last = sides
    quantity = found_before.quantity
    try:
        session = measure(sides)
    except EnvironmentFailure as error:
        return str(error)
    changes = find_changes(session, quantity)
    # The group of a bisection has one cell in each environment.
    at = {session.plan.cell(one.cell).environment: one for one in changes}
    found, whole = at[middle.name], at[last.name]
    # If the last one has no estimate either, the failure may be that of the first.
    if whole.estimate is not None:
        if found.verdict in (Verdict.INVALID, Verdict.UNSUPPORTED):
            return f"{middle.name} is {found.verdict.value}: {found.detail}"
        if found.obstacle in (Obstacle.FLAT, Obstacle.BENT):
            return f"{middle.name} has no {quantity.words} that could be compared"
    return Step(middle.name, found, has_changed(found, whole, found_before.verdict))
