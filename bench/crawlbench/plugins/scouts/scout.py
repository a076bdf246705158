"""Starts processes that look at plug-ins, and remembers what they found (floor 1)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.children import ChildEnded, PlainChild
from crawlbench.base.errors import BrokenPluginError
from crawlbench.plugins.registry import Kind, find
from crawlbench.plugins.scouts.facts import PluginFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

LOAD_S = 30.0
"""Seconds to import one plug-in, on a busy machine."""

Asked = tuple[Kind, str]
_known: dict[tuple[Asked, object], PluginFacts] = {}
"""By plug-in and, for a file, its age and size: an edited file is looked at again."""


def find_out(asked: Sequence[Asked]) -> list[PluginFacts]:
    """Return what each plug-in is, in the order of the question.

    Registered names are imported in one process, unless one ends or blocks that process: then the
    others are looked at in another. A file has a process to itself, since it may change the folder,
    or patch what the next one imports.

    Raises:
        UnknownNameError: there is no such plug-in.
    """
    # A name that nobody knows is refused before any process is started.
    for kind, name in asked:
        find(kind, name)
    # Taken once: a file that is saved meanwhile is looked at again when somebody asks next.
    keys = {one: _key(one) for one in asked}
    new = [one for one in keys if keys[one] not in _known]
    alone = [one for one in new if "*" in find(*one).name]
    for group in ([one for one in new if one not in alone], *([one] for one in alone)):
        left = group
        while left:
            for one, facts in zip(left, _look(left), strict=False):
                _known[keys[one]] = facts
            # Whoever ended or blocked the process has facts as well, so each look gets further.
            left = [one for one in left if keys[one] not in _known]
    return [_known[keys[one]] for one in asked]


def _key(asked: Asked) -> tuple[Asked, object]:
    try:
        found = Path(asked[1]).stat()
    except (OSError, ValueError):
        return asked, None
    return asked, (found.st_mtime_ns, found.st_size)


def _look(asked: Sequence[Asked]) -> list[PluginFacts]:
    """Return the facts of as many plug-ins as one process can look at: at least one."""
    child = PlainChild("crawlbench.plugins.scouts.child")
    seen: list[PluginFacts] = []
    try:
        child.say({"asked": [(kind.name, name) for kind, name in asked]})
        while len(seen) < len(asked):
            seen.append(PluginFacts(**child.hear(LOAD_S)))
    except TimeoutError:
        # They are looked at in order, so the first one without facts is to blame.
        seen.append(_broken(asked[len(seen)], f"was not imported within {LOAD_S:g} s"))
    except ChildEnded as end:
        seen.append(_broken(asked[len(seen)], f"ends the process that imports it: {end}"))
    finally:
        child.end()
    return seen


def _broken(asked: Asked, what: str) -> PluginFacts:
    kind, name = asked
    text = f"{kind.noun} {name!r} {what}; fix it"
    return PluginFacts(trouble=text, kind_of_trouble=BrokenPluginError.__name__)
