"""Blocks made of given numbers, for tests of what many machines say."""

from __future__ import annotations

from dataclasses import replace

from crawlbench.base.records import Verdict
from crawlbench.cluster.records import (
    BlockResult,
    CellEstimate,
    ClusterMachine,
    ControlEstimate,
    Fingerprint,
)
from tests.stats.builders import MACHINE

GROUP = "site/net"


def make_machine(name, cpu_model="A CPU", **changes):
    """Return a machine of a cluster."""
    settings = {
        "machine": replace(MACHINE, hostname=name, cpu_model=cpu_model),
        "architecture": "x86_64",
        "tool": "0.1.0",
        "digest": "abc",
        "files": {},
        "boot": f"boot of {name}",
    }
    return ClusterMachine(name, Fingerprint(**{**settings, **changes}))


def make_block(
    machine,
    means,
    *,
    error=0.002,
    noise=0.01,
    widening=0.0,
    sheet=1,
    control=0.0,
    excess=0.0,
    moved=(0.0, 0.0),
    **changes,
):
    """Return a block of ten rounds.

    Args:
        machine: that measured, or its name.
        means: cell to its log ratio, or to why there is none.
        error: standard error of each.
        noise: half-width of the control's interval.
        widening: what the twins differ by there, if that is beyond their interval.
        sheet: its number.
        control: log ratio of the control.
        moved: how far doubts move each mean down and up, if they are taken off.
        excess: how far slow laps lift the log ratio of mean times.
        changes: of the block.
    """
    cells = tuple(
        CellEstimate(cell, 0, None, None, Verdict.INVALID, mean)
        if isinstance(mean, str)
        else CellEstimate(
            cell,
            10,
            mean,
            error,
            Verdict.UNCLEAR,
            of_means=mean + excess,
            of_means_error=error,
            moved_down=moved[0],
            moved_up=moved[1],
        )
        for cell, mean in means.items()
    )
    controls = (ControlEstimate(GROUP, 10, control, error, noise, widening),)
    if isinstance(machine, str):
        machine = make_machine(machine)
    return BlockResult(sheet, machine, cells, controls, 10, 60.0, "rounds", **changes)
