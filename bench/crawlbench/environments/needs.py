"""Which packages a worker needs in an environment, and in which versions (floor 3)."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crawlbench import registry
from crawlbench.about import distribution_of, imported_modules
from crawlbench.environments.checkouts import project_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.records import Environment

__all__ = ["constraints_for", "needed_packages", "packages_of", "requirements_for"]

WORKER_PACKAGES = ("jinja2", "msgspec", "pyperf")
"""What workers import whatever they crawl."""
ALWAYS_BOUND = "pyperf"
"""Its oldest version is not the user's to choose: our workers rest on what it can do."""


def needed_packages(
    strategies: Iterable[str], event_loops: Iterable[str], parsers: Iterable[str]
) -> list[str]:
    """Return the distributions that these plug-ins and every worker import, in order of name.

    Raises:
        UnknownNameError: there is no such plug-in.
    """
    modules = {
        module
        for kind, names in (
            (registry.Kind.STRATEGY, strategies),
            (registry.Kind.PARSER, parsers),
        )
        for name in names
        for module in imported_modules(kind, name)
    }
    loops = {registry.declared_module(name) for name in event_loops}
    modules |= {module for module in loops if module not in ("asyncio", "crawlbench", None)}
    found = {canonicalize_name(distribution_of(module)) for module in modules if module}
    return sorted({*found, *WORKER_PACKAGES})


def packages_of(environment: Environment) -> list[str]:
    """Return the distributions that an environment asks for, as far as its checkouts say."""
    named = [Requirement(text).name for text in environment.packages]
    return [*named, *filter(None, (project_name(Path(p)) for p in environment.checkouts))]


def requirements_for(environment: Environment, needed: Iterable[str]) -> list[str]:
    """Return what is to be installed: what was asked, and the rest as crawlbench itself asks.

    Args:
        environment: whose own requirements take the place of ours.
        needed: distributions, in the spelling of `needed_packages`.
    """
    asked = {canonicalize_name(name) for name in packages_of(environment)}
    ours = _own_requirements()
    rest = [ours.get(name, name) for name in needed if name == ALWAYS_BOUND or name not in asked]
    return [*environment.packages, *rest]


def constraints_for(environment: Environment) -> list[str]:
    """Return the manager's versions of all that was not asked for, to be taken where they fit.

    So that environments differ in what was asked, and not in what was newest on the day.
    """
    free = {canonicalize_name(name) for name in (*packages_of(environment), "crawlbench")}
    return sorted(
        {
            f"{distribution.name}=={distribution.version}"
            for distribution in metadata.distributions()
            if canonicalize_name(distribution.name) not in free
        },
        key=str.lower,
    )


def _own_requirements() -> dict[str, str]:
    """Return crawlbench's requirements by distribution, without markers, extras merged in."""
    found: dict[str, Requirement] = {}
    for text in metadata.requires("crawlbench") or ():
        requirement = Requirement(text)
        requirement.marker = None
        found.setdefault(canonicalize_name(requirement.name), requirement)
    return {name: str(requirement) for name, requirement in found.items() if name != "crawlbench"}
