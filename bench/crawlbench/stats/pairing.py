"""Pairs the values of two cells by lap, and sums them up by round (floor 2; pure)."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.records import RoundRecord

__all__ = ["log_ratios", "log_times", "lopsidedness", "midmean", "round_means"]


def log_ratios(rounds: Sequence[RoundRecord], cell: str, baseline: str) -> list[float]:
    """Return, per round, the midmean over laps of log(cell's value / baseline's value).

    Both values of a pair are from one lap, seconds apart, so that a slow drift of the machine
    cancels; the logarithm makes twice as fast and twice as slow equally far from equal. Rounds in
    which the two share no lap are left out.
    """
    return [midmean(logs) for logs in _paired(rounds, cell, baseline)]


def lopsidedness(rounds: Sequence[RoundRecord], cell: str, baseline: str) -> list[float]:
    """Return, per round, by how much the mean over laps exceeds the midmean.

    About 0 if the laps that the midmean leaves out are as often too long as too short, as those
    are in which the machine changed its speed. Not so if one of the two cells has rare long values.
    """
    return [_mean(logs) - midmean(logs) for logs in _paired(rounds, cell, baseline)]


def midmean(values: Sequence[float]) -> float:
    """Return the mean of the middle half of values; there must be one at least.

    Source: the interquartile mean, or midmean (Tukey, Exploratory Data Analysis, 1977); values at
    the quartiles count in part, so that it changes smoothly with their number. Of one value or two
    it is the mean. For normal values it needs a fifth more of them than the mean, of four a third
    more; where a machine changes its speed in the middle of a lap, a fraction (docs/method.md).
    """
    count = len(values)
    cut = count / 4
    weights = [
        min(rank + 1, count - cut) - max(rank, cut) if cut - 1 < rank < count - cut else 0.0
        for rank in range(count)
    ]
    pairs = zip(weights, sorted(values), strict=True)
    return math.fsum(weight * value for weight, value in pairs) / math.fsum(weights)


def log_times(rounds: Sequence[RoundRecord], cell: str) -> list[float]:
    """Return, per round in which the cell was measured, the midmean of its values' logarithms."""
    by_round = [_by_lap(record, cell).values() for record in rounds]
    return [midmean([math.log(value) for value in values]) for values in by_round if values]


def round_means(rounds: Sequence[RoundRecord], cell: str) -> list[float]:
    """Return, per round in which the cell was measured, the mean of its values in seconds."""
    by_round = [_by_lap(record, cell).values() for record in rounds]
    return [_mean(values) for values in by_round if values]


def _paired(rounds: Sequence[RoundRecord], cell: str, baseline: str) -> Iterator[list[float]]:
    """Yield, per round in which the two share a lap, the log ratios of the laps."""
    for record in rounds:
        seconds, reference = _by_lap(record, cell), _by_lap(record, baseline)
        shared = sorted(seconds.keys() & reference.keys())
        if shared:
            yield [math.log(seconds[lap] / reference[lap]) for lap in shared]


def _by_lap(record: RoundRecord, cell: str) -> dict[int, float]:
    return {s.lap: s.seconds for s in record.samples if s.cell == cell and not s.warmup}


def _mean(values: Iterable[float]) -> float:
    return fmean(list(values))
