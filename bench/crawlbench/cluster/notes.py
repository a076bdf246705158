"""Doubts about a session on a cluster, as sentences (floor 4; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.cluster.records import ClusterSession

FEW = 5
"""With fewer machines the spread between them is hardly known, so that intervals are wide."""


def find_notes(session: ClusterSession) -> Iterator[str]:
    """Yield what a reader must know before relying on a verdict over machines."""
    count = len({machine.name for machine in session.machines})
    most = max((comparison.machines for comparison in session.comparisons), default=0)
    yield from _shared_cpus(session)
    if most == 1:
        yield (
            "one machine measured: its interval covers its own rounds, and says nothing about "
            "other machines"
        )
    elif 1 < most < FEW:
        yield (
            f"{most} machines measured: what is said holds on these machines; from {FEW} on it is "
            "said of machines like them"
        )
    if session.copies < count:
        yield f"each sheet was measured on {session.copies} of {count} machines"


def _shared_cpus(session: ClusterSession) -> Iterator[str]:
    """Yield a note on workers that share CPUs: their blocks took turns, but on one machine."""
    by_host: dict[str, list[str]] = {}
    for machine in session.machines:
        boot = machine.fingerprint.boot
        if boot:
            by_host.setdefault(boot, []).append(machine.name)
    for names in by_host.values():
        if len(names) > 1:
            shown = ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")
            yield (
                f"{shown} run on one host: they are not independent machines, and what they show "
                "may hold for this host only"
            )
