"""The labels by which cells name users' files: ends of paths, as long as needed (floor 3).

However a site or a network is spelled, and from whichever folder, its cells have the same names, so
that sessions find what they have in common. A strategy or parser with a relative path keeps its
spelling, which is what tells two versions of one file apart.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.records import OwnFile
from crawlbench.mirror.networks import find_network
from crawlbench.plugins import registry
from crawlbench.plugins.scouts import find_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.base.records import Cell, Plan

_ENDINGS = (".py", ".toml")


def is_file(name: str) -> bool:
    """Return whether the name of a site, network, strategy or parser is that of a user's file."""
    return split_trip(name)[0].endswith(_ENDINGS)


def find_place(path: str | Path) -> str:
    """Return the absolute path; symbolic links are kept, because the files beside them matter."""
    return os.path.abspath(path)  # noqa: PTH100  (`resolve` would follow links)


def split_trip(name: str) -> tuple[str, str]:
    """Return a name without its round trip, and the round trip, such as `mine.toml` and `@5ms`.

    Only the name of a network's file can end with one; for other names the second text is empty.
    """
    base, at, trip = name.rpartition("@")
    return (base, at + trip) if base.endswith(".toml") else (name, "")


class Labels:
    """The labels of a plan's files."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        """Take cells that name files as a user spelled them."""
        cells = tuple(cells)
        self._sites = {find_place(cell.site): cell.site for cell in cells}
        places = _spellings(name for cell in cells for name in (cell.site, cell.network))
        tools = _spellings(name for cell in cells for name in (cell.strategy, cell.parser))
        kept = {path: name for path, name in tools.items() if not Path(name).is_absolute()}
        self._spellings = {**tools, **places}
        short = _shorten([Path(path) for path in self._spellings])
        self._kept = kept
        self._short = {path: short[path] for path in self._spellings if path not in kept}
        # One file may be both a site and a parser: as a site, it has the short label.
        self._short |= {path: short[path] for path in places}

    def of(self, name: str) -> str:
        """Return the label of a site or network, however it was spelled; otherwise the name."""
        base, trip = split_trip(name)
        return self._short.get(find_place(base), base) + trip

    def of_tool(self, name: str) -> str:
        """Return the label of a strategy or parser; otherwise the name."""
        return self._kept.get(find_place(name)) or self.of(name)

    def rename(self, cell: Cell) -> Cell:
        """Return a cell that uses labels for its files."""
        return replace(
            cell,
            site=self.of(cell.site),
            network=self.of(cell.network),
            strategy=self.of_tool(cell.strategy),
            parser=self.of_tool(cell.parser),
        )

    def files(self) -> dict[str, OwnFile]:
        """Return the files by label; sites are loaded for this, each in a process of its own."""
        labels = [*self._short.items(), *self._kept.items()]
        return {
            label: OwnFile(path, self._spellings[path], self._content(path))
            for path, label in labels
        }

    def _content(self, path: str) -> str:
        site = self._sites.get(path)
        return find_out([(registry.Kind.SITE, site)])[0].content if site else ""


def hash_network(name: str) -> str:
    """Return twelve hex digits of what a network plays, its file of samples included.

    Raises:
        UsageError: there is no such network, or it cannot be used.
    """
    numbers = find_network(name).as_numbers()
    return hashlib.sha256(repr(sorted(numbers.items())).encode()).hexdigest()[:12]


def require_sites(plan: Plan) -> None:
    """Check that the plan's own sites are what they were when it was made.

    Raises:
        UsageError: one was changed, or can no longer be read.
    """
    for label, file in plan.files.items():
        if file.content:
            facts = find_out([(registry.Kind.SITE, file.path)])[0]
            facts.require()
            if facts.content != file.content:
                raise UsageError(
                    f"the site {label!r} ({file.path}) is not what it was when the session began: "
                    "its pages or its site file were changed, or are others on this machine; begin "
                    "a new session"
                )


def _spellings(names: Iterable[str]) -> dict[str, str]:
    """Return, by absolute path, the first spelling of each file among some names."""
    found: dict[str, str] = {}
    for name in names:
        if is_file(name):
            base = split_trip(name)[0]
            found.setdefault(find_place(base), base)
    return found


def _shorten(paths: list[Path]) -> dict[str, str]:
    """Return, for each absolute path, the shortest end that no other path has."""
    labels = {}
    for path in paths:
        others = [other for other in paths if other != path]
        count = 1
        while any(other.parts[-count:] == path.parts[-count:] for other in others):
            count += 1
        labels[str(path)] = "/".join(path.parts[-count:])
    return labels
