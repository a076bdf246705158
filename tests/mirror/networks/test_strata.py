"""Draws keep their distribution, and their mean over a round hardly varies."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean, pstdev, pvariance

import pytest

from crawlbench.mirror.networks import Network, find_network
from crawlbench.mirror.networks.strata import draw_share

LAPS = [1, 2, 3, 4, 8, 12, 200]
ROUNDS = 2_000


def farthest(shares):
    """Return Kolmogorov's distance from the even distribution."""
    ranked, count = sorted(shares), len(shares)
    return max(max(x - n / count, (n + 1) / count - x) for n, x in enumerate(ranked))


def correlation(first, second):
    """Return that of two lists of even draws, whose variance is a twelfth."""
    return fmean((x - 0.5) * (y - 0.5) for x, y in zip(first, second, strict=True)) * 12


@pytest.mark.parametrize("laps", LAPS)
def test_each_lap_of_a_round_has_a_stratum_of_its_own(laps):
    """All are visited, whichever the order."""
    for number in range(20):
        shares = [draw_share(f"key {number}", lap, laps) for lap in range(laps)]
        assert sorted(int(share * laps) for share in shares) == list(range(laps))
        assert all(0 < share < 1 for share in shares)


@pytest.mark.parametrize("laps", LAPS)
@pytest.mark.parametrize("place", [0, -1])
def test_one_draw_is_even_whatever_its_lap(laps, place):
    """Over rounds; 1.95 / sqrt(n) is exceeded by chance once in a thousand, and seeds are fixed."""
    shares = [draw_share(f"{n}", range(laps)[place], laps) for n in range(ROUNDS)]
    assert farthest(shares) < 1.95 / math.sqrt(ROUNDS)


@pytest.mark.parametrize("laps", [1, 4, 8])
def test_draws_of_one_lap_know_nothing_of_each_other(laps):
    """Else the longest of ten answers would be another than on the network that is played."""
    first, second = (
        [draw_share(f"{n}/{page}", 1 % laps, laps) for n in range(ROUNDS)] for page in ("a", "b")
    )
    assert abs(correlation(first, second)) < 3.3 / math.sqrt(ROUNDS)
    longest = [max(draw_share(f"{n}/{p}", 0, laps) for p in range(9)) for n in range(ROUNDS)]
    assert fmean(longest) == pytest.approx(0.9, abs=3.3 * 0.09 / math.sqrt(ROUNDS))


def test_rounds_know_nothing_of_each_other():
    """The same draws in all rounds would be a bias that no interval sees."""
    means = [fmean(draw_share(f"{n}/a", lap, 4) for lap in range(4)) for n in range(ROUNDS)]
    centred = [mean - 0.5 for mean in means]
    together = fmean(x * y for x, y in pairwise(centred)) / pvariance(means)
    assert abs(together) < 3.3 / math.sqrt(ROUNDS)


def spread(network, laps, total):
    """Return the deviation over rounds of the mean over a round's laps of what a lap comes to."""

    def lap_s(number, lap):
        return total(
            network.delay_s(f"{number}/{page}", connection_age_s=0.0, lap=lap % laps, laps=laps)
            for page in range(10)
        )

    def mean(number):
        if laps > 1:
            return fmean(lap_s(number, lap) for lap in range(laps))
        return fmean(lap_s(f"{number} {lap}", 0) for lap in range(8))

    return pstdev(map(mean, range(300)))


@pytest.mark.parametrize(
    "network",
    [find_network("wan"), Network(round_trip_s=0.04, jitter=0.1, distribution="normal")],
    ids=["log-normal", "normal"],
)
def test_mean_of_a_round_varies_far_less_than_of_independent_draws(network):
    """Of a serial crawl's delays, eight laps: by a factor of four at the least."""
    assert spread(network, 8, sum) < spread(network, 1, sum) / 4


def test_longest_of_a_lap_varies_less_too():
    """A concurrent crawl waits for its slowest answer, of which strata take away a part."""
    assert spread(find_network("wan"), 8, max) < spread(find_network("wan"), 1, max) * 0.9


def test_samples_are_drawn_in_strata_too():
    """Whatever their order in the file: four laps have each of four once."""
    network = Network(samples=(0.04, 0.01, 0.03, 0.02))
    drawn = [network.delay_s("a", connection_age_s=None, lap=lap, laps=4) for lap in range(4)]
    assert sorted(drawn) == [0.01, 0.02, 0.03, 0.04]
