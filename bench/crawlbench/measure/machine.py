"""Where a session runs, and which CPUs go to whom (floor 3)."""

from __future__ import annotations

import os
import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from crawlbench.about import describe_python, describe_strategy
from crawlbench.records import Machine

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["choose_cpus", "describe_machine"]

PACKAGES = (
    "aiohttp",
    "httptools",
    "lxml",
    "multidict",
    "pyperf",
    "requests",
    "urllib3",
    "urllib3-future",
    "uvloop",
    "yarl",
)
"""Distributions whose versions can change a result, beside those of the strategies themselves."""


def choose_cpus(available: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide the CPUs: the mirror (one thread) gets the last, the workers all others.

    Returns:
        Workers' and mirror's CPUs, disjoint where there are two or more.
    """
    if len(available) < 2:
        return tuple(available), tuple(available)
    return tuple(available[:-1]), (available[-1],)


def describe_machine(strategies: Iterable[str] = ()) -> Machine:
    """Describe the machine, the interpreter and the packages of this process.

    Args:
        strategies: whose libraries' versions count too.

    Raises:
        UnknownNameError: a strategy is not registered.
    """
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    workers, mirror = choose_cpus(available)
    libraries = {describe_strategy(name).library for name in strategies}
    packages = sorted({*PACKAGES, *libraries}, key=str.lower)
    return Machine(
        hostname=socket.gethostname(),
        cpu_model=_cpu_model(),
        cpu_count=len(available) or os.cpu_count() or 1,
        memory_bytes=_memory_bytes(),
        platform=platform.platform(),
        python=describe_python(),
        versions={name: found for name in packages if (found := _version(name))},
        worker_cpus=workers,
        mirror_cpus=mirror,
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
