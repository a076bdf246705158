"""What the control shows: how far apart equal things look on this machine (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.records import NoiseFloor, Session
from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.pairing import log_ratios

if TYPE_CHECKING:
    from crawlbench.records import Cell

__all__ = ["noise_floor"]


def noise_floor(session: Session, control: Cell) -> NoiseFloor:
    """Compare the control with its twin, the baseline of its group.

    The margin is the larger of the user's and the farther end of the control's own interval: a
    difference that equal cells could show here is not called one.
    """
    plan = session.plan
    measured = session.failure(control.name) is None
    ratios = log_ratios(session.rounds, control.name, plan.baselines[control.group])
    estimate = estimate_mean(ratios) if measured else None
    if estimate is None:
        return NoiseFloor(control.group, len(ratios), None, None, None, None)
    low, high = estimate.interval(plan.confidence)
    margin = max(plan.margin, abs(low), abs(high))
    return NoiseFloor(control.group, estimate.count, estimate.mean, low, high, margin)
