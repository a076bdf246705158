"""One block at a time on a CPU (floor 4).

Dask's resource keeps two blocks apart on one worker. A host may have two workers, or a worker that
was killed may be back before the block that it left behind has ended; so a block also locks the
CPUs that it may use.
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

__all__ = ["hold_cpus", "locks_folder"]

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

POLL_S = 1.0
"""How often one that waits looks: it shares the CPUs with what is measured."""


def locks_folder() -> Path:
    """Return this user's folder of locks, made if it is not there.

    Raises:
        StorageError: another user made it, or it is open to others, who could hold the locks for
            ever; or it cannot be made.
    """
    user = os.getuid() if hasattr(os, "getuid") else "all"
    folder = Path(tempfile.gettempdir()) / f"crawlbench-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        message = f"the folder of locks {str(folder)!r} cannot be made: {error.strerror}"
        raise StorageError(f"{message}; TMPDIR names another place") from error
    if hasattr(os, "getuid"):
        _require_own(folder, found)
    return folder


def _require_own(folder: Path, found: os.stat_result) -> None:
    """Refuse a folder that others can write to, or have put there under our name."""
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISDIR(found.st_mode):
        problem = "is no folder"
    elif found.st_uid != os.getuid():
        problem = f"belongs to the user with number {found.st_uid}"
    elif mode & OTHERS_WRITE:
        problem = f"may be written to by others (its mode is {mode:04o})"
    else:
        return
    raise StorageError(
        f"the folder of locks {str(folder)!r} {problem}: it must be yours alone (mode 0700); "
        "remove it, or let TMPDIR name another place"
    )


@contextmanager
def hold_cpus(cpus: Iterable[int]) -> Iterator[None]:
    """Wait until no other block of this user has any of the CPUs, and keep others out meanwhile.

    The locks end with the process, however it ends. All take them in one order, so that no two
    wait for each other.
    """
    folder = locks_folder()
    with ExitStack() as stack:
        for cpu in sorted(set(cpus)):
            lock = FileLock(folder / f"cpu-{cpu}.lock")
            stack.enter_context(lock.acquire(poll_interval=POLL_S))
        yield
