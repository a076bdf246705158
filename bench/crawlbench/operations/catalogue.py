"""Finds operations by the entry points of their themes (floor 2).

An entry point in the group `crawlbench.operations` leads to a `Theme`; ours are found in the same
way as everybody's.
"""

from __future__ import annotations

import fnmatch
from functools import cache
from typing import TYPE_CHECKING

from crawlbench.base.errors import BrokenPluginError
from crawlbench.operations.contract import Theme
from crawlbench.plugins.misspelling import unknown_name
from crawlbench.plugins.registry import points_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from crawlbench.operations.contract import Operation

GROUP = "crawlbench.operations"


@cache
def all_operations() -> tuple[Operation, ...]:
    """Return all operations, theme by theme in alphabetical order.

    Raises:
        BrokenPluginError: something cannot be imported, is not a theme, or repeats a name.
    """
    found: dict[str, Operation] = {}
    for point in sorted(points_of(GROUP), key=lambda point: point.name):
        for operation in _load(point).operations:
            if operation.name in found:
                raise BrokenPluginError(
                    f"operation {operation.name!r} is in the themes "
                    f"{found[operation.name].theme!r} and {operation.theme!r}; rename one"
                )
            found[operation.name] = operation
    return tuple(found.values())


def _load(point: EntryPoint) -> Theme:
    try:
        theme = point.load()
    except Exception as error:
        raise BrokenPluginError(
            f"operations {point.name!r} ({point.value}) cannot be imported: "
            f"{type(error).__name__}: {error}; fix or uninstall it"
        ) from error
    if not isinstance(theme, Theme):
        raise BrokenPluginError(
            f"operations {point.name!r} ({point.value}) is {theme!r}, not a Theme of operations"
        )
    return theme


def find_operation(name: str) -> Operation:
    """Return the operation with this name.

    Raises:
        UnknownNameError: there is none; the message lists the known names and a near miss.
    """
    for operation in all_operations():
        if operation.name == name:
            return operation
    raise unknown_name("operation", name, [operation.name for operation in all_operations()])


def select_operations(patterns: tuple[str, ...]) -> list[Operation]:
    """Return the operations that match any of the globs, in the order of the patterns.

    Raises:
        UnknownNameError: a pattern matches nothing.
    """
    chosen: dict[str, Operation] = {}
    for pattern in patterns:
        matches = [o for o in all_operations() if fnmatch.fnmatchcase(o.name, pattern)]
        for operation in matches or [find_operation(pattern)]:
            chosen.setdefault(operation.name, operation)
    return list(chosen.values())
