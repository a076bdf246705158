"""Which plug-ins are available: in the manager's own Python, or in some environment (floor 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crawlbench.base.errors import NotInstalledError, UsageError
from crawlbench.plugins import registry
from crawlbench.plugins.scouts import PluginFacts

Reach = Callable[[Sequence[tuple[registry.Kind, str]]], list[PluginFacts]]
"""Says what plug-ins are, in the order of the question: `find_out` for the manager's own Python,
which itself imports none of them. To ask for several at once is faster."""


def reach_into(environments: Sequence[Mapping[str, Mapping[str, PluginFacts]]]) -> Reach:
    """Return the reach of environments; a plug-in must be in at least one of them.

    Args:
        environments: what each reported, by the name of the plug-ins' kind, and by name.
    """

    def find(kind: registry.Kind, name: str) -> PluginFacts:
        plugins = [seen.get(kind.name, {}) for seen in environments]
        found = [of_kind[name] for of_kind in plugins if name in of_kind]
        if not all(one.trouble for one in found):  # its workers find out whether it makes loops
            return PluginFacts(is_async=any(one.is_async for one in found))
        why = found[0].trouble if found else "no environment could be used"
        trouble = f"{kind.noun} {name!r} is in no environment: {why}"
        return PluginFacts(trouble=trouble, kind_of_trouble=NotInstalledError.__name__)

    return lambda asked: [find(*one) for one in asked]


def choose(reach: Reach, kind: registry.Kind, patterns: tuple[str, ...]) -> list[str]:
    """Return the available names that match.

    Raises:
        UsageError: a name that was written out is not available, or nothing is.
    """
    chosen = []
    selected = registry.select(kind, patterns)
    for name, facts in zip(selected, reach([(kind, name) for name in selected]), strict=True):
        try:
            facts.require()
        except NotInstalledError:
            if name in patterns:
                raise
        else:
            chosen.append(name)
    if not chosen:
        raise UsageError(f"no {kind.noun} that {', '.join(patterns)!r} names is installed")
    return chosen


def look_at_all(reach: Reach, wanted: Mapping[registry.Kind, tuple[str, ...]]) -> None:
    """Look at plug-ins of several kinds in one process, instead of one for each kind.

    Args:
        reach: where they are wanted.
        wanted: names and globs by kind; strategies last, since some of their libraries change what
            is imported after them.

    Raises:
        UnknownNameError: there is no plug-in of some name.
    """
    selected = {kind: registry.select(kind, patterns) for kind, patterns in wanted.items()}
    reach([(kind, name) for kind, names in selected.items() for name in names])
