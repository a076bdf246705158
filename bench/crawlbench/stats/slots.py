"""Does the place in the lap matter? The effect of being first or last (floor 2; pure)."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import RoundRecord, SlotEffect
from crawlbench.stats.interval import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import Session

__all__ = ["slot_effects"]

MIN_CELLS = 3
"""In a lap of two each cell is first or last, and the two effects are one."""


def slot_effects(session: Session) -> tuple[SlotEffect, ...]:
    """Return how much longer values took in the first and in the last slot of a lap.

    A value's residual is its log time less its cell's mean, so that slow cells do not count. From
    the residual in the slot goes the mean of those between first and last in the lap, so that slow
    moments do not count either and the two effects stay apart; per round that is averaged, over
    rounds goes the interval. Order is shuffled, so an effect adds noise and no bias; it is shown
    because a large one means that cells disturb their successors.
    """
    means = _cell_means(session.rounds)
    groups = {cell.name: cell.group for cell in session.plan.cells}
    effects = []
    for name, place in (("first", 0), ("last", -1)):
        by_round = [_round_residual(record, means, groups, place) for record in session.rounds]
        estimate = estimate_mean([value for value in by_round if value is not None])
        if estimate:
            low, high = estimate.interval(session.plan.confidence)
            effects.append(SlotEffect(name, estimate.count, estimate.mean, low, high))
    return tuple(effects)


def _cell_means(rounds: Sequence[RoundRecord]) -> dict[str, float]:
    logs: dict[str, list[float]] = {}
    for record in rounds:
        for sample in record.samples:
            if not sample.warmup:
                logs.setdefault(sample.cell, []).append(math.log(sample.seconds))
    return {cell: fmean(values) for cell, values in logs.items()}


def _round_residual(
    record: RoundRecord, means: Mapping[str, float], groups: Mapping[str, str], place: int
) -> float | None:
    """Return by how much the residuals in one place of a round's laps exceed the middle's."""
    laps: dict[tuple[str, int], list[float]] = {}
    for sample in sorted(record.samples, key=lambda s: (s.lap, s.slot)):
        if not sample.warmup:
            residual = math.log(sample.seconds) - means[sample.cell]
            laps.setdefault((groups[sample.cell], sample.lap), []).append(residual)
    found = [
        values[place] - fmean(values[1:-1]) for values in laps.values() if len(values) >= MIN_CELLS
    ]
    return fmean(found) if found else None
