"""What the control refuses, and what it lets pass."""

from __future__ import annotations

import math
import random

import pytest

from crawlbench.stats.control import LEAST_ROUNDS_FOR_DRIFT, find_drift, noise_floor
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session

WOBBLE = (0.002, -0.001, -0.002, 0.001, 0.0015, -0.0015, 0.0005, -0.0005)


def floor_of(logs, margin=0.01):
    """Return the noise floor of a control that differs by these logarithms, round by round."""
    rounds = [{BASELINE: [1.0], CONTROL: [math.exp(value)]} for value in logs]
    return noise_floor(make_session(make_plan(margin=margin), rounds), CONTROL)


@pytest.mark.parametrize(("shift", "interval"), [(0.05, "5.0 to 5.3 %"), (-0.05, "-5.0 to -4.7 %")])
def test_control_that_differs_beyond_the_margin_refuses(shift, interval):
    """In both directions, with the interval in the reason."""
    assert floor_of([shift + value for value in WOBBLE]).refusal == (
        f"this machine was too unsteady: the control differs from its twin by {interval}"
    )


def test_control_that_differs_within_the_users_margin_refuses_nothing():
    """The user does not care for so little."""
    logs = [0.05 + value for value in WOBBLE]
    assert floor_of(logs, margin=0.06).refusal == ""
    assert floor_of(logs, margin=0.04).refusal


@pytest.mark.parametrize("sign", [1, -1])
def test_control_that_drifts_from_half_to_half_refuses(sign):
    """Though its mean over the session is that of its twin."""
    logs = [sign * (0.03 if n >= 4 else -0.03) + value for n, value in enumerate(WOBBLE)]
    floor = floor_of(logs)
    assert floor.low < 0 < floor.high
    assert floor.refusal.startswith("this machine was too unsteady: the control drifted by ")


def test_drift_is_the_later_half_less_the_earlier():
    """The middle one of an odd number is in neither."""
    drift = find_drift([0.0, 0.1, 0.2, 99.0, 0.3, 0.4, 0.5])
    assert drift.mean == pytest.approx(0.3)
    assert drift.count == 3


def test_drift_needs_six_rounds():
    """Fewer say nothing on the spread within a half."""
    logs = [-0.03, -0.031, -0.029, 0.03, 0.031, 0.029]
    assert "drifted" in floor_of(logs).refusal
    assert floor_of(logs[:-1]).refusal == ""
    assert find_drift(logs[: LEAST_ROUNDS_FOR_DRIFT - 1]) is None


@pytest.mark.parametrize("spread", [0.002, 0.01, 0.05])
def test_normal_noise_is_seldom_a_refusal(spread):
    """Two tests at 95 %: no more than one session in ten; fewer where the margin hides noise."""
    noise = random.Random(1)
    sessions = [floor_of([noise.gauss(0, spread) for _ in range(10)]) for _ in range(200)]
    assert sum(bool(floor.refusal) for floor in sessions) <= 200 * (0.1 if spread > 0.01 else 0.02)


def test_control_without_two_rounds_gives_no_margin():
    """And no refusal: there is nothing to refuse."""
    floor = floor_of([0.5])
    assert (floor.rounds, floor.estimate, floor.margin, floor.refusal) == (1, None, None, "")
