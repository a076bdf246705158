"""When requests are due."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, stdev

import pytest

from crawlbench.load.model import Arrival, Load, due_times, share


def make_load(arrival, generators=3):
    return Load(
        arrival=arrival, span_s=20.0, connections=9, rate_per_s=300.0, generators=generators, seed=5
    )


def test_generators_take_turns_in_constant_arrival():
    """All together keep even distances, and make as many requests as were asked for."""
    load = make_load(Arrival.CONSTANT)
    merged = sorted(due for number in range(3) for due in due_times(load, number))
    assert len(merged) == 6000
    assert merged == pytest.approx([place / 300 for place in range(6000)])


def test_random_arrival_has_the_rate_and_the_spread_of_poisson():
    """Distances are exponential: mean and standard deviation are equal."""
    load = make_load(Arrival.POISSON)
    merged = sorted(due for number in range(3) for due in due_times(load, number))
    gaps = [later - earlier for earlier, later in pairwise(merged)]
    assert fmean(gaps) == pytest.approx(1 / 300, rel=0.05)
    assert stdev(gaps) == pytest.approx(1 / 300, rel=0.1)


def test_random_arrival_is_the_same_for_the_same_seed_only():
    """A run can be repeated; generators do not move in step."""
    load = make_load(Arrival.POISSON)
    assert list(due_times(load, 0)) == list(due_times(load, 0))
    assert list(due_times(load, 0)) != list(due_times(load, 1))


@pytest.mark.parametrize("total", [3, 10, 128])
def test_shares_add_up(total):
    """No connection is made twice or forgotten."""
    shares = [share(total, number, 3) for number in range(3)]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1
