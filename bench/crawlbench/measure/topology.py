"""Divides CPUs between workers, mirror and manager (floor 3).

`read_topology` reads what the system says; the choice is a pure function of it. Hyperthreads beside
the mirror stay idle.

While a value is taken the manager waits for one message: it draws, judges and writes only between
values, and no thread of its own runs. If there are more than two CPUs, it also does the little that
is left on a CPU other than the mirror's; with two, the only other one would be the workers'.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from contextlib import AbstractContextManager

ALL: Final = "all"
_SYSTEM: Final = Path("/sys/devices/system/cpu")
_CGROUPS: Final = Path("/sys/fs/cgroup")
_OWN_CGROUP: Final = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class Topology:
    """A machine's CPUs, as far as the system describes them."""

    available: tuple[int, ...]
    """CPUs that this process may use, ascending; empty where CPUs cannot be chosen."""
    siblings: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """All hyperthreads of each CPU's core, including itself, by CPU."""
    isolated: tuple[int, ...] = ()
    """CPUs that the scheduler leaves alone (`isolcpus`): only what asks for them runs there."""
    quota: float | None = None
    """How many CPUs' worth of time a cgroup allows; None for all."""


def read_topology() -> Topology:
    """Return the topology of this machine; what the system does not say is left out."""
    if not hasattr(os, "sched_getaffinity"):
        return Topology(())
    available = tuple(sorted(os.sched_getaffinity(0)))
    # Processes start without the isolated CPUs, so only trying shows which are allowed.
    isolated = tuple(cpu for cpu in _read_list(_SYSTEM / "isolated") if _can_use(cpu))
    every = {*available, *isolated}
    siblings = {
        cpu: _read_list(_SYSTEM / f"cpu{cpu}/topology/thread_siblings_list") or (cpu,)
        for cpu in every
    }
    return Topology(available, siblings, isolated, _read_quota())


def choose_cpus(
    topology: Topology, workers: str = ALL, mirror: tuple[int, ...] = ()
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide the CPUs: the mirror gets the last by default, the workers as many as they may.

    Isolated CPUs are used if there are two. The hyperthreads beside the mirror stay idle if that
    leaves the workers any: they would share its core.

    Args:
        topology: the machine's topology.
        workers: how many CPUs the workers get, or `all`.
        mirror: the mirror's CPUs; empty for the last.

    Returns:
        The workers' CPUs and the mirror's, disjoint if there are two or more.

    Raises:
        UsageError: there are not that many for the workers, or the mirror's are not available to
            this process.
    """
    every = topology.isolated if len(topology.isolated) > 1 else topology.available
    strange = sorted({*mirror} - {*topology.available, *topology.isolated})
    if strange and topology.available:
        have = ", ".join(map(str, topology.available))
        raise UsageError(f"--mirror-cpus {strange[0]} cannot be used here; this process has {have}")
    if len(every) < 2:
        return every, every
    mirror = mirror or every[-1:]
    beside = {sibling for cpu in mirror for sibling in topology.siblings.get(cpu, ())}
    others = tuple(cpu for cpu in every if cpu not in mirror)
    quiet = tuple(cpu for cpu in others if cpu not in beside)
    left = quiet or others or every  # the user may have given all CPUs to the mirror
    if workers == ALL:
        return left, mirror
    wanted = int(workers)
    if wanted > len(left):
        raise UsageError(
            f"--cpus {wanted} is too many: {len(left)} are left for workers, the mirror has "
            f"{', '.join(map(str, mirror))}; give at most {len(left)}, or all"
        )
    return left[-wanted:], mirror


_PART = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
"""One part of a list of CPUs; no machine has 10,000."""


def parse_cpus(text: str) -> tuple[int, ...]:
    """Read a list of CPUs such as `0-3,8`, as the kernel writes them.

    Raises:
        ValueError: it is not one.
    """
    found: list[int] = []
    for part in filter(None, text.strip().split(",")):
        match = _PART.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise ValueError(f"{part!r} is neither a CPU nor a range of CPUs")
        found += range(first, last + 1)
    return tuple(sorted(set(found)))


def _read_list(path: Path) -> tuple[int, ...]:
    with suppress(OSError, ValueError):
        return parse_cpus(path.read_text(encoding="ascii"))
    return ()


def _can_use(cpu: int) -> bool:
    """Return whether this process may use a CPU, by moving there and back."""
    try:
        with stay_on({cpu}):
            return True
    except OSError:
        return False


def _read_quota() -> float | None:
    """Return the narrowest quota of this process's cgroup and those above it (version 2)."""
    quotas = []
    with suppress(OSError, ValueError):
        own = _OWN_CGROUP.read_text(encoding="utf-8").splitlines()
        # Where version 2 is not mounted, no line begins so.
        path = next((line.removeprefix("0::") for line in own if line.startswith("0::")), None)
        if path is None:
            return None
        folder = _CGROUPS / path.lstrip("/")
        for place in (folder, *folder.parents):
            with suppress(OSError, ValueError):
                # Without a quota this is `max`, which is no number.
                quota, period = (place / "cpu.max").read_text(encoding="ascii").split()
                quotas.append(int(quota) / int(period))
    return min(quotas, default=None)


def choose_manager_cpus(available: Collection[int], mirror: Collection[int]) -> set[int]:
    """Return which of the available CPUs are left for the manager."""
    return set(available) - set(mirror) if len(available) > 2 else set(available)


def stay_off(mirror_cpus: Collection[int]) -> AbstractContextManager[None]:
    """Leave the mirror's CPUs for the duration of a block, where that is possible.

    What is started meanwhile inherits this; the mirror and the workers choose their own CPUs.
    """
    can_choose = hasattr(os, "sched_setaffinity")
    return stay_on(choose_manager_cpus(os.sched_getaffinity(0), mirror_cpus) if can_choose else ())


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
