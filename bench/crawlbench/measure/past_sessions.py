"""Finds sessions of the same code on the same machine in the folders beside others (floor 3)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from crawlbench.base.errors import SessionFileError
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.stats.comparability import are_one, have_same_code, measured_alike

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crawlbench.base.records import Session

MAX_KEPT = 30
"""Most sessions to read: more would say nothing new."""


def find_kept(pair: tuple[Session, Session], folders: Iterable[Path]) -> list[Session]:
    """Return the sessions beside a pair's folders that repeat either of it on the same machine.

    They give the variance between sessions, so neither of the two is included, nor is a copy of any
    session. After an upgrade, no
    session has the code of both.
    """
    taken = {path.resolve() for path in folders}
    kept: list[Session] = []
    for folder in sorted({path.parent for path in taken}):
        for path in sorted(found.parent for found in folder.glob(f"*/{SESSION_FILE}")):
            if path in taken or len(kept) >= MAX_KEPT:
                continue
            with suppress(SessionFileError):
                session = load_session(path)
                if any(are_one(session, one) for one in (*pair, *kept)):
                    continue
                if any(
                    measured_alike(session, one) and have_same_code(session, one) for one in pair
                ):
                    kept.append(session)
    return kept
