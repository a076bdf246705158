"""Finds event loops, strategies, parsers and sites by entry point (floor 1).

Ours come through the same door as everybody's: an entry point in one of the groups of `Kind`. One
whose name is a glob, such as `*.toml`, is a family: it is called with the name that was asked for.
"""

from __future__ import annotations

import difflib
import fnmatch
import inspect
from enum import Enum
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from crawlbench.errors import (
    BenchError,
    BrokenPluginError,
    NotInstalledError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Kind",
    "declared_module",
    "describe_family",
    "families",
    "find",
    "is_async",
    "load",
    "names",
    "select",
    "unknown_name",
]


class Kind(Enum):
    """What can be plugged in; the value is the entry-point group."""

    EVENT_LOOP = "crawlbench.event_loops"
    STRATEGY = "crawlbench.strategies"
    PARSER = "crawlbench.parsers"
    SITE = "crawlbench.sites"

    @property
    def noun(self) -> str:
        """As a person would say it."""
        return {"EVENT_LOOP": "event loop"}.get(self.name, self.name.lower())


@cache
def _points(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=kind.value)}


def names(kind: Kind) -> list[str]:
    """Return all known names of a kind, installed or not, in alphabetical order."""
    return sorted(name for name in _points(kind) if "*" not in name)


def families(kind: Kind) -> list[str]:
    """Return the globs whose names are made when they are asked for."""
    return sorted(name for name in _points(kind) if "*" in name)


def describe_family(kind: Kind, glob: str) -> str:
    """Return in a line what a family's names make: the first of its maker's docstring."""
    point = _points(kind)[glob]
    try:
        return (inspect.getdoc(point.load()) or point.value).partition("\n")[0]
    except Exception as error:  # a stranger's plug-in may raise anything
        return f"{point.value} cannot be imported: {type(error).__name__}: {error}"


def _family(kind: Kind, name: str) -> str | None:
    """Return the glob of a family that has this name, unless the name is a glob itself."""
    if "*" in name:
        return None
    return next((glob for glob in families(kind) if fnmatch.fnmatchcase(name, glob)), None)


def find(kind: Kind, name: str) -> EntryPoint:
    """Return the entry point of that name, or of its family, without importing it.

    Raises:
        UnknownNameError: there is none; the message lists the known ones and near misses.
    """
    points = _points(kind)
    if name in points and "*" not in name:
        return points[name]
    family = _family(kind, name)
    if family:
        return points[family]
    raise unknown_name(kind.noun, name, names(kind))


def unknown_name(noun: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for a name that is not known: it lists those that are, and a near miss."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return UnknownNameError(f"unknown {noun} {name!r}{hint}; known: {', '.join(known) or 'none'}")


def select(kind: Kind, patterns: tuple[str, ...]) -> list[str]:
    """Return the names that match any of the globs, in the order of the patterns.

    Raises:
        UnknownNameError: a pattern matches nothing.
    """
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matches = fnmatch.filter(names(kind), pattern)
        if not matches:
            find(kind, pattern)  # says what is known
            matches = [pattern]  # of a family
        chosen.update(dict.fromkeys(matches))
    return list(chosen)


def load(kind: Kind, name: str) -> Any:  # noqa: ANN401  (each kind has its own contract)
    """Import a plug-in and return it.

    Raises:
        UnknownNameError: no such name.
        NotInstalledError: it needs a package that is not here.
        BrokenPluginError: it fails otherwise at import.
    """
    point = find(kind, name)
    try:
        plugin = point.load()
        return plugin(name) if "*" in point.name else plugin
    except BenchError:
        raise
    except ModuleNotFoundError as error:
        package = (error.name or point.module).partition(".")[0].replace("_", "-")
        raise NotInstalledError(
            f"{kind.noun} {name!r} is known but not installed here: it needs {package!r}; "
            f"try: pip install {package}"
        ) from error
    except Exception as error:
        raise BrokenPluginError(
            f"{kind.noun} {name!r} ({point.value}) cannot be imported: "
            f"{type(error).__name__}: {error}; mend or uninstall it"
        ) from error


def is_async(strategy: str) -> bool:
    """Tell whether a strategy needs an event loop.

    Raises:
        BenchError: as `load`.
    """
    crawl = load(Kind.STRATEGY, strategy)
    if not callable(crawl):
        raise BrokenPluginError(f"strategy {strategy!r} is {crawl!r}, not a function to call")
    return inspect.iscoroutinefunction(crawl) or inspect.isasyncgenfunction(crawl)


def declared_module(event_loop: str) -> str:
    """Return the top-level package that an event loop's entry point or name names: `uvloop`."""
    point = find(Kind.EVENT_LOOP, event_loop)
    module = event_loop.partition(":")[0] if "*" in point.name else point.module
    return module.partition(".")[0]
