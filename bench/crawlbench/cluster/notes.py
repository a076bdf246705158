"""Doubts about a session on a cluster, as sentences (floor 4; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import ClusterSession

__all__ = ["find_notes"]

FEW = 5
"""Machines: with fewer, the spread between them is a guess, and intervals are wide for it."""


def find_notes(session: ClusterSession) -> Iterator[str]:
    """Yield what a reader must know before believing a verdict over machines."""
    count = len({machine.name for machine in session.machines})
    most = max((comparison.machines for comparison in session.comparisons), default=0)
    yield from _shared_cpus(session)
    if most == 1:
        yield (
            "one machine measured: its interval is over its rounds, and says nothing of other "
            "machines"
        )
    elif 1 < most < FEW:
        yield (
            f"{most} machines measured: the interval is over machines, and from so few it is wide; "
            f"{FEW} or more would narrow it"
        )
    if session.copies < count:
        yield f"each sheet was measured on {session.copies} of {count} machines"


def _shared_cpus(session: ClusterSession) -> Iterator[str]:
    """Yield who shares CPUs: their blocks took turns, but they are one machine."""
    by_host: dict[str, list[str]] = {}
    for machine in session.machines:
        boot = machine.fingerprint.boot
        if boot:
            by_host.setdefault(boot, []).append(machine.name)
    for names in by_host.values():
        if len(names) > 1:
            shown = ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")
            yield (
                f"{shown} run on one host: they are no independent machines, and what holds for "
                "them may hold for this host alone"
            )
