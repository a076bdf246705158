"""Checks that two sessions can be compared, and tells how their machines differ (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError

if TYPE_CHECKING:
    from crawlbench.base.records import Session

__all__ = ["check_alike", "describe_sites", "find_other_sites", "machine_differences"]


def check_alike(base: Session, head: Session) -> None:
    """Raise if two sessions measured differently.

    Raises:
        UsageError: they come from different crawlbenches, sites, networks or baselines.
    """
    if base.tool != head.tool:
        raise UsageError(
            f"the sessions come from crawlbench {base.tool} and {head.tool}, which may measure "
            "differently; measure both with the same one"
        )
    for group, baseline in base.plan.baselines.items():
        other = head.plan.baselines.get(group, baseline)
        if other != baseline:
            raise UsageError(
                f"the baseline of {group!r} was {baseline} in one session and {other} in the "
                "other; measure both with one --baseline"
            )
    for name in find_other_sites(base, head):
        raise UsageError(
            f"the site {name!r} is not the same in both sessions: its pages or its site file "
            "differ; compare sessions of one site"
        )
    for name, network in base.networks.items():
        if name in head.networks and head.networks[name] != network:
            raise UsageError(
                f"network {name!r} was played with {network} in one session and "
                f"{head.networks[name]} in the other; measure both on the same network"
            )


def find_other_sites(base: Session, head: Session) -> list[str]:
    """Return the user's sites that have the same name in both sessions but not the same content."""
    there = head.plan.files
    files = base.plan.files.items()
    return [name for name, file in files if name in there and there[name].content != file.content]


def describe_sites(session: Session) -> str:
    """Return the groups of a session in one line."""
    return ", ".join(dict.fromkeys(cell.group for cell in session.plan.cells))


def machine_differences(base: Session, head: Session) -> tuple[str, ...]:
    """Return how the machines differ."""
    names = {
        "host": "hostname",
        "CPU": "cpu_model",
        "CPUs": "cpu_count",
        "platform": "platform",
        "Python": "python",
    }
    return tuple(
        f"{what}: {getattr(base.machine, name)} to {getattr(head.machine, name)}"
        for what, name in names.items()
        if getattr(base.machine, name) != getattr(head.machine, name)
    )
