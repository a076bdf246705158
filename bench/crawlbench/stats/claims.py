"""The three claims that can be made about a difference, and their families (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from crawlbench.base.records import Obstacle, Verdict
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


def best_of(claims: Mapping[Verdict, float]) -> Verdict:
    """Return the claim with the best support."""
    return min(claims, key=lambda claim: claims[claim])


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


def stays_below(gate: float, high: float, means_high: float | None) -> bool:
    """Return whether a change whose intervals end there passes a gate.

    Not to be slower is a claim about means as well, in which rare slow laps count in full, unless
    the typical time is lower by more than the gate: `faster` is a claim about typical times alone.

    Args:
        gate: log ratio that must not be exceeded; for the cost to begin, seconds.
        high: upper end of the interval of typical times.
        means_high: that of means; None where nobody knows it, which does not pass.
    """
    return high <= gate and (high < -gate or (means_high is not None and means_high <= gate))


STILL = Interval(0.0, 0.0)
"""What doubts move where there are none."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """What is known about one row of a family, as log ratios or differences in seconds."""

    typical: Estimate
    """The typical times."""
    means: Estimate | None
    """The means, in which rare slow laps count in full; None where nobody knows them, so that
    nothing can be called the same."""
    moved: Interval = STILL
    """How far doubts move the typical times down and up, whichever of them are taken off; contains
    0."""
    widening: float = 0.0
    """By how much twins differ, beyond their own interval."""

    def interval(self, confidence: float) -> Interval:
        """Return the union over all ways to see the typical times, widened by the twins."""
        return self.stretch(Interval(*self.typical.interval(confidence)))

    def stretch(self, around: Interval) -> Interval:
        """Return an interval around the typical times with all that could move it."""
        return around.stretched(self.moved).widened(self.widening)

    def claims(self, margin: float, level: float) -> dict[Verdict, float]:
        """Return the p value of each claim, which must hold in every way to see the values.

        Args:
            margin: differences up to it do not matter.
            level: error level at which the means must be within the margin for `same`, as in a
                session.
        """
        ways = [find_claims(x.mean, x.p_value, margin, self.widening) for x in self._ways()]
        found = {claim: max(way[claim] for way in ways) for claim in NO_CLAIM}
        # Above that level it makes no verdict anyway, and p values are costly.
        if found[Verdict.SAME] <= level and self.may_have_slow_laps(margin, level):
            found[Verdict.SAME] = 1.0
        return found

    def verdict(self, margin: float, confidence: float, level: float) -> Verdict:
        """Return what the row says by itself at an error level, in a family of that confidence."""
        claims = self.claims(margin, 1 - confidence)
        best = best_of(claims)
        return best if claims[best] <= level else Verdict.UNCLEAR

    def may_have_slow_laps(self, margin: float, level: float) -> bool:
        """Return whether the means may differ by the margin or more."""
        means = self.means
        return means is None or find_claims(means.mean, means.p_value, margin)[Verdict.SAME] > level

    def find_obstacle(self, margin: float, confidence: float, level: float) -> Obstacle:
        """Return why the row has no verdict at an error level, in a family of that confidence."""
        # As in a session: only if the values as measured support a claim, something took it away.
        plain = find_claims(self.typical.mean, self.typical.p_value, margin)
        best = best_of(plain)
        if plain[best] > level:
            return Obstacle.OPEN
        if best is Verdict.SAME and self.may_have_slow_laps(margin, 1 - confidence):
            return Obstacle.SLOW_LAPS
        doubts = max(-self.moved.low, self.moved.high)
        return Obstacle.DOUBT if doubts >= self.widening else Obstacle.CONTROL

    def _ways(self) -> list[Estimate]:
        """Return the typical times as measured, and as far off as doubts could move them."""
        shifts = [shift for shift in (self.moved.low, self.moved.high) if shift]
        moved = [replace(self.typical, mean=self.typical.mean + shift) for shift in shifts]
        return [self.typical, *moved]


@dataclass(frozen=True, slots=True)
class Judged:
    """One row of a family, with its verdict."""

    interval: Interval
    """The interval for this row alone, at the family's confidence."""
    verdict: Verdict
    level: float
    """The error level that Holm's procedure gave it."""
    obstacle: Obstacle | None
    """Why there is no verdict; None if there is one."""


def judge_family(
    rows: Mapping[K, ClaimRow], margin: float, confidence: float, count: int | None = None
) -> dict[K, Judged]:
    """Judge rows as one family, by Holm's procedure.

    The chance that any verdict of the family is wrong is at most 1 - confidence.

    Args:
        rows: what is known about each.
        margin: differences up to it do not matter.
        confidence: that of all verdicts together, and of each interval alone.
        count: how many the family has, with those that have no estimate; None: only these.
    """
    alpha = 1 - confidence
    claims = {key: row.claims(margin, alpha) for key, row in rows.items()}
    p_values = {key: min(found.values()) for key, found in claims.items()}
    levels = holm_levels(p_values, len(p_values) if count is None else count, alpha)
    judged = {}
    for key, row in rows.items():
        level = levels[key]
        is_clear = p_values[key] <= level
        judged[key] = Judged(
            row.interval(confidence),
            best_of(claims[key]) if is_clear else Verdict.UNCLEAR,
            level,
            None if is_clear else row.find_obstacle(margin, confidence, level),
        )
    return judged
