"""The mean over machines on simulated machines: false alarms, coverage, what is told of spread."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.special import stdtr

from crawlbench.cluster.random_effects import pool
from crawlbench.stats.interval import Estimate, estimate_mean

SIMULATIONS = 2000
ROUNDS = 5  # few: the machines' own errors are guesses
NOISE = 0.01  # standard deviation of a machine's rounds
TRUTH = math.log(1.05)


def simulate(machines, spread, *, ragged=False, seed=1):
    """Return, per simulation, the estimates of so many machines whose true ratios are spread.

    Where ragged, a machine's noise is up to five times that of another.
    """
    draw = np.random.default_rng(seed)
    shape = (SIMULATIONS, machines)
    scale = np.exp(draw.uniform(0, math.log(5), shape)) if ragged else np.ones(shape)
    true = TRUTH + spread * draw.normal(size=shape)
    rounds = true[..., None] + NOISE * scale[..., None] * draw.normal(size=(*shape, ROUNDS))
    means, errors = rounds.mean(axis=2), rounds.std(axis=2, ddof=1) / math.sqrt(ROUNDS)
    return [
        [Estimate(ROUNDS, float(m), float(e), ROUNDS - 1) for m, e in zip(mm, ee, strict=True)]
        for mm, ee in zip(means, errors, strict=True)
    ]


@pytest.mark.parametrize(
    ("machines", "spread"),
    [
        *((2, 0.0), (5, 0.0), (10, 0.01)),
        *(
            pytest.param(*place, marks=pytest.mark.long)
            for place in ((3, 0.0), (4, 0.0), *product((5, 10, 20), (0.0, 0.01)))
            if place not in ((5, 0.0), (10, 0.01))
        ),
    ],
)
@pytest.mark.parametrize("ragged", [False, True])
def test_interval_of_the_mean_covers_the_truth_as_promised(machines, spread, ragged):
    """The interval at 95 % holds the truth in 94 to 98 %, so false alarms are 2 to 6 %."""
    covered = 0
    for estimates in simulate(machines, spread, ragged=ragged, seed=machines):
        low, high = pool(estimates).mean.interval(0.95)
        covered += low <= TRUTH <= high
    assert 0.935 <= covered / SIMULATIONS <= 0.98


@pytest.mark.parametrize("machines", [2, 5, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("ragged", [False, True])
def test_equal_machines_are_seldom_called_different(machines, ragged):
    """Where the truth is the same everywhere, the p value is below 5 % in 2 to 6 %."""
    found = [pool(es).spread_p for es in simulate(machines, 0.0, ragged=ragged, seed=7)]
    assert 0.02 <= sum(p < 0.05 for p in found) / SIMULATIONS <= 0.06


@pytest.mark.parametrize(
    ("machines", "spread"),
    [
        (5, 0.005),
        *(
            pytest.param(*place, marks=pytest.mark.long)
            for place in product((3, 5, 20), (0.002, 0.005, 0.03))
            if place != (5, 0.005)
        ),
    ],
)
def test_one_more_machine_lies_in_its_interval(machines, spread):
    """The interval of a new machine's truth at 95 % holds it, however far machines differ."""
    draw = np.random.default_rng(3)
    inside = 0
    for estimates in simulate(machines, spread, seed=5):
        new = pool(estimates).prediction(0.95)
        inside += new.low <= TRUTH + spread * draw.normal() <= new.high
    assert inside / SIMULATIONS >= 0.94


def test_spread_is_right_on_average():
    """The variance between machines, whose noise is as large, is not over- or underrated."""
    found = [pool(estimates).spread ** 2 for estimates in simulate(10, 0.01)]
    assert math.sqrt(float(np.mean(found))) == pytest.approx(0.01, rel=0.1)


def test_one_machine_keeps_its_own_interval():
    """It says nothing of spread, nor of another machine."""
    own = estimate_mean([0.04, 0.05, 0.06])
    pooled = pool([own])
    assert pooled.mean == own
    assert (pooled.spread, pooled.spread_p, pooled.prediction(0.95)) == (None, None, None)


def test_up_to_four_machines_are_told_of_themselves():
    """Two that agree within 0.3 % know as much together as one, not less; nothing of a third."""
    pooled = pool([Estimate(5, 0.0, 0.001, 4), Estimate(5, 0.01, 0.001, 4)])
    assert pooled.mean.mean == pytest.approx(0.005)
    assert pooled.mean.error == pytest.approx(0.001 / math.sqrt(2))
    assert pooled.mean.freedom == pytest.approx(8)
    assert pooled.prediction(0.95) is None


def test_p_value_of_two_equally_noisy_machines_is_that_of_a_t_test():
    """Two groups of equal variance: the classical F test, which is Student's t squared."""
    first, second = [1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0]
    t = (np.mean(second) - np.mean(first)) / math.sqrt(np.var(first, ddof=1) / 4 * 2)
    expected = 2 * float(stdtr(6, -t))
    assert pool([estimate_mean(first), estimate_mean(second)]).spread_p == pytest.approx(expected)


def test_rounds_without_any_spread_give_no_p_value():
    """A machine whose rounds were all equal tells nothing of its error."""
    assert pool([Estimate(2, 0.0, 0.0, 1), Estimate(2, 0.1, 0.0, 1)]).spread_p is None


def test_interval_of_one_more_machine_has_an_exponential():
    """Of three machines a t interval has two degrees of freedom, and may have no end."""
    pooled = pool([Estimate(5, mean, 0.001, 4) for mean in (0.0, 0.3, 0.6)])
    new = pooled.prediction(0.9999)
    assert 0.0 < math.exp(new.low) < math.exp(new.high) < math.inf
