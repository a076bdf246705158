"""Which packages a worker needs in an environment, and in which versions (floor 4)."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crawlbench.environments.checkouts import project_name
from crawlbench.plugins import registry
from crawlbench.plugins.about import distribution_of, imported_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawlbench.base.records import Environment

__all__ = [
    "WORKER_PACKAGES",
    "bounds_for",
    "extras_for",
    "needed_packages",
    "packages_of",
    "requirements_for",
]

WORKER_PACKAGES = (
    "ada-url",
    "cssselect",
    "jinja2",
    "lxml",
    "msgspec",
    "pyperf",
    "webencodings",
)
"""What workers import whatever they crawl with: for their task, our sites and the user's own."""
ALWAYS_BOUND = "pyperf"
"""Its oldest version is not the user's to choose: our workers rest on what it can do."""


def needed_packages(
    names: Mapping[registry.Kind, Sequence[str]],
    written: Mapping[registry.Kind, Sequence[str]],
    asked: Iterable[str] = (),
) -> list[str]:
    """Return the distributions that plug-ins and every worker import, in order of name.

    What only a glob names is left out if the manager does not have it either, and no environment
    asks for it: one package without a wheel would make an environment impossible.

    Args:
        names: of plug-ins, by kind.
        written: those of them that somebody wrote out.
        asked: distributions that environments ask for.

    Raises:
        UnknownNameError: there is no such plug-in.
    """
    wanted = {canonicalize_name(name) for name in asked}
    found: set[str] = set(WORKER_PACKAGES)
    for kind, of in names.items():
        for name in of:
            needs = {canonicalize_name(package) for package in _packages(kind, name)}
            if name in written.get(kind, ()) or all(p in wanted or _is_here(p) for p in needs):
                found |= needs
    return sorted(found)


def _packages(kind: registry.Kind, name: str) -> list[str]:
    """Return the distributions that a plug-in imports."""
    if kind is not registry.Kind.EVENT_LOOP:
        return [distribution_of(module) for module in imported_modules(kind, name)]
    module = registry.declared_module(name)
    return [] if module in ("asyncio", "crawlbench") else [distribution_of(module)]


def _is_here(package: str) -> bool:
    """Return whether the manager has a distribution."""
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


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


def extras_for(environment: Environment) -> dict[str, set[str]]:
    """Return the extras that the user or crawlbench asks for, by distribution that has them."""
    found: dict[str, set[str]] = {}
    for text in (*environment.packages, *_own_requirements().values()):
        requirement = Requirement(text)
        found.setdefault(canonicalize_name(requirement.name), set()).update(requirement.extras)
    return found


def bounds_for(environment: Environment, needed: Iterable[str]) -> list[list[str]]:
    """Return constraints to be tried in this order: the manager's versions, fewer each time.

    So that environments differ in what was asked, and not in what was newest on the day: all of the
    manager's versions, those of the packages that workers import themselves, none.
    """
    free = {canonicalize_name(name) for name in (*packages_of(environment), "crawlbench")}
    versions = _own_versions()
    every = sorted(text for name, text in versions.items() if name not in free)
    main = {canonicalize_name(name) for name in needed} - free
    return [every, sorted(versions[name] for name in main if name in versions), []]


@cache
def _own_versions() -> dict[str, str]:
    """Return what the manager's Python has as requirements, by distribution.

    To ask each one for its name and version would parse its metadata each time anew.
    """
    found = {}
    for about in (distribution.metadata for distribution in metadata.distributions()):
        found[str(canonicalize_name(about["Name"]))] = f"{about['Name']}=={about['Version']}"
    return found


def _own_requirements() -> dict[str, str]:
    """Return crawlbench's requirements by distribution, without markers, extras merged in."""
    found: dict[str, Requirement] = {}
    for text in metadata.requires("crawlbench") or ():
        requirement = Requirement(text)
        requirement.marker = None
        found.setdefault(canonicalize_name(requirement.name), requirement)
    return {name: str(requirement) for name, requirement in found.items() if name != "crawlbench"}
