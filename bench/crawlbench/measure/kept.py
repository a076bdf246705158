"""Finds sessions of the same code on the same machine in the folders beside others (floor 3)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from crawlbench.base.errors import SessionFileError
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.stats.alike import find_other_sites

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crawlbench.base.records import Session

__all__ = ["find_kept"]

MAX_KEPT = 30
"""Most sessions to read: more would say nothing new."""


def find_kept(pair: tuple[Session, Session], folders: Iterable[Path]) -> list[Session]:
    """Return the sessions kept beside two others that measured the same on the same machine.

    They give the variance between sessions; neither of the two is included.

    Args:
        pair: the two sessions that are compared.
        folders: the folders of the two.
    """
    taken = {path.resolve() for path in folders}
    kept: list[Session] = []
    for folder in sorted({path.parent for path in taken}):
        for path in sorted(found.parent for found in folder.glob(f"*/{SESSION_FILE}")):
            if path in taken or len(kept) >= MAX_KEPT:
                continue
            with suppress(SessionFileError):
                session = load_session(path)
                if _is_alike(session, pair[0]) and _is_alike(session, pair[1]):
                    kept.append(session)
    return kept


def _is_alike(one: Session, other: Session) -> bool:
    """Return whether two sessions share cells, crawlbench and machine."""
    axes = ("hostname", "cpu_model", "cpu_count", "python", "versions")
    is_one = all(getattr(one.machine, axis) == getattr(other.machine, axis) for axis in axes)
    names = {cell.name for cell in one.plan.cells}
    is_one = is_one and one.tool == other.tool and not find_other_sites(one, other)
    return is_one and any(cell.name in names for cell in other.plan.cells)
