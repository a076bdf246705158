"""The mean of the middle half of some values (floor 2; pure)."""

from __future__ import annotations

import math
from functools import lru_cache
from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def midmean(values: Sequence[float]) -> float:
    """Return the mean of the middle half of values; there must be at least one.

    Source: the interquartile mean, or midmean (Tukey, Exploratory Data Analysis, 1977). Values at
    the quartiles count in part, so that it changes smoothly with their number; for one or two
    values it is the mean. To be as precise as the mean, it needs a fifth more values if they are
    normal, a third more if there are four; where a machine changes its speed within a lap, it needs
    only a fraction of them (docs/method.md).
    """
    return math.fsum(map(mul, _weights(len(values)), sorted(values)))


@lru_cache(maxsize=1024)
def _weights(count: int) -> tuple[float, ...]:
    """Return the weight of each rank; their sum is 1."""
    # Rank r stands for the stretch from r to r + 1 and weighs as much of it as lies in the middle
    # half.
    cut = count / 4
    parts = [
        min(rank + 1, count - cut) - max(rank, cut) if cut - 1 < rank < count - cut else 0.0
        for rank in range(count)
    ]
    return tuple(part / math.fsum(parts) for part in parts)
