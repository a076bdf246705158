"""The estimator on simulated sessions: false alarms and coverage as a statistician would ask for.

A session is simulated as our rounds and laps make it: an AR(1) drift of the machine that all cells
share, a spread from process to process, noise in each value, and bursts that hit single values. Or
the machine has two speeds, as one with a neighbour on the same core: then laps in which it changes
are far off, half of them to each side.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyperf._utils import is_significant

from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.midmean import midmean

SESSIONS = 2000
LAPS = 4
DRIFT = 0.05  # standard deviation of the machine's speed
DRIFT_MEMORY = 0.98  # correlation of the speed from value to value
PROCESS = 0.01  # standard deviation between processes
NOISE = 0.01  # standard deviation within a process
BURST, BURST_SHARE = 0.15, 0.03  # a neighbour wakes up
GEAR, GEAR_CHANGES = 0.5, 0.05  # a neighbour on the same core; chance of a change, per value


def simulate(rounds, effect=0.0, seed=1, *, laps=LAPS, blocks=False, has_gears=False):
    """Return log times of baseline and cell, shape (sessions, rounds, laps, 2).

    Each lap takes both cells one after the other in random order; in blocks, as usual elsewhere,
    all of the baseline comes first.
    """
    draw = np.random.default_rng(seed)
    steps = rounds * laps * 2
    speed = np.empty((SESSIONS, steps))
    speed[:, 0] = draw.normal(0, DRIFT, SESSIONS)
    for step in range(1, steps):
        innovation = draw.normal(0, DRIFT * math.sqrt(1 - DRIFT_MEMORY**2), SESSIONS)
        speed[:, step] = DRIFT_MEMORY * speed[:, step - 1] + innovation
    if has_gears:
        changes = draw.random((SESSIONS, steps)) < GEAR_CHANGES
        speed += GEAR * (np.cumsum(changes, axis=1) % 2)
    if blocks:
        seen = speed.reshape(SESSIONS, 2, rounds, laps).transpose(0, 2, 3, 1)
    else:
        speed = speed.reshape(SESSIONS, rounds, laps, 2)
        swapped = draw.random((SESSIONS, rounds, laps, 1)) < 0.5
        seen = np.where(swapped, speed[..., ::-1], speed)
    process = draw.normal(0, PROCESS, (SESSIONS, rounds, 1, 2))
    noise = draw.normal(0, NOISE, seen.shape)
    bursts = BURST * draw.random(seen.shape) * (draw.random(seen.shape) < BURST_SHARE)
    return seen + process + noise + bursts + np.array([0.0, effect])


def intervals(log_times):
    """Return our 95 % interval of each session: per round the midmean of its laps' log ratios."""
    ratios = (log_times[..., 1] - log_times[..., 0]).tolist()
    return [estimate_mean([midmean(laps) for laps in rounds]).interval(0.95) for rounds in ratios]


def widths(estimates):
    """Return the mean width of intervals."""
    return np.mean([high - low for low, high in estimates])


@pytest.mark.parametrize("rounds", [5, 10, 20])
def test_equal_cells_are_called_different_as_often_as_promised(rounds):
    """A/A: between 3 and 6 % of intervals at 95 % exclude equality, before any margin."""
    alarms = sum(not low <= 0 <= high for low, high in intervals(simulate(rounds)))
    assert 0.03 <= alarms / SESSIONS <= 0.06


@pytest.mark.parametrize("rounds", [5, 10, 20])
def test_interval_covers_a_true_difference_of_five_percent(rounds):
    """The interval holds the truth in 93 to 97 % of sessions."""
    truth = math.log(1.05)
    found = intervals(simulate(rounds, effect=truth, seed=2))
    covered = sum(low <= truth <= high for low, high in found)
    assert 0.93 <= covered / SESSIONS <= 0.97


@pytest.mark.parametrize("rounds", [5, 20])
def test_machine_of_two_speeds_raises_no_more_alarms(rounds):
    """A/A and a true 5 %, where one lap of twenty is off by half."""
    truth = math.log(1.05)
    equal = intervals(simulate(rounds, laps=12, has_gears=True))
    other = intervals(simulate(rounds, effect=truth, seed=2, laps=12, has_gears=True))
    assert 0.03 <= sum(not low <= 0 <= high for low, high in equal) / SESSIONS <= 0.06
    assert 0.93 <= sum(low <= truth <= high for low, high in other) / SESSIONS <= 0.97


def test_midmean_needs_fewer_laps_than_the_mean_where_a_machine_has_two_speeds():
    """Its intervals are less than half as wide; of an even machine no more than a tenth wider."""
    for has_gears, most in ((True, 0.5), (False, 1.1)):
        sessions = simulate(10, laps=12, has_gears=has_gears)[:500]
        means = (sessions[..., 1] - sessions[..., 0]).mean(axis=2).tolist()
        plain = [estimate_mean(session).interval(0.95) for session in means]
        assert widths(intervals(sessions)) < most * widths(plain)


def test_pyperfs_own_test_on_such_sessions_is_printed(capsys):
    """pyperf's order is blocks and its test pools all values: both beside ours, to be read."""
    rates = {}
    for name, blocks in (("laps", False), ("blocks", True)):
        sessions = np.exp(simulate(10, blocks=blocks)[:400])
        flat = sessions.reshape(len(sessions), -1, 2)
        alarms = [is_significant(list(s[:, 0]), list(s[:, 1]))[0] for s in flat]
        rates[name] = sum(alarms) / len(alarms) * 100
    with capsys.disabled():
        text = ", ".join(f"{rate:.0f} % in {name}" for name, rate in rates.items())
        print(f"\nfalse alarms of pyperf's own test, 10 simulated rounds of equal cells: {text}")
    assert rates["blocks"] > rates["laps"]
