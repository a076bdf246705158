"""Holm's procedure: which claims of a family hold at one error level (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

K = TypeVar("K")


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
