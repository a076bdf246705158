"""Which machines are steady enough to be merged, by what their controls show (floor 2; pure).

The rule looks at controls only, never at what is compared: it cannot pick results.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from crawlbench.records import LeftOut
from crawlbench.stats.verdict import MOST_NOISE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.records import BlockResult, ControlEstimate

__all__ = ["MOST_TIMES_MEDIAN", "find_unsteady"]

MOST_TIMES_MEDIAN = 5.0
"""A machine whose margin is larger than so many times the usual one adds noise, not knowledge."""
LEAST_FOR_MEDIAN = 3
"""Machines: of two, none is the usual one."""


def find_unsteady(blocks: Sequence[BlockResult]) -> list[LeftOut]:
    """Return the machines of one sheet that are left out, by group, with the reason.

    Args:
        blocks: of one sheet, one of each machine.
    """
    groups = dict.fromkeys(control.group for block in blocks for control in block.controls)
    return [found for group in groups for found in _of_group(blocks, group)]


def _of_group(blocks: Sequence[BlockResult], group: str) -> list[LeftOut]:
    controls = {
        block.machine.name: control
        for block in blocks
        for control in block.controls
        if control.group == group
    }
    reasons = {name: _own_reason(control) for name, control in controls.items()}
    margins = [c.margin for name, c in controls.items() if c.margin and not reasons[name]]
    if len(margins) >= LEAST_FOR_MEDIAN:
        usual = median(margins)
        for name, control in controls.items():
            reasons[name] = reasons[name] or _relative_reason(control, usual)
    sheet = blocks[0].sheet
    return [LeftOut(name, sheet, group, reason) for name, reason in reasons.items() if reason]


def _own_reason(control: ControlEstimate) -> str:
    """Return why a machine cannot be believed whatever the others are, or an empty text."""
    if control.margin is None:
        return "its control gave no interval, so its noise is not known"
    if control.refusal:
        return control.refusal
    if control.margin > MOST_NOISE:
        return (
            f"equal cells could look {_percent(control.margin)} apart there, more than "
            f"{_percent(MOST_NOISE)}"
        )
    return ""


def _relative_reason(control: ControlEstimate, usual: float) -> str:
    if control.margin is None or control.margin <= MOST_TIMES_MEDIAN * usual:
        return ""
    return (
        f"equal cells could look {_percent(control.margin)} apart there, more than "
        f"{MOST_TIMES_MEDIAN:g} times the {_percent(usual)} of the machine in the middle"
    )


def _percent(log_ratio: float) -> str:
    return f"{math.expm1(log_ratio) * 100:.1f} %"
