"""Keeps the manager off the mirror's CPU (floor 3).

While a value is taken the manager waits for one message: it draws, judges and writes only between
values, and no thread of its own runs. If there are more than two CPUs, it also does the little that
is left on a CPU other than the mirror's; with two, the only other one would be the workers'.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def choose_manager_cpus(available: Collection[int], mirror: Collection[int]) -> set[int]:
    """Return which of the available CPUs are left for the manager."""
    return set(available) - set(mirror) if len(available) > 2 else set(available)


@contextmanager
def stay_off(mirror_cpus: Collection[int]) -> Iterator[None]:
    """Leave the mirror's CPUs for the duration of the block, where that is possible.

    What is started meanwhile inherits this; the mirror and the workers choose their own CPUs.
    """
    can_choose = hasattr(os, "sched_setaffinity")
    cpus = choose_manager_cpus(os.sched_getaffinity(0), mirror_cpus) if can_choose else set()
    with stay_on(cpus):
        yield


@contextmanager
def stay_on(cpus: Collection[int]) -> Iterator[None]:
    """Run only on these CPUs for the duration of the block; if there are none, change nothing."""
    if not cpus or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
