"""Sees on which CPUs a process may run while it takes a warmup (floor 3).

A look from outside costs the one who is looked at nothing, but it is taken on a CPU that may be the
mirror's, so that it has no place beside a value that counts. What a contestant does in each crawl
it does in warmups too.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

__all__ = ["find_cpus", "look_out"]

LOOK_EVERY_S = 0.002
"""A crawl of ten pages takes ten times as long."""
_PROC = Path("/proc")


@asynccontextmanager
async def look_out(pid: int, cpus: Collection[int]) -> AsyncIterator[list[str]]:
    """Give a list that says at the end of the block whether a process had more CPUs than its own.

    Args:
        pid: of the process, whose threads and descendants count.
        cpus: that it was given; empty: nobody looks.
    """
    seen: set[int] = set()
    clauses: list[str] = []

    async def look() -> None:
        while cpus:
            seen.update(find_cpus(pid))
            await asyncio.sleep(LOOK_EVERY_S)

    looking = asyncio.ensure_future(look())
    try:
        yield clauses
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    if not seen <= set(cpus):
        clauses.append(
            f"it let itself run on CPUs {_listed(seen)} within its crawl instead of {_listed(cpus)}"
        )


def find_cpus(pid: int) -> set[int]:
    """Return on which CPUs the threads of a process may run, and those of its descendants."""
    cpus: set[int] = set()
    ahead = [str(pid)]
    while ahead:
        folder = _PROC / ahead.pop() / "task"
        for thread in _threads(folder):
            with suppress(OSError):  # it has just ended, or children are not told here
                cpus |= os.sched_getaffinity(int(thread))
                ahead += (folder / thread / "children").read_text(encoding="ascii").split()
    return cpus


def _threads(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  (names alone)
    except OSError:
        return []


def _listed(cpus: Collection[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))
