"""Holm's levels."""

from __future__ import annotations

from crawlbench.stats.holm import holm_levels


def test_levels_rise_in_the_order_of_p_until_the_first_that_fails():
    p_values = {"a": 0.001, "b": 0.04, "c": 0.012}
    assert holm_levels(p_values, 3, 0.05) == {"a": 0.05 / 3, "c": 0.05 / 2, "b": 0.05}
    failing = {"a": 0.001, "b": 0.9, "c": 0.2}
    assert holm_levels(failing, 3, 0.05) == {"a": 0.05 / 3, "c": 0.05 / 2, "b": 0.05 / 2}


def test_family_counts_those_that_could_not_be_tested():
    """It was fixed before the first round."""
    assert holm_levels({"a": 0.001}, 10, 0.05) == {"a": 0.005}
    assert holm_levels({}, 10, 0.05) == {}
