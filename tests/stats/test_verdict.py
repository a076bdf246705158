"""Verdicts over a family of comparisons."""

from __future__ import annotations

import pytest

from crawlbench.records import Verdict
from crawlbench.stats.interval import Estimate
from crawlbench.stats.verdict import decide, holm_levels


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (-0.30, -0.20, 0.05, Verdict.FASTER),
        (0.20, 0.30, 0.05, Verdict.SLOWER),
        (-0.02, 0.03, 0.05, Verdict.SAME),
        (0.00, 0.10, 0.05, Verdict.UNCLEAR),
        (-0.10, 0.10, 0.05, Verdict.UNCLEAR),
        (0.05, 0.10, 0.05, Verdict.UNCLEAR),
        (-0.02, 0.03, 1.00, Verdict.UNCLEAR),
        (1.20, 1.40, 1.00, Verdict.SLOWER),
    ],
)
def test_interval_beyond_inside_or_across_the_margin(low, high, margin, verdict):
    """Beyond is a difference, inside is the same unless the noise is absurd, across is unclear."""
    assert decide(low, high, margin) is verdict


def test_holm_holds_the_clearest_to_the_strictest_level():
    """The i-th smallest p of m is held to alpha / (m - i + 1) while each is rejected."""
    estimates = {
        "a": Estimate(20, 0.10, 0.01, 19),
        "b": Estimate(20, 0.30, 0.01, 19),
        "c": Estimate(20, 0.05, 0.01, 19),
    }
    levels = holm_levels(estimates, dict.fromkeys(estimates, 0.0), 0.95)
    assert levels == pytest.approx({"b": 0.05 / 3, "a": 0.05 / 2, "c": 0.05})


def test_holm_stops_at_the_first_that_is_not_rejected():
    """From there on all keep the level."""
    estimates = {
        "a": Estimate(20, 0.3, 0.01, 19),
        "b": Estimate(20, 0.01, 0.01, 19),
        "c": Estimate(20, 0.0, 0.01, 19),
    }
    levels = holm_levels(estimates, dict.fromkeys(estimates, 0.0), 0.95)
    assert levels == pytest.approx({"a": 0.05 / 3, "b": 0.05 / 2, "c": 0.05 / 2})


def test_each_comparison_has_its_own_margin():
    """A difference that is large on a quiet network may be nothing on a noisy one."""
    estimates = {"quiet": Estimate(20, 0.1, 0.01, 19), "noisy": Estimate(20, 0.1, 0.01, 19)}
    levels = holm_levels(estimates, {"quiet": 0.01, "noisy": 0.5}, 0.95)
    assert levels == pytest.approx({"quiet": 0.025, "noisy": 0.05})


def test_no_comparisons_need_no_levels():
    """An empty family is not an error."""
    assert holm_levels({}, {}, 0.95) == {}
