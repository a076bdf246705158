"""Lists everything to try: operations, and features that are not worth measuring (floor 3)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from crawlbench.operations import Operation, all_operations
from crawlbench.operations.contract import FEW
from crawlbench.plugins.misspelling import unknown_name
from crawlbench.probe import contexts, lifecycle, servers, transports

if TYPE_CHECKING:
    from collections.abc import Collection

FIRST = lifecycle.STARTS
"""A loop that does not pass this probe is not tried further."""


@cache
def all_tries() -> tuple[Operation, ...]:
    """Return everything to try, the most basic first.

    Raises:
        BrokenPluginError: a theme of operations cannot be imported.
    """
    return *_features(), *(o for o in all_operations() if not o.is_variant)


def _features() -> list[Operation]:
    modules = (lifecycle, contexts, transports, servers)
    return [feature for module in modules for feature in module.THEME.operations]


def names_of_themes(themes: Collection[str]) -> tuple[str, ...]:
    """Return the features, which no session measures, and the operations of these themes."""
    features = {feature.name for feature in _features()}
    return tuple(o.name for o in all_tries() if o.name in features or o.theme in themes)


def find_try(name: str) -> Operation:
    """Return the feature or operation with that name.

    Raises:
        UnknownNameError: there is none.
    """
    for operation in all_tries():
        if operation.name == name:
            return operation
    raise unknown_name("probe", name, [operation.name for operation in all_tries()])


def size_of(operation: Operation) -> int:
    """Return how often to do it: a few times, so that an occasional failure shows."""
    return max(operation.few, min(operation.n, FEW))
