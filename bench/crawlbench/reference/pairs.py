"""Which pairs of a scenario can be told apart, and how much they differ (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Verdict
from crawlbench.stats.change import Way
from crawlbench.stats.claims import find_claims, holm_levels
from crawlbench.stats.interval import Interval
from crawlbench.stats.session_variance import DEFAULTS, find_spread, mean_of_sessions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence, Set

    from crawlbench.stats.interval import Estimate

Names = tuple[str, str]
"""Names of two cells."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell against another, over sessions."""

    estimate: float
    """Log ratio of the first to the second."""
    interval: Interval
    """For this pair alone, from session to session."""
    sign: int
    """1: the first is slower; -1: it is faster; 0: they cannot be told apart."""
    sessions: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What was fixed beforehand for all pairs of a scenario."""

    margin: float
    """Log ratio: smaller differences do not matter."""
    confidence: float
    least: int
    """Sessions that a verdict needs."""
    count: int
    """Pairs of the family; pairs without an estimate stay in it, so that nobody gains by
    failing."""


def judge_pairs(
    found: Mapping[Names, Sequence[Estimate]],
    kin: Collection[Names],
    wide: Mapping[Names, float],
    barred: Set[str],
    rules: Rules,
) -> dict[Names, Pair]:
    """Return what the sessions together say about each pair, judged as one family.

    Args:
        found: the log ratios of each pair, one from each session that has both cells.
        kin: pairs that differ only by event loop, whose ratios vary less between sessions.
        wide: how far doubts and the twins' difference could move the ratio of each pair.
        barred: cells that nothing can be told of; their pairs have numbers, but no sign.
        rules: fixed beforehand.
    """
    pooled: dict[Names, Estimate] = {}
    # Two event loops under one strategy vary by 0.4 % between sessions, other pairs by 2 %
    # (docs/method.md), so the two kinds have spreads of their own.
    for way, is_kin in ((Way.KIN, True), (Way.NORMALISED, False)):
        group = {pair: values for pair, values in found.items() if (pair in kin) is is_kin}
        whole = [values for values in group.values() if len(values) >= rules.least]
        known = whole or list(group.values())
        spread = find_spread(DEFAULTS[way], [[one.mean for one in values] for values in known])
        pooled |= {pair: mean_of_sessions(values, spread) for pair, values in group.items()}
    pooled = {pair: pooled[pair] for pair in found}  # in the order in which they came
    apart = {
        pair: _p_apart(find_claims(one.mean, one.p_value, rules.margin, wide[pair]))
        for pair, one in pooled.items()
        if len(found[pair]) >= rules.least and not barred & {*pair}
    }
    levels = holm_levels(apart, rules.count, 1 - rules.confidence)
    return {
        pair: Pair(
            one.mean,
            Interval(*one.interval(rules.confidence)).widened(wide[pair]),
            (1 if one.mean > 0 else -1) if pair in apart and apart[pair] <= levels[pair] else 0,
            len(found[pair]),
        )
        for pair, one in pooled.items()
    }


def _p_apart(claims: Mapping[Verdict, float]) -> float:
    """Return the p value of the claim that the two differ, in either direction."""
    return min(p for verdict, p in claims.items() if verdict is not Verdict.SAME)
