"""Makes sure that a CPU measures one block at a time (floor 4).

Dask's resource keeps a worker from running two blocks at once. But a host may have two workers, or
a killed worker may be restarted before the block that it left behind has ended. So a block also
locks the CPUs that it may use.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from crawlbench.base.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

POLL_S = 1.0
"""Seconds between two attempts to take a lock: waiting costs CPU time that others measure with."""


def locks_folder() -> Path:
    """Return this user's folder of locks, and make it if it does not exist.

    Raises:
        StorageError: the folder cannot be made, or belongs to another user, or others can write to
            it and so could hold the locks for ever.
    """
    # Windows has no user ids, but its temporary folder is each user's own already.
    user = os.getuid() if hasattr(os, "getuid") else "all"
    folder = Path(tempfile.gettempdir()) / f"crawlbench-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # Not stat(): mkdir() accepts a link to a folder too, and another user may have left one.
        found = folder.lstat()
    except OSError as error:
        message = f"the folder of locks {str(folder)!r} cannot be made: {error.strerror}"
        raise StorageError(f"{message}; set TMPDIR to another place") from error
    if hasattr(os, "getuid"):
        _require_own(folder, found)
    return folder


def _require_own(folder: Path, found: os.stat_result) -> None:
    """Refuse a folder that others can write to, or that they made under the name we use."""
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISDIR(found.st_mode):
        problem = "is no folder"
    elif found.st_uid != os.getuid():
        problem = f"belongs to the user with the id {found.st_uid}"
    elif mode & OTHERS_WRITE:
        problem = f"can be written to by others (its mode is {mode:04o})"
    else:
        return
    raise StorageError(
        f"the folder of locks {str(folder)!r} {problem}: it must be yours alone (mode 0700); "
        "remove it, or set TMPDIR to another place"
    )


@contextmanager
def hold_cpus(cpus: Iterable[int]) -> Iterator[None]:
    """Wait until no other block of this user has any of the CPUs, then keep them locked.

    The operating system releases the locks when the process ends, however that happens. Every
    process takes them in the same order, so that no two wait for each other.
    """
    folder = locks_folder()
    with ExitStack() as stack:
        for cpu in sorted(set(cpus)):
            lock = FileLock(folder / f"cpu-{cpu}.lock")
            stack.enter_context(lock.acquire(poll_interval=POLL_S))
        yield
