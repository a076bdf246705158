"""Finds event loops, strategies, parsers and sites by entry point (floor 1).

Our own plug-ins are found in the same way as everybody's: by an entry point in one of the groups of
`Kind`. An entry point whose name is a glob, such as `*.toml`, is a family: it is called with the
name that was asked for, and returns the plug-in.
"""

from __future__ import annotations

import fnmatch
import functools
import inspect
import sys
from enum import Enum
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import (
    BenchError,
    BrokenPluginError,
    NotInstalledError,
    UnknownNameError,
)
from crawlbench.base.model import SiteSpec
from crawlbench.plugins.extras import how_to_get
from crawlbench.plugins.misspelling import unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution


class Kind(Enum):
    """What can be plugged in; the value is the entry-point group."""

    EVENT_LOOP = "crawlbench.event_loops"
    STRATEGY = "crawlbench.strategies"
    PARSER = "crawlbench.parsers"
    SITE = "crawlbench.sites"

    @property
    def noun(self) -> str:
        """The word that people use for one thing of this kind."""
        return {"EVENT_LOOP": "event loop"}.get(self.name, self.name.lower())


OURS = "crawlbench"
"""The distribution whose plug-ins come before everybody else's."""


@cache
def _our_points(kind: Kind) -> dict[str, EntryPoint]:
    """Return what comes with crawlbench; this reads one package's file, and not those of all."""
    try:
        found = distribution(OURS).entry_points.select(group=kind.value)
    except PackageNotFoundError:  # it was copied here and not installed
        return {}
    return {point.name: point for point in found}


@cache
def _points(kind: Kind) -> dict[str, EntryPoint]:
    found = sorted((is_ours(point.dist), point) for point in points_of(kind.value))
    return {point.name: point for _, point in found}  # nobody takes the place of ours


@cache  # since a distribution's name takes the reading of all its metadata
def is_ours(package: Distribution | None) -> bool:
    """Return whether this distribution is crawlbench itself."""
    return getattr(package, "name", "") == OURS


def points_of(group: str) -> Iterable[EntryPoint]:
    """Return the entry points of a group; a single search serves all groups."""
    found: Iterable[EntryPoint] = _all_points(tuple(sys.path)).select(group=group)
    return found


@cache
def _all_points(_: tuple[str, ...]) -> Any:  # noqa: ANN401  (3.11 has another class for it)
    return entry_points()  # reads a file of each installed package


def names(kind: Kind) -> list[str]:
    """Return all known names of a kind, installed or not, in alphabetical order."""
    return sorted(name for name in _points(kind) if "*" not in name)


def families(kind: Kind) -> list[str]:
    """Return the globs of the families of a kind, in alphabetical order."""
    return sorted(name for name in _points(kind) if "*" in name)


def describe_family(kind: Kind, glob: str) -> str:
    """Return a line on what a family's names make: the first of its maker's docstring."""
    point = _points(kind)[glob]
    try:
        return (inspect.getdoc(point.load()) or point.value).partition("\n")[0]
    except (Exception, SystemExit) as error:  # somebody else's plug-in may raise anything
        return f"{point.value} {describe_failure(error)}"


def _family(kind: Kind, name: str) -> str | None:
    """Return the glob of a family that this name belongs to, unless the name is itself a glob."""
    if "*" in name:
        return None
    return next((glob for glob in families(kind) if fnmatch.fnmatchcase(name, glob)), None)


def find(kind: Kind, name: str) -> EntryPoint:
    """Return the entry point with that name, or its family's, without importing it.

    Raises:
        UnknownNameError: there is none; the message lists the known names and near misses.
    """
    if "*" not in name:
        # Each worker, mirror and scout asks for a few names, and nearly always for ours.
        for points in (_our_points, _points):
            if name in points(kind):
                return points(kind)[name]
    family = _family(kind, name)
    if family:
        return _points(kind)[family]
    # Whoever types a path means a file, and has no use for a list of names.
    endings = [glob[1:] for glob in families(kind) if glob.startswith("*.")]
    if "/" in name and endings:
        hint = f"a file of your own ends in {' or '.join(endings)}"
        raise UnknownNameError(f"unknown {kind.noun} {name!r}; {hint}")
    others = {other.noun for other in Kind if other is not kind and name in _points(other)}
    known = [*names(kind), *(glob for glob in families(kind) if not glob.startswith("*"))]
    raise unknown_name(kind.noun, name, known, others)


def select(kind: Kind, patterns: tuple[str, ...]) -> list[str]:
    """Return the names that match any of the globs, in the order of the patterns.

    Raises:
        UnknownNameError: a pattern matches nothing.
    """
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matches = fnmatch.filter(names(kind), pattern)
        if not matches:
            _require_known(kind, pattern)
            matches = [pattern]  # of a family
        chosen.update(dict.fromkeys(matches))
    return list(chosen)


def _require_known(kind: Kind, name: str) -> None:
    """Raise if nothing has this name; if several names begin with it, a glob was meant."""
    try:
        find(kind, name)
    except UnknownNameError as error:
        alike = [one for one in names(kind) if name and one.startswith(f"{name}-")]
        if len(alike) < 2:
            raise
        raise UnknownNameError(
            f"unknown {kind.noun} {name!r}; {name + '-*'!r} takes the {len(alike)} whose names "
            f"begin like this, such as {alike[0]!r}"
        ) from error


def load(kind: Kind, name: str) -> Any:  # noqa: ANN401  (each kind has its own contract)
    """Import a plug-in and return it.

    Raises:
        UnknownNameError: there is no such name.
        NotInstalledError: it needs a package that is not installed.
        BrokenPluginError: its import fails for another reason.
    """
    point = find(kind, name)
    try:
        plugin = point.load()
        plugin = plugin(name) if "*" in point.name else plugin
    except BenchError:  # ours say themselves what they lack, such as a newer Python
        raise
    except ModuleNotFoundError as error:
        module = (error.name or point.module).partition(".")[0]
        raise NotInstalledError(
            f"{kind.noun} {name!r} is known but not installed here: it needs {module!r}; "
            f"{how_to_get(module)}"
        ) from error
    except (Exception, SystemExit) as error:  # a script ends itself by SystemExit
        raise BrokenPluginError(
            f"{kind.noun} {name!r} ({point.value}) {describe_failure(error)}; fix or uninstall it"
        ) from error
    _require_contract(kind, name, plugin)
    return plugin


def describe_failure(error: BaseException) -> str:
    """Return a clause that says how an import failed."""
    if isinstance(error, SystemExit):
        return (
            f"ends itself when it is imported (SystemExit: {error.code}); a script's own work "
            "belongs below `if __name__ == '__main__':`"
        )
    return f"cannot be imported: {type(error).__name__}: {error}"


_ARGUMENTS = {Kind.STRATEGY: ("site", "concurrency"), Kind.PARSER: ("spec",), Kind.EVENT_LOOP: ()}
"""The arguments that a plug-in of each kind is called with."""


def _require_contract(kind: Kind, name: str, plugin: object) -> None:
    """Raise if a plug-in cannot be called like the others of its kind."""
    if kind is Kind.SITE:
        if not isinstance(plugin, SiteSpec):
            raise BrokenPluginError(f"site {name!r} is {plugin!r}, not a SiteSpec")
        return
    arguments = _ARGUMENTS[kind]
    wanted = f"({', '.join(arguments)})"
    if not callable(plugin):
        raise BrokenPluginError(
            f"{kind.noun} {name!r} is {plugin!r}, not a function to call with {wanted}"
        )
    try:
        signature = inspect.signature(plugin)
    except (ValueError, TypeError):  # written in C, which has no signature
        return
    try:
        # Refused here, once: otherwise each crawl would raise the same TypeError.
        signature.bind(*arguments)
    except TypeError as error:
        raise BrokenPluginError(
            f"{kind.noun} {name!r} takes {signature}, but is called with {wanted}: {error}"
        ) from error


def is_async(strategy: str) -> bool:
    """Return whether a strategy needs an event loop.

    Raises:
        BenchError: as for `load`.
    """
    return needs_loop(load(Kind.STRATEGY, strategy))


def needs_loop(crawl: object) -> bool:
    """Return whether the result of a call must be awaited, or iterated in an event loop.

    A decorated function counts as what it decorates, unless its decorator runs a loop of its own;
    an instance counts as what its class makes of a call.
    """
    seen: list[object] = []
    # By identity: an object may claim to equal anything. `__wrapped__` may lead in a circle.
    while not any(crawl is one for one in seen):
        seen.append(crawl)
        is_plain = inspect.isroutine(crawl) or isinstance(crawl, functools.partial)
        call: Any = crawl if is_plain else type(crawl).__call__
        if inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call):
            return True
        if _STARTERS.intersection(getattr(getattr(call, "__code__", None), "co_names", ())):
            return False
        inner = getattr(crawl, "func", call) if isinstance(crawl, functools.partial) else call
        crawl = getattr(crawl, "__wrapped__", inner)
    return False


_STARTERS = frozenset({"Runner", "run", "run_until_complete"})
"""What a plain function calls to run something `async` in a loop of its own."""


def declared_module(event_loop: str) -> str:
    """Return the top-level package of an event loop's name or entry point, such as `uvloop`."""
    point = find(Kind.EVENT_LOOP, event_loop)
    module = event_loop.partition(":")[0] if "*" in point.name else point.module
    return module.partition(".")[0]
