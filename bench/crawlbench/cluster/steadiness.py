"""Decides which machines are steady enough to be merged, by their controls (floor 4; pure).

The rule looks only at controls, never at what is compared, so it cannot pick results.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.base.records.ranges import END
from crawlbench.cluster.records import UnsteadyMachine
from crawlbench.report.numbers import format_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.cluster.records import BlockResult

MAX_TIMES_MEDIAN = 5.0
"""A machine with more than so many times the usual noise would add noise, not knowledge."""
MIN_FOR_MEDIAN = 3
"""Machines needed to say what is usual: of two, neither is."""


def find_unsteady(
    blocks: Sequence[BlockResult], quantity: Quantity = Quantity.TIME
) -> list[UnsteadyMachine]:
    """Return the machines that are left out, by group, with the reason.

    There is one block of a sheet from each machine; the quantity is that of its controls.
    """
    groups = dict.fromkeys(control.group for block in blocks for control in block.controls)
    return [found for group in groups for found in _of_group(blocks, group, quantity)]


def _of_group(
    blocks: Sequence[BlockResult], group: str, quantity: Quantity
) -> list[UnsteadyMachine]:
    noises = {
        block.machine.name: control.noise
        for block in blocks
        for control in block.controls
        if control.group == group and control.quantity is quantity and control.noise is not None
    }
    if len(noises) < MIN_FOR_MEDIAN:
        return []
    usual = median(noises.values())
    return [
        UnsteadyMachine(name, blocks[0].sheet, group, _reason(noise, usual), quantity)
        for name, noise in noises.items()
        if noise > MAX_TIMES_MEDIAN * usual
    ]


def _reason(noise: float, usual: float) -> str:
    apart, middle = (math.expm1(min(log_ratio, END)) * 100 for log_ratio in (noise, usual))
    # With as many decimals as the first number needs to be so much more than the second.
    decimals = next(
        (n for n in range(1, 9) if round(apart, n) > MAX_TIMES_MEDIAN * round(middle, n)), 9
    )
    return (
        f"equal cells could look {format_percent(noise, decimals)} apart there, more than "
        f"{MAX_TIMES_MEDIAN:g} times the {format_percent(usual, decimals)} of the median machine"
    )
