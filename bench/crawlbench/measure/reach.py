"""Which plug-ins are available: in the manager's own Python, or in some environment (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import NotInstalledError, UsageError
from crawlbench.plugins import registry
from crawlbench.plugins.scouts import find_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.plugins.scouts import PluginFacts


class Here:
    """The manager's own Python; the manager itself imports none of the plug-ins."""

    def look(self, asked: Sequence[tuple[registry.Kind, str]]) -> None:
        """Look at several plug-ins at once, which is faster than one after the other."""
        find_out(asked)

    def require(self, kind: registry.Kind, name: str) -> None:
        """Check that a plug-in can be loaded.

        Raises:
            NotInstalledError: it needs a package that is not installed.
            BenchError: it cannot be loaded for another reason.
        """
        find_out([(kind, name)])[0].require()

    def require_loops(self, event_loop: str) -> None:
        """Check that an event loop can be loaded and makes loops; raises what `require` raises."""
        find_out([(registry.Kind.EVENT_LOOP, event_loop)])[0].require_loops()

    def is_async(self, strategy: str) -> bool:
        """Return whether a strategy needs an event loop."""
        return find_out([(registry.Kind.STRATEGY, strategy)])[0].is_async


class Elsewhere:
    """Environments, as seen from inside; a plug-in must be in at least one of them."""

    def __init__(self, seen: Sequence[Mapping[str, Mapping[str, PluginFacts]]]) -> None:
        """Take what each environment reported of its plug-ins, by the name of their kind."""
        self._environments = seen

    def look(self, asked: Sequence[tuple[registry.Kind, str]]) -> None:
        """See `Here.look`; the environments were asked before."""

    def require_loops(self, event_loop: str) -> None:
        """Do nothing: the environments' workers will find out whether it makes loops."""

    def require(self, kind: registry.Kind, name: str) -> None:
        """See `Here.require`."""
        found = self._look_up(kind, name)
        if all(one.trouble for one in found):
            why = found[0].trouble if found else "no environment could be used"
            raise NotInstalledError(f"{kind.noun} {name!r} is in no environment: {why}")

    def is_async(self, strategy: str) -> bool:
        """See `Here.is_async`."""
        return any(one.is_async for one in self._look_up(registry.Kind.STRATEGY, strategy))

    def _look_up(self, kind: registry.Kind, name: str) -> list[PluginFacts]:
        plugins = [seen.get(kind.name, {}) for seen in self._environments]
        return [of_kind[name] for of_kind in plugins if name in of_kind]


Reach = Here | Elsewhere


def choose(reach: Reach, kind: registry.Kind, patterns: tuple[str, ...]) -> list[str]:
    """Return the available names that match.

    Raises:
        UsageError: a name that was written out is not available, or nothing is.
    """
    chosen = []
    selected = registry.select(kind, patterns)
    reach.look([(kind, name) for name in selected])
    for name in selected:
        try:
            reach.require(kind, name)
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
    reach.look([(kind, name) for kind, names in selected.items() for name in names])
