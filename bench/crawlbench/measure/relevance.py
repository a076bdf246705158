"""Chooses plug-ins that show the effect of a package (floor 3; reads files, imports nothing)."""

from __future__ import annotations

from functools import cache, partial
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_strategy, distribution_of, imported_modules

if TYPE_CHECKING:
    from collections.abc import Iterable

ON_A_LOOP = ("aiohttp-gather", "asyncio-httptools")
"""Strategies that show an event loop: as most people use it, and with as little else as
possible."""
USUAL = ("-gather", "-async", "-threads", "-multi", "-serial", "")
"""Ends of strategies' names, in the order in which a strategy is preferred for its library."""


def relevant_axes(packages: Iterable[str]) -> dict[str, list[str]]:
    """Return which of a suite's axes to replace, so that the packages matter to the result.

    An event loop's own package chooses the loop, a client's the most usual strategy built on it, a
    parser's the parser. A package on which nothing is built chooses the most usual strategy that
    imports it, or whose library needs it. Other packages choose nothing.

    Args:
        packages: names of distributions.
    """
    wanted = {canonicalize_name(package) for package in packages}
    loops = [name for name in registry.names(registry.Kind.EVENT_LOOP) if _loop(name) in wanted]
    strategies = [*ON_A_LOOP] if loops else []
    for package in sorted(wanted):
        strategies += sorted(_built_on(package), key=_place)[:1]
    kind = registry.Kind.PARSER
    parsers = [name for name in registry.names(kind) if _imports(kind, name) & wanted]
    found = {"strategies": strategies, "event_loops": loops, "parsers": parsers}
    return {axis: list(dict.fromkeys(names)) for axis, names in found.items() if names}


def _built_on(package: str) -> list[str]:
    """Return the strategies that show a package: built on it, or else importing or needing it."""
    names = registry.names(registry.Kind.STRATEGY)
    warm = [name for name in names if not name.startswith("cold-")]
    for shows in (_of, partial(_imports, registry.Kind.STRATEGY), _needs):
        found = [name for name in warm if package in shows(name)]
        if found:
            return found
    return []


def _loop(name: str) -> str:
    return canonicalize_name(distribution_of(registry.declared_module(name)))


def _of(strategy: str) -> set[str]:
    return {canonicalize_name(describe_strategy(strategy).library)}


def _imports(kind: registry.Kind, plugin: str) -> set[str]:
    modules = imported_modules(kind, plugin)
    return {str(canonicalize_name(distribution_of(module))) for module in modules}


def _needs(strategy: str) -> set[str]:
    """Return what a strategy's library needs, and what that needs, without extras."""
    seen, front = set[str](), _of(strategy)
    while front:
        seen |= front
        front = {need for package in front for need in _requirements(package)} - seen
    return seen


@cache
def _requirements(package: str) -> set[str]:
    try:
        lines = metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return set()
    needs = [Requirement(line) for line in lines]
    here = [need for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return {str(canonicalize_name(need.name)) for need in here}


def _place(strategy: str) -> tuple[int, int, str]:
    place = next(n for n, end in enumerate(USUAL) if strategy.endswith(end))
    return place, len(strategy), strategy
