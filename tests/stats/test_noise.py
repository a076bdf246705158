"""How much of the noise is between workers, and how much between laps."""

from __future__ import annotations

import math
import random

import pytest

from crawlbench.stats.noise import find_noise
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

CELL = other("cell")


def noisy_session(between, within, *, rounds=60, laps=8, seed=1, shift=0.0):
    """Return a session whose workers and laps spread by so much."""
    draw = random.Random(seed)

    def values(cell):
        worker = draw.gauss(shift if cell is CELL else 0.0, between)
        return [math.exp(worker + draw.gauss(0, within)) for _ in range(laps)]

    cells = (BASELINE, CELL, CONTROL)
    by_round = [{cell: values(cell) for cell in cells} for _ in range(rounds)]
    return make_session(make_plan(CELL), by_round)


@pytest.mark.parametrize(
    ("between", "within", "low", "high"),
    [(0.0, 0.02, 0.0, 0.35), (0.02, 0.02, 0.75, 0.95), (0.02, 0.001, 0.95, 1.0)],
)
def test_share_between_workers_is_found(between, within, low, high):
    """Of 8 laps of 2 %, workers of 2 % make up 87 %; where workers are alike, next to nothing."""
    noise = find_noise(noisy_session(between, within))[BASELINE.group]
    assert low <= noise.share_between(8) <= high


def test_who_is_faster_does_not_matter():
    """Another ratio leaves the noise as it is: nothing is chosen by it."""
    equal = find_noise(noisy_session(0.01, 0.01))[BASELINE.group]
    slower = find_noise(noisy_session(0.01, 0.01, shift=0.7))[BASELINE.group]
    assert slower.of_lap == pytest.approx(equal.of_lap)
    assert slower.of_round == pytest.approx(equal.of_round)


def test_too_few_rounds_or_laps_say_nothing():
    """Two rounds have no spread worth the name, and one lap alone has none."""
    assert find_noise(noisy_session(0.01, 0.01, rounds=2)) == {}
    assert find_noise(noisy_session(0.01, 0.01, laps=1)) == {}


def test_without_any_noise_there_is_no_share():
    """Values that are all equal divide by nothing."""
    noise = find_noise(noisy_session(0.0, 0.0))[BASELINE.group]
    assert noise.share_between(8) == 0.0
