"""The three claims that can be made about a difference, and their families (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from crawlbench.base.records import Verdict
from crawlbench.stats.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crawlbench.stats.interval import Estimate

K = TypeVar("K")

NO_CLAIM = dict.fromkeys((Verdict.FASTER, Verdict.SLOWER, Verdict.SAME), 1.0)
"""p values where nothing supports a claim."""


def find_claims(
    mean: float, p_value: Callable[[float], float], margin: float, widening: float = 0.0
) -> dict[Verdict, float]:
    """Return the p value of each claim; at most one is below 1.

    Args:
        mean: the log ratio that was found.
        p_value: gives the two-sided p value of "the truth is this".
        margin: differences up to it do not matter.
        widening: how much the interval is widened on both sides.
    """
    # p values are two-sided, although each claim has one side: at a true difference of exactly the
    # margin two claims are false, one on each side of it, and each of them gets half of the error.
    # If the twins differ by the margin or more, `within` is not above 0 and nothing is the same.
    claims, beyond, within = dict(NO_CLAIM), margin + widening, margin - widening
    if mean > beyond:
        claims[Verdict.SLOWER] = p_value(beyond)
    elif mean < -beyond:
        claims[Verdict.FASTER] = p_value(-beyond)
    elif abs(mean) < within:
        # The nearer end decides, because its p value is the larger one.
        claims[Verdict.SAME] = p_value(math.copysign(within, mean))
    return claims


def weakens(shift: float, claim: Verdict) -> bool:
    """Return whether moving a mean by this much takes support from a claim."""
    # 'Same' can be lost at either end.
    return {Verdict.SLOWER: shift < 0, Verdict.FASTER: shift > 0}.get(claim, shift != 0)


def holm_levels(p_values: Mapping[K, float], count: int, alpha: float) -> dict[K, float]:
    """Return the error level at which each claim of a family is tested.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6, 1979. In order of p, the i-th of m is tested at alpha / (m - i + 1); after the
    first that is not rejected, all keep its level. The chance of any false claim in the family is
    at most alpha, however the claims depend on each other (they do, because pairs share cells). If
    the p values hold at all times, so do the levels.

    Args:
        p_values: the p values of the claims that could be tested.
        count: size of the family, fixed before the first round, with those that could not be
            tested.
        alpha: error level of the family.
    """
    levels: dict[K, float] = {}
    stopped_at = None
    ordered = sorted(p_values.items(), key=lambda pair: pair[1])
    for rank, (name, p_value) in enumerate(ordered):
        level = stopped_at or alpha / (count - rank)
        if p_value > level:
            stopped_at = level
        levels[name] = level
    return levels


@dataclass(frozen=True, slots=True)
class Judged:
    """One estimate of a family, with its verdict."""

    interval: Interval
    """The interval for this estimate alone, at the family's confidence."""
    verdict: Verdict
    level: float
    """The error level that Holm's procedure gave it."""


def judge_family(
    estimates: Mapping[K, Estimate],
    margin: float,
    confidence: float,
    widenings: Mapping[K, float] | None = None,
    count: int | None = None,
) -> dict[K, Judged]:
    """Judge estimates as one family, by Holm's procedure.

    The chance that any verdict of the family is wrong is at most 1 - confidence.

    Args:
        estimates: log ratios, or differences in seconds.
        margin: differences up to it do not matter.
        confidence: that of all verdicts together, and of each interval alone.
        widenings: how much intervals are widened on both sides; 0 where nothing is given.
        count: how many the family has, with those that have no estimate; None: only these.
    """
    extra = widenings or {}
    claims = {
        key: find_claims(one.mean, one.p_value, margin, extra.get(key, 0.0))
        for key, one in estimates.items()
    }
    p_values = {key: min(found.values()) for key, found in claims.items()}
    size = len(p_values) if count is None else count
    levels = holm_levels(p_values, size, 1 - confidence)
    return {
        key: Judged(
            Interval(*one.interval(confidence)).widened(extra.get(key, 0.0)),
            min(claims[key], key=lambda verdict: claims[key][verdict])
            if p_values[key] <= levels[key]
            else Verdict.UNCLEAR,
            levels[key],
        )
        for key, one in estimates.items()
    }
