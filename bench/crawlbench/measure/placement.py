"""Keeps the manager off the mirror's CPU (floor 3).

While a value is taken the manager waits for one message: it draws, judges and writes between values
alone, and no thread of its own runs. Where there are more than two CPUs, it stays off the mirror's
with the little that it does beside that; of two, one would be the workers'.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["choose_manager_cpus", "stay_off", "stay_on"]


def choose_manager_cpus(available: Collection[int], mirror: Collection[int]) -> set[int]:
    """Return the CPUs that are left for the manager.

    Args:
        available: to this process.
        mirror: CPUs of the mirror; empty where they cannot be chosen.
    """
    return set(available) - set(mirror) if len(available) > 2 else set(available)


@contextmanager
def stay_off(mirror_cpus: Collection[int]) -> Iterator[None]:
    """Leave the mirror's CPUs while the block lasts, where that can be done.

    What is started meanwhile inherits it; the mirror and the workers choose their own CPUs.
    """
    can_choose = hasattr(os, "sched_setaffinity")
    cpus = choose_manager_cpus(os.sched_getaffinity(0), mirror_cpus) if can_choose else set()
    with stay_on(cpus):
        yield


@contextmanager
def stay_on(cpus: Collection[int]) -> Iterator[None]:
    """Run on these CPUs alone while the block lasts; on all as before where there are none."""
    if not cpus or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
