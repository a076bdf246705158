"""Which packages a worker needs in an environment, and in which versions (floor 4).

Also which of those that are there it may load.
"""

from __future__ import annotations

import re
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
    from collections.abc import Iterable, Mapping, Sequence, Set

    from crawlbench.base.records import Environment

WORKER_PACKAGES = (
    "ada-url",
    "cssselect",
    "jinja2",
    "lxml",
    "msgspec",
    "pyperf",
    "webencodings",
)
"""What all workers import: for their own work, for our sites and for the user's sites."""
ALWAYS_BOUND = "pyperf"
"""The user cannot choose a version of it that is too old for our workers."""
_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)""")


def needed_packages(
    names: Mapping[registry.Kind, Sequence[str]],
    written: Mapping[registry.Kind, Sequence[str]],
    asked: Iterable[str] = (),
) -> list[str]:
    """Return the distributions that the plug-ins and every worker import, in order of name.

    A plug-in that only a glob names is left out if the manager does not have its packages and no
    environment asks for them: one package without a wheel would make the environment impossible.

    Args:
        names: the names of plug-ins, by kind.
        written: the names that the user wrote out instead of using a glob.
        asked: distributions that environments ask for.

    Raises:
        UnknownNameError: there is no such plug-in.
    """
    wanted = {canonicalize_name(name) for name in asked}
    found: set[str] = set(WORKER_PACKAGES)
    for kind, of in names.items():
        for name in of:
            needs = {canonicalize_name(package) for package in _packages(kind, name)}
            # What the user wrote out is needed in any case: if it has no wheel, building fails.
            if name in written.get(kind, ()) or all(p in wanted or _is_here(p) for p in needs):
                found |= needs
    return sorted(found)


def _packages(kind: registry.Kind, name: str) -> list[str]:
    """Return the distributions that a plug-in imports."""
    if kind is not registry.Kind.EVENT_LOOP:
        return [distribution_of(module) for module in imported_modules(kind, name)]
    # The standard library's and our own loops are in every environment.
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
    """Return the distributions that an environment asks for, if its checkouts name theirs."""
    named = [Requirement(text).name for text in environment.packages]
    return [*named, *filter(None, (project_name(Path(p)) for p in environment.checkouts))]


def requirements_for(environment: Environment, needed: Iterable[str]) -> list[str]:
    """Return the requirements to install: the user's, and crawlbench's for the rest.

    Args:
        environment: its own requirements replace ours.
        needed: distributions, in the spelling of `needed_packages`.
    """
    asked = {canonicalize_name(name) for name in packages_of(environment)}
    ours = _own_requirements()
    rest = [ours.get(name, name) for name in needed if name == ALWAYS_BOUND or name not in asked]
    return [*environment.packages, *rest]


def extras_for(environment: Environment) -> dict[str, set[str]]:
    """Return the extras that the user or crawlbench asks for, by distribution."""
    found: dict[str, set[str]] = {}
    for text in (*environment.packages, *_own_requirements().values()):
        requirement = Requirement(text)
        found.setdefault(canonicalize_name(requirement.name), set()).update(requirement.extras)
    return found


def may_be_loaded(
    imported: Iterable[str],
    requires: Mapping[str, Sequence[str]],
    extras: Mapping[str, Set[str]],
) -> set[str]:
    """Return the imported distributions and all that they require, in canonical spelling.

    The latter count because some packages are imported only on first use, as h2 is by httpx.
    Requirements of an extra count only if somebody asked for the extra.

    Args:
        imported: distributions from which something was imported.
        requires: the requirements of all installed distributions, with their markers.
        extras: the extras that were asked for, by distribution in canonical spelling.
    """
    installed = {str(canonicalize_name(name)): texts for name, texts in requires.items()}
    queue = [str(canonicalize_name(name)) for name in imported]
    found: set[str] = set()
    while queue:
        name = queue.pop()
        if name in found or name not in installed:
            continue
        found.add(name)
        for text in installed[name]:
            # Other markers are not read: one package too many at most lets a plan pass.
            wanted = set(_EXTRA.findall(text))
            if (match := _NAME.match(text)) and (not wanted or wanted & extras.get(name, set())):
                queue.append(str(canonicalize_name(match[1])))
    return found


def bounds_for(environment: Environment, needed: Iterable[str]) -> list[list[str]]:
    """Return lists of constraints to be tried in this order, each shorter than the one before.

    First all of the manager's versions, then only those of packages that workers import themselves,
    then none. So environments differ in what the user asked for, and not in what happened to be the
    newest when each was built.
    """
    free = {canonicalize_name(name) for name in (*packages_of(environment), "crawlbench")}
    versions = _own_versions()
    every = sorted(text for name, text in versions.items() if name not in free)
    main = {canonicalize_name(name) for name in needed} - free
    return [every, sorted(versions[name] for name in main if name in versions), []]


@cache
def _own_versions() -> dict[str, str]:
    """Return the manager's installed versions as requirements, by distribution.

    The first of a name on the import path is the one that is imported. Name and version are read
    from one parse of the metadata: asking a distribution for each would parse it twice.
    """
    found: dict[str, str] = {}
    for about in (distribution.metadata for distribution in metadata.distributions()):
        if name := about["Name"]:  # a removal that was cut off leaves a folder without one
            found.setdefault(str(canonicalize_name(name)), f"{name}=={about['Version']}")
    return found


def _own_requirements() -> dict[str, str]:
    """Return crawlbench's requirements by distribution, without markers, extras merged in."""
    found: dict[str, Requirement] = {}
    for text in metadata.requires("crawlbench") or ():
        requirement = Requirement(text)
        # What is needed has been decided by then: no marker may drop it.
        requirement.marker = None
        found.setdefault(canonicalize_name(requirement.name), requirement)
    return {name: str(requirement) for name, requirement in found.items() if name != "crawlbench"}
