"""Where a session ran and under which conditions (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.ranges import Count, Counted, Share  # noqa: TC001


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a session ran."""

    hostname: str
    cpu_model: str
    cpu_count: Count
    """CPUs that this session may use."""
    memory_bytes: Count | None
    platform: str
    python: str
    """Implementation and version."""
    versions: dict[str, str]
    """Distribution to version, for everything that a worker or the mirror runs."""
    worker_cpus: tuple[Count, ...]
    mirror_cpus: tuple[Count, ...]
    """Both empty where CPUs cannot be chosen."""
    isolated_cpus: tuple[int, ...] = ()
    """CPUs that the scheduler leaves alone."""
    cpu_quota: float | None = None
    """How many CPUs' worth of time a cgroup allows; None for all."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What could disturb a measurement; None where the system does not say."""

    load: Counted | None
    """Mean number of processes that wanted a CPU in the minute before the session."""
    busy: tuple[str, ...]
    """Processes of others that used much of a CPU in that minute."""
    governor: str | None
    """Governor of the clock frequency, such as `performance`."""
    turbo: bool | None
    """Whether the clock may rise above its nominal rate."""
    steal_share: Share | None
    """Share of all CPU time during the session that the hypervisor gave to others."""
