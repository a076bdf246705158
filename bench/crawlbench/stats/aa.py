"""What A/A sessions show: how often equal things are called different here (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

from crawlbench.stats.foresight import POWER
from crawlbench.stats.index import Index
from crawlbench.stats.interval import Estimate, difference, estimate_mean
from crawlbench.stats.pairing import Side, log_ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import RoundRecord


@dataclass(frozen=True, slots=True)
class AaOutcome:
    """One A/A session: a cell against its twin."""

    estimate: float
    """Log ratio; the truth is 0."""
    low: float
    high: float
    """Interval at the plan's confidence."""
    detectable: float
    """Log ratio that such a session would find with a chance of 80 %."""
    seconds: float
    """Wall time of its rounds."""

    @property
    def is_false_alarm(self) -> bool:
        """Whether the interval excludes that the twins are equal."""
        return not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class AaSummary:
    """The result of many A/A sessions of one method."""

    method: str
    """`laps` or `blocks`."""
    sessions: int
    false_alarms: int
    error: float
    """Root mean square of the estimates: the true error, as the truth is 0."""
    margin: float
    """The 95th percentile of the estimates' size: how far apart equal things can look here."""
    detectable: float
    """Median of the sessions' detectable differences."""
    seconds: float
    """Mean wall time of a session."""


def laps_outcome(
    rounds: Sequence[RoundRecord], cell: str, baseline: str, confidence: float
) -> AaOutcome | None:
    """Judge twins that took laps together, as `run` does; None with fewer than two rounds."""
    sides = Side(cell, (cell,)), Side(baseline, (baseline,))
    estimate = estimate_mean(log_ratios(Index(rounds), *sides))
    return _outcome(estimate, rounds, confidence) if estimate else None


def blocks_outcome(
    rounds: Sequence[RoundRecord], cell: str, baseline: str, confidence: float
) -> AaOutcome | None:
    """Judge twins that were measured one after the other, by Welch's test on rounds.

    As in laps, a round's value is the midmean of its values' logarithms, so that only the order
    differs.
    """
    index = Index(rounds)
    # In this order, because `difference` takes the first from the second: above 0 the cell is
    # slower, as in laps.
    first, second = (estimate_mean(index.by_round((name,))) for name in (baseline, cell))
    if first is None or second is None:
        return None
    return _outcome(difference(first, second), rounds, confidence)


def _outcome(estimate: Estimate, rounds: Sequence[RoundRecord], confidence: float) -> AaOutcome:
    low, high = estimate.interval(confidence)
    # Half the interval for alpha, plus the one-sided quantile of the same t for the power.
    detectable = estimate.half_width(confidence) + estimate.half_width(2 * POWER - 1)
    seconds = sum(record.seconds for record in rounds)
    return AaOutcome(estimate.mean, low, high, detectable, seconds)


def sum_up(method: str, outcomes: Sequence[AaOutcome]) -> AaSummary:
    """Sum up the sessions of one method; there must be at least one."""
    # The nearest rank, nothing between two sessions: of fewer than 20, the largest.
    sizes = sorted(abs(outcome.estimate) for outcome in outcomes)
    return AaSummary(
        method=method,
        sessions=len(outcomes),
        false_alarms=sum(outcome.is_false_alarm for outcome in outcomes),
        error=math.sqrt(fmean(outcome.estimate**2 for outcome in outcomes)),
        margin=sizes[math.ceil(0.95 * len(sizes)) - 1],
        detectable=median(outcome.detectable for outcome in outcomes),
        seconds=fmean(outcome.seconds for outcome in outcomes),
    )
