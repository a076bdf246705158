"""Prepares a session's environments before its plan is made (floor 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import EnvironmentFacts
from crawlbench.environments.building import build
from crawlbench.environments.inspection import look_inside
from crawlbench.environments.requirements import (
    WORKER_PACKAGES,
    extras_for,
    may_be_loaded,
    needed_packages,
    packages_of,
)
from crawlbench.measure.availability import Reach, reach_into
from crawlbench.plugins import registry
from crawlbench.plugins.scouts import find_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crawlbench.base.records import Environment, Plan, Session
    from crawlbench.measure.suite import Suite


@dataclass(frozen=True, slots=True)
class Prepared:
    """The environments as they were built, and the plug-ins that are available in them."""

    environments: tuple[EnvironmentFacts, ...]
    """In the order in which they were asked for; those that cannot be used have an obstacle."""
    reach: Reach


def prepare_environments(
    environments: Sequence[Environment], suite: Suite, tell: Callable[[str], None]
) -> Prepared:
    """Build or find the environments, and ask each what is installed in it.

    Args:
        environments: what the user asked for; empty for the manager's own Python.
        suite: names the plug-ins that they need.
        tell: called with a line for each environment that is built.

    Raises:
        EnvironmentFailure: the first one, with which the others are compared, is not available.
        UnknownNameError: the suite names an unknown plug-in.
    """
    if not environments:
        return Prepared((), find_out)
    patterns = {
        registry.Kind.STRATEGY: suite.strategies,
        registry.Kind.EVENT_LOOP: suite.event_loops,
        registry.Kind.PARSER: suite.parsers,
    }
    names = {kind: registry.select(kind, of) for kind, of in patterns.items()}
    asked_for = {package for one in environments for package in packages_of(one)}
    written = {kind: [n for n in names[kind] if n in of] for kind, of in patterns.items()}
    needed = needed_packages(names, written, asked_for)
    facts = _build_alike(environments, needed, tell)
    return _look(facts, {kind.name: found for kind, found in names.items()})


def prepare_for(plan: Plan, tell: Callable[[str], None]) -> tuple[EnvironmentFacts, ...]:
    """Return the environments of another machine's plan; raises as `prepare_environments` does."""
    names = _plugins(plan)
    return tuple(_build_alike(plan.environments, needed_packages(names, names), tell))


def check_imported(plan: Plan, environments: Sequence[EnvironmentFacts]) -> None:
    """Refuse a plan that uses none of the packages in which its environments differ.

    Otherwise two versions of a package would be called the same although it is never imported. If
    Pythons, flags or variables differ, those are compared as well, and nothing is refused.

    Args:
        plan: its strategies, event loops and parsers are imported once more in each environment.
        environments: the environments, all of them usable.

    Raises:
        EnvironmentFailure: nothing in the plan imports these packages, or an environment cannot be
            asked.
    """
    suspects = _differing(environments)
    if not suspects:
        return
    plugins = _plugins(plan)
    # Packages that plug-ins import only on first use have not been imported at this point.
    written = set(needed_packages(plugins, plugins)).difference(WORKER_PACKAGES)
    asked = {kind.name: names for kind, names in plugins.items()}
    for one in environments:
        found = look_inside(one, asked)
        loaded = written.union(found.imported)
        if suspects & may_be_loaded(loaded, found.requires, extras_for(one.asked)):
            return
    raise EnvironmentFailure(
        f"nothing that is to be measured imports {', '.join(sorted(suspects))}; name a strategy or "
        "an operation that does (-s, --operation)"
    )


def _differing(environments: Sequence[EnvironmentFacts]) -> set[str]:
    """Return the packages in which the user made environments differ; empty if more differs."""
    settings = [(one.asked.python, one.asked.flags, one.asked.variables) for one in environments]
    if any(of != settings[0] for of in settings):
        return set()
    named = {name for one in environments for name in one.named}
    versions = [
        {str(canonicalize_name(n)): v for n, v in one.versions.items()} for one in environments
    ]
    differing = {name for name in named if len({of.get(name) for of in versions}) > 1}
    # Two checkouts may have the same version, so their files count. The packages that come from
    # them are those that no requirement names.
    sources = [sorted(one.sources.values()) for one in environments]
    if any(of != sources[0] for of in sources):
        alone = [replace(one.asked, checkouts=()) for one in environments]
        required = {str(canonicalize_name(name)) for of in alone for name in packages_of(of)}
        differing |= named - required
    # If all came out equal, something has to import what was asked for all the same.
    return differing or named


def _plugins(plan: Plan) -> dict[registry.Kind, list[str]]:
    """Return the names of the plug-ins that the cells need, by kind."""
    kinds = (registry.Kind.STRATEGY, registry.Kind.EVENT_LOOP, registry.Kind.PARSER)
    return {kind: plan.names_on(kind.name.lower()) for kind in kinds}


def prepare_again(session: Session, tell: Callable[[str], None]) -> tuple[EnvironmentFacts, ...]:
    """Return a session's environments as they were, in order to continue it.

    Raises:
        EnvironmentFailure: one that the session has used is not available any more.
    """
    return tuple(
        facts if facts.obstacle else build(facts.asked, facts.needed, tell, facts.looseness)
        for facts in session.environments
    )


def _build_alike(
    environments: Sequence[Environment], needed: Sequence[str], tell: Callable[[str], None]
) -> list[EnvironmentFacts]:
    """Build all environments with the same bounds: the strictest that fit every one of them.

    Otherwise one side would have today's versions of packages that nobody asked for, and the other
    side would have the manager's.

    Raises:
        EnvironmentFailure: the first one is not available.
    """
    looseness = 0
    while True:
        facts = [_build_one(one, needed, tell, looseness) for one in environments]
        if facts[0].obstacle:
            raise EnvironmentFailure(facts[0].obstacle)
        # One that cannot be built keeps the looseness of its try, so it loosens none of the others.
        loosest = max(one.looseness for one in facts)
        if loosest == looseness:
            return facts
        looseness = loosest


def _build_one(
    environment: Environment, needed: Sequence[str], tell: Callable[[str], None], looseness: int
) -> EnvironmentFacts:
    try:
        return build(environment, needed, tell, looseness)
    except EnvironmentFailure as error:
        return EnvironmentFacts(environment, looseness=looseness, obstacle=str(error))


def _look(facts: Sequence[EnvironmentFacts], asked: Mapping[str, Sequence[str]]) -> Prepared:
    """Ask each environment what it can import.

    Raises:
        EnvironmentFailure: the first one does not answer.
    """
    seen, found = [], []
    for one in facts:
        looked = one
        if not one.obstacle:
            try:
                seen.append(look_inside(one, asked).plugins)
            except EnvironmentFailure as error:
                if one is facts[0]:  # the others are compared with it
                    raise
                looked = replace(one, obstacle=str(error))
        found.append(looked)
    return Prepared(tuple(found), reach_into(seen))
