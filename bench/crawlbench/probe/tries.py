"""All that is tried: the operations, and features that are no work to measure (floor 3)."""

from __future__ import annotations

from functools import cache

from crawlbench.operations import Operation, all_operations
from crawlbench.operations.contract import FEW
from crawlbench.probe import contexts, lifecycle, servers, transports
from crawlbench.registry import unknown_name

__all__ = ["FIRST", "all_tries", "find_try", "size_of"]

FIRST = lifecycle.STARTS
"""A loop that does not pass this one is asked nothing else."""


@cache
def all_tries() -> tuple[Operation, ...]:
    """Return everything that is tried, the most basic first.

    Raises:
        BrokenPluginError: a theme of operations cannot be imported.
    """
    features = [
        feature
        for module in (lifecycle, contexts, transports, servers)
        for feature in module.THEME.operations
    ]
    return *features, *(o for o in all_operations() if not o.is_variant)


def find_try(name: str) -> Operation:
    """Return what is tried under that name.

    Raises:
        UnknownNameError: nothing is.
    """
    for operation in all_tries():
        if operation.name == name:
            return operation
    raise unknown_name("probe", name, [operation.name for operation in all_tries()])


def size_of(operation: Operation) -> int:
    """Return how often it is done: a little, but enough to see that it goes wrong at times."""
    return max(operation.few, min(operation.n, FEW))
