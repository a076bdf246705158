"""Words for what sessions, machines and pairs have no verdict about."""

from __future__ import annotations

import math

import pytest

from crawlbench.stats.comparability import tell_open

MARGIN = math.log1p(0.05)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.2, 0.2, "reaches across"),
        (0.01, 0.2, "reaches across"),
        (-0.06, 0.01, "reaches across"),
        (MARGIN, 0.2, "reaches across"),
        (0.06, 0.2, "lies beyond"),
        (-0.2, -0.06, "lies beyond"),
        (-0.01, 0.02, "lies within"),
        (-math.inf, math.inf, "reaches across"),
    ],
)
def test_open_pair_says_where_its_interval_lies(low, high, word):
    """It is open all the same, because all pairs of its question must hold together."""
    assert tell_open(low, high, MARGIN).format(margin="5 %").startswith(f"{word} the margin of 5 %")
