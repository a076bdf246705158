"""Temporary folders that are removed even if their process is killed (floor 0).

A process keeps all its folders in one, which it locks. The lock ends with the process, however that
ends, and the next process that needs a folder removes those that nobody holds. On Windows those of
killed processes stay, because a folder with an open file cannot be given the name that says so.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "crawlbench-room-"
LOCK = "room.lock"
NEW_PREFIX = "crawlbench-new-"
"""Prefix of a folder that is not locked yet, which `sweep` leaves alone."""

_held: dict[int, tuple[Path, FileLock]] = {}
"""Folder by process: a forked process has one of its own."""


@contextmanager
def open_room() -> Iterator[Path]:
    """Make a folder, and yield its path; it is removed when the block, or the process, ends."""
    with tempfile.TemporaryDirectory(dir=_hold(), ignore_cleanup_errors=True) as room:
        yield Path(room)


def sweep() -> None:
    """Remove the folders of processes that were killed."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        # It is another user's, in use, or already gone; Timeout is an OSError.
        with suppress(OSError), FileLock(lock, timeout=0):
            shutil.rmtree(lock.parent)


def _hold() -> Path:
    """Return this process's folder, made on first use."""
    process = os.getpid()
    if process not in _held:
        sweep()
        # Under another name until it is locked: the sweep of another process would remove it.
        folder = Path(tempfile.mkdtemp(prefix=NEW_PREFIX))
        lock = FileLock(folder / LOCK)
        lock.acquire()
        with suppress(OSError):  # on Windows the name stays
            folder = folder.rename(folder.with_name(folder.name.replace(NEW_PREFIX, PREFIX)))
        _held[process] = folder, lock
        atexit.register(_leave, process)
    return _held[process][0]


def _leave(process: int) -> None:
    # A fork inherits this call, and must not remove the folder of its parent.
    if process == os.getpid() and process in _held:
        folder, lock = _held.pop(process)
        # Before the folder goes, as Windows removes no open file; a sweep in between only helps.
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
