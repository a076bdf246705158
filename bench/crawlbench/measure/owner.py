"""Makes sure that only one process at a time writes into a session's folder (floor 3)."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE = ".lock"
"""It is never removed, because all processes that wait for it must wait for the same file."""
OWNER_FILE = ".owner"
DRAFTS = ".*.json-*.json"
"""Matches the files that a process was writing when it was killed."""


class OwnedError(UsageError):
    """Raised when a folder cannot be locked, usually because another process has locked it."""


_held: dict[Path, int] = {}
"""Folders that this process has locked, with the number of blocks that use them."""


@contextmanager
def own(folder: Path) -> Iterator[None]:
    """Keep all other processes from writing into a session's folder.

    The lock is the system's: it ends with the process, however the process ends.

    Args:
        folder: an existing one, which this process may have locked already.

    Raises:
        OwnedError: another process has locked it.
    """
    place = folder.resolve()
    # The system refuses a second lock of the file even within one process.
    if place in _held:
        _held[place] += 1
        try:
            yield
        finally:
            _held[place] -= 1
        return
    lock = _lock(folder)
    _held[place] = 1
    try:
        with suppress(OSError):  # a full disk is reported where it matters
            note = _describe_self().encode(errors="backslashreplace")  # names need not be UTF-8
            (place / OWNER_FILE).write_bytes(note)
        # Nobody else writes here now, so these were left by a process that was killed.
        for draft in place.glob(DRAFTS):
            draft.unlink(missing_ok=True)
        yield
    finally:
        # The note goes before the lock: afterwards it could be that of the next owner.
        del _held[place]
        with suppress(OSError):
            (place / OWNER_FILE).unlink(missing_ok=True)
        lock.release()


def refuse_owned(folder: Path) -> None:
    """Raise OwnedError if another process writes into a folder; nothing is changed there."""
    if (folder / LOCK_FILE).exists():
        _lock(folder).release()


def _lock(folder: Path) -> FileLock:
    """Take a folder's lock.

    Raises:
        OwnedError: another process has locked it, or it cannot be written.
    """
    place = folder.resolve()
    lock = FileLock(place / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise OwnedError(
            f"the session {str(folder)!r} is being written by {_read_owner(place)}; "
            "wait until that has ended, or end it"
        ) from None
    except OSError as error:
        raise OwnedError(
            f"{str(folder)!r} cannot be written: {error.strerror}; name another folder with -o"
        ) from error
    return lock


def _describe_self() -> str:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    command = " ".join(sys.argv[1:]) or "crawlbench"
    return f"process {os.getpid()} on {platform.node()} since {now} ({command})"


def _read_owner(folder: Path) -> str:
    try:
        text = (folder / OWNER_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return text or "another process"
