"""Gets the environments of a session ready, before its plan is made (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench import registry
from crawlbench.environments.building import build
from crawlbench.environments.looking import look_inside
from crawlbench.environments.needs import needed_packages
from crawlbench.errors import EnvironmentFailure
from crawlbench.measure.reach import Elsewhere, Here, Reach
from crawlbench.records import EnvironmentFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from crawlbench.measure.suite import Suite
    from crawlbench.records import Environment, Plan

__all__ = ["Prepared", "prepare_again", "prepare_environments"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Environments as they are, and which plug-ins can be had in them."""

    environments: tuple[EnvironmentFacts, ...]
    """In the order in which they were asked for; those that cannot be used have an obstacle."""
    reach: Reach


def prepare_environments(
    environments: Sequence[Environment], suite: Suite, tell: Callable[[str], None]
) -> Prepared:
    """Build or find the environments, and look into each.

    Args:
        environments: none for the manager's own Python.
        suite: whose plug-ins they need.
        tell: called with a line for each that is built.

    Raises:
        EnvironmentFailure: the first cannot be had, with which the others are compared.
        UnknownNameError: the suite names a plug-in that is not known.
    """
    if not environments:
        return Prepared((), Here())
    names = {
        registry.Kind.STRATEGY: registry.select(registry.Kind.STRATEGY, suite.strategies),
        registry.Kind.EVENT_LOOP: registry.select(registry.Kind.EVENT_LOOP, suite.event_loops),
        registry.Kind.PARSER: registry.select(registry.Kind.PARSER, suite.parsers),
    }
    return _prepare(environments, names, tell)


def prepare_again(plan: Plan, tell: Callable[[str], None]) -> tuple[EnvironmentFacts, ...]:
    """Return the environments of a session that is to go on; errors as `prepare_environments`."""
    cells = [cell for cell in plan.cells if cell.environment]
    names = {
        registry.Kind.STRATEGY: _unique(cell.strategy for cell in cells),
        registry.Kind.EVENT_LOOP: _unique(cell.event_loop or "" for cell in cells),
        registry.Kind.PARSER: _unique(cell.parser for cell in cells),
    }
    return _prepare(plan.environments, names, tell).environments


def _unique(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]


def _prepare(
    environments: Sequence[Environment],
    names: Mapping[registry.Kind, list[str]],
    tell: Callable[[str], None],
) -> Prepared:
    needed = needed_packages(
        names[registry.Kind.STRATEGY], names[registry.Kind.EVENT_LOOP], names[registry.Kind.PARSER]
    )
    asked = {kind.name: found for kind, found in names.items()}
    facts: list[EnvironmentFacts] = []
    seen = []
    for environment in environments:
        try:
            ready = build(environment, needed, tell)
            findings = look_inside(ready, asked)
        except EnvironmentFailure as error:
            if not facts:
                raise
            facts.append(EnvironmentFacts(environment, obstacle=str(error)))
        else:
            facts.append(ready)
            seen.append(
                {
                    kind: {name: (plugin.is_async, plugin.trouble) for name, plugin in of.items()}
                    for kind, of in findings.plugins.items()
                }
            )
    return Prepared(tuple(facts), Elsewhere(seen))
