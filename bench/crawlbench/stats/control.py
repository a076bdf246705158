"""What the control shows: how far apart equal things look on this machine (floor 2; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.records import NoiseFloor, Session
from crawlbench.stats.interval import Estimate, difference, estimate_mean
from crawlbench.stats.pairing import log_ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.records import Cell

__all__ = ["find_drift", "noise_floor"]

LEAST_ROUNDS_FOR_DRIFT = 6
"""Three rounds on each side: with fewer, a half's spread is a guess."""

UNSTEADY = "this machine was too unsteady"


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
    return NoiseFloor(
        group=control.group,
        rounds=estimate.count,
        estimate=estimate.mean,
        low=low,
        high=high,
        margin=max(plan.margin, abs(low), abs(high)),
        refusal=_refusal(estimate, ratios, plan.margin, plan.confidence),
    )


def _refusal(estimate: Estimate, ratios: Sequence[float], margin: float, confidence: float) -> str:
    """Return why a control is too unsteady to judge by, or an empty text.

    It is if the data exclude that the twins are equal up to the user's margin: in the mean, or from
    the first half of the session to the second. Each of the two tests has half the error.
    """
    confidence = (1 + confidence) / 2
    low, high = estimate.interval(confidence)
    if low > margin or high < -margin:
        return f"{UNSTEADY}: the control differs from its twin by {_range(low, high)}"
    drift = find_drift(ratios)
    if drift:
        low, high = drift.interval(confidence)
        if low > margin or high < -margin:
            return f"{UNSTEADY}: the control drifted by {_range(low, high)}"
    return ""


def find_drift(ratios: Sequence[float]) -> Estimate | None:
    """Return the difference of the means of the later and the earlier half of the rounds.

    The middle one of an odd number is left out. None if there are fewer than six rounds.
    """
    half = len(ratios) // 2
    if len(ratios) < LEAST_ROUNDS_FOR_DRIFT:
        return None
    early, late = estimate_mean(ratios[:half]), estimate_mean(ratios[-half:])
    assert early
    assert late
    return difference(early, late)


def _range(low: float, high: float) -> str:
    return f"{math.expm1(low) * 100:.1f} to {math.expm1(high) * 100:.1f} %"
