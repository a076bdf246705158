"""Does the place in the lap matter: what is found, and what is not made up."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import permutations

import pytest

from crawlbench.base.records import RoundRecord
from crawlbench.stats.slots import slot_effects
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_sample, make_session, other

HALF = other("half")
SPEEDS = {BASELINE: 1.0, HALF: 0.5, CONTROL: 1.0}


def shuffled(factors, speeds=None, rounds=4, spread=0.0):
    """Return a session whose laps have every order equally often, and a factor for each slot."""
    speeds, noise = speeds or SPEEDS, random.Random(1)
    records = []
    for number in range(1, rounds + 1):
        samples = [make_sample(cell, 0, 99.0, warmup=True) for cell in speeds]
        for lap, order in enumerate(permutations(speeds)):
            mood = noise.uniform(0.5, 2.0)
            samples += [
                make_sample(
                    cell,
                    lap,
                    speeds[cell] * factors[slot] * mood * noise.lognormvariate(0, spread),
                    slot=slot,
                )
                for slot, cell in enumerate(order)
            ]
        records.append(RoundRecord(number, "", 1.0, tuple(samples)))
    plan = make_plan(cells=tuple(speeds))
    return replace(make_session(plan, []), rounds=tuple(records))


@pytest.mark.parametrize(
    ("factors", "first", "last"),
    [((1.1, 1.0, 1.0), 0.1, 0.0), ((1.0, 1.0, 0.9), 0.0, -0.1), ((1.2, 1.0, 1.1), 0.2, 0.1)],
)
def test_planted_effect_is_found_whole_and_in_its_slot_alone(factors, first, last):
    """Moods of the machine that last a lap, slow cells and warmups count for nothing."""
    effects = slot_effects(shuffled(factors))
    assert [(effect.slot, effect.rounds) for effect in effects] == [("first", 4), ("last", 4)]
    assert [math.expm1(e.estimate) for e in effects] == pytest.approx([first, last], abs=1e-9)


def test_noise_that_is_shuffled_evenly_is_no_effect():
    """Both intervals hold zero, and are narrow enough to mean it."""
    for effect in slot_effects(shuffled((1.0, 1.0, 1.0), spread=0.03, rounds=10)):
        assert effect.low < 0 < effect.high
        assert effect.high - effect.low < 0.05


def test_order_within_the_record_is_no_order_of_slots():
    """The samples' own slots count."""
    session = shuffled((1.1, 1.0, 1.0))
    turned = tuple(replace(r, samples=r.samples[::-1]) for r in session.rounds)
    found = slot_effects(replace(session, rounds=turned))
    assert [e.estimate for e in found] == pytest.approx([e.estimate for e in slot_effects(session)])


def test_lap_of_fewer_than_three_cells_has_no_effects():
    """First and last are then two names of one thing."""
    assert slot_effects(shuffled((1.1, 1.0), {BASELINE: 1.0, CONTROL: 1.0})) == ()
    assert slot_effects(make_session(make_plan(), [])) == ()


def test_one_round_has_no_effects():
    """It gives no interval."""
    assert slot_effects(shuffled((1.1, 1.0, 1.0), rounds=1)) == ()
