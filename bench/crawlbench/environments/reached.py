"""Finds the distributions that a process has loaded or may load later (floor 3; pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)""")


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
            wanted = set(_EXTRA.findall(text))
            if (match := _NAME.match(text)) and (not wanted or wanted & extras.get(name, set())):
                queue.append(str(canonicalize_name(match[1])))
    return found
