"""One block at a time on a CPU (floor 4).

Dask's resource keeps two blocks apart on one worker. A host may have two workers, or a worker that
was killed may be back before the block that it left behind has ended; so a block also locks the
CPUs that it may use.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["hold_cpus", "locks_folder"]

POLL_S = 1.0
"""How often one that waits looks: it shares the CPUs with what is measured."""


def locks_folder() -> Path:
    """Return this user's folder of locks, made if it is not there."""
    user = os.getuid() if hasattr(os, "getuid") else "all"
    folder = Path(tempfile.gettempdir()) / f"crawlbench-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


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
