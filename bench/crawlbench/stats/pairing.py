"""Pairs the values of two cells by lap, and sums them up by round (floor 2; pure)."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawlbench.records import RoundRecord

__all__ = ["log_ratios", "round_means"]


def log_ratios(rounds: Sequence[RoundRecord], cell: str, baseline: str) -> list[float]:
    """Return, per round, the mean over laps of log(cell's value / baseline's value).

    Both values of a pair are from one lap, seconds apart, so that a slow drift of the machine
    cancels; the logarithm makes twice as fast and twice as slow equally far from equal. Rounds in
    which the two share no lap are left out.
    """
    ratios = []
    for record in rounds:
        seconds, reference = _by_lap(record, cell), _by_lap(record, baseline)
        shared = seconds.keys() & reference.keys()
        if shared:
            ratios.append(_mean(math.log(seconds[lap] / reference[lap]) for lap in sorted(shared)))
    return ratios


def round_means(rounds: Sequence[RoundRecord], cell: str) -> list[float]:
    """Return, per round in which the cell was measured, the mean of its values in seconds."""
    by_round = [_by_lap(record, cell).values() for record in rounds]
    return [_mean(values) for values in by_round if values]


def _by_lap(record: RoundRecord, cell: str) -> dict[int, float]:
    return {s.lap: s.seconds for s in record.samples if s.cell == cell and not s.warmup}


def _mean(values: Iterable[float]) -> float:
    return fmean(list(values))
