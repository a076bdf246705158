"""Tells whether the place in the lap matters: the effect of being first or last (floor 2; pure)."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import RoundRecord, SlotEffect
from crawlbench.stats.interval import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import Session

MIN_CELLS = 3
"""In a lap of two, each cell is first or last, and the two effects are the same one."""


def slot_effects(session: Session) -> tuple[SlotEffect, ...]:
    """Return how much longer values took in the first and in the last slot of a lap.

    A value's residual is its log time less its cell's mean, so that slow cells do not count. From
    the residual in the slot we subtract the mean of those in the middle of the lap, so that slow
    moments do not count either and the two effects stay apart. This is averaged per round; the
    interval is over rounds. Order is shuffled, so an effect adds noise but no bias; it is shown
    because a large one means that cells disturb those after them.
    """
    means = _cell_means(session.rounds)
    groups = {cell.name: cell.group for cell in session.plan.cells}
    by_round = [_lap_residuals(record, means, groups) for record in session.rounds]
    effects = []
    for name, place in (("first", 0), ("last", -1)):
        found = [fmean(lap[place] - middle for lap, middle in laps) for laps in by_round if laps]
        estimate = estimate_mean(found)
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


def _lap_residuals(
    record: RoundRecord, means: Mapping[str, float], groups: Mapping[str, str]
) -> list[tuple[list[float], float]]:
    """Return the residuals of each lap that is long enough, and the mean of those in its middle."""
    laps: dict[tuple[str, int], list[float]] = {}
    for sample in sorted(record.samples, key=lambda s: (s.lap, s.slot)):
        if not sample.warmup:
            residual = math.log(sample.seconds) - means[sample.cell]
            laps.setdefault((groups[sample.cell], sample.lap), []).append(residual)
    return [(lap, fmean(lap[1:-1])) for lap in laps.values() if len(lap) >= MIN_CELLS]
