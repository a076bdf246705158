"""Turns estimates into verdicts, over the whole family of comparisons (floor 2; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.stats.interval import Estimate

__all__ = ["decide", "holm_levels"]


def holm_levels(
    estimates: Mapping[str, Estimate], margins: Mapping[str, float], confidence: float
) -> dict[str, float]:
    """Return the error level at which each comparison of a family is to be judged.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6, 1979. The hypothesis of each is "the difference is within its margin". In
    order of p, the i-th of m is held to alpha / (m - i + 1); from the first that is not rejected
    on, all keep that level. The chance of any false difference in the family is at most alpha,
    however the comparisons depend on each other (they share a baseline, so they do).

    Args:
        estimates: log ratio of each comparison.
        margins: of each comparison, as log ratios.
        confidence: 1 - alpha of the family.
    """
    alpha, count = 1 - confidence, len(estimates)
    p_values = {name: est.p_beyond(margins[name]) for name, est in estimates.items()}
    levels, stopped_at = {}, None
    for rank, name in enumerate(sorted(p_values, key=lambda key: (p_values[key], key))):
        level = stopped_at or alpha / (count - rank)
        if p_values[name] > level:
            stopped_at = level
        levels[name] = level
    return levels


MOST_NOISE = math.log1p(0.10)
"""Where equal cells can look further apart than this, nothing is called the same."""


def decide(low: float, high: float, margin: float) -> Verdict:
    """Judge an interval of log ratios: beyond, inside or across the margin."""
    if high < -margin:
        return Verdict.FASTER
    if low > margin:
        return Verdict.SLOWER
    if -margin <= low and high <= margin <= MOST_NOISE:
        return Verdict.SAME
    return Verdict.UNCLEAR
