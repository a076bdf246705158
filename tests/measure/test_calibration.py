"""How many crawls make a value: the same for all that are compared."""

from __future__ import annotations

import math

import pytest
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_sample, make_session, other
from tests.stats.lengths import long, two_lengths

from crawlbench.base.records import RoundRecord
from crawlbench.measure.calibration import (
    LONGEST_VALUE_S,
    MAX_EVERY,
    MAX_LOOPS,
    calibrate,
    choose_loops,
    find_every,
)
from crawlbench.stats.limit import REFERENCE

FAST, SLOW, LIMIT = other("fast", "uvloop"), other("slow"), other(REFERENCE)
FAR = other("fast", "uvloop", network="far")


def calibrated(seconds, **changes):
    """Return a session after a calibration in which each cell took so long."""
    cells = [cell for cell in seconds if cell not in (BASELINE, CONTROL)]
    plan = make_plan(*cells, min_time_s=0.03, lap_time_s=2.0, **changes)
    samples = [make_sample(cell, 0, 9.9, warmup=True) for cell in seconds]
    samples += [make_sample(cell, 0, one_s) for cell, one_s in seconds.items()]
    return chosen_for(plan, samples)


def chosen_for(plan, samples):
    """Return the session of a plan after a calibration with these samples."""
    record = RoundRecord(0, "2026-01-01T00:00:00+00:00", 1.0, tuple(samples))
    return calibrate(make_session(plan, []), record)


@pytest.mark.parametrize(
    ("seconds", "loops"),
    [
        ([0.020, 0.017], 2),
        ([0.031, 0.029], 2),  # were one 1 and the other 2, that would be compared
        ([0.031, 0.040], 1),
        ([0.004, 0.115], 8),
        ([0.004, 0.300], 3),  # the longest value stays below a second
        ([0.004, 2.500], 1),
        ([1e-9, 1e-9], MAX_LOOPS),
    ],
)
def test_shortest_value_is_long_enough_and_the_longest_bearable(seconds, loops):
    assert choose_loops(seconds, 0.03) == loops
    assert loops == 1 or loops * max(seconds) <= LONGEST_VALUE_S


def test_longer_least_time_is_obeyed():
    """Whoever asks for values of five seconds gets them."""
    assert choose_loops([1.0, 1.2], 5.0) == 4


def test_all_cells_of_a_group_have_the_same_loops():
    """Each group by its own cells; a cell that failed has none."""
    session = calibrated({BASELINE: 0.031, CONTROL: 0.033, FAST: 0.011, FAR: 0.5})
    loops, passes = session.loops, session.passes
    names = [BASELINE.name, CONTROL.name, FAST.name]
    assert loops == {**dict.fromkeys(names, 3), FAR.name: 1}
    assert SLOW.name not in loops
    assert passes == {BASELINE.group: round(2.0 / (3 * 0.075)), FAR.group: 4}


def test_reference_that_is_compared_with_nothing_makes_no_value_longer():
    """It has the loops of the others."""
    loops = calibrated({BASELINE: 0.031, CONTROL: 0.031, LIMIT: 0.001}).loops
    assert set(loops.values()) == {1}


def test_long_forms_have_loops_of_their_own_and_the_laps_of_their_group():
    """The same for all of one length; a lap has both, so that a turn has fewer of them."""
    session = calibrated_with_lengths(long_s=0.25)
    of_short = {session.loops[name] for name in (BASELINE.name, CONTROL.name, FAST.name)}
    of_long = {session.loops[cell.name] for cell in session.plan.cells if cell.long_of}
    assert (of_short, of_long) == ({3}, {1})
    assert session.passes == {BASELINE.group: round(2.0 / (3 * 0.075 + 0.75))}
    assert session.long_every == {BASELINE.group: 1}


@pytest.mark.parametrize(
    ("long_s", "share", "every"),
    [
        (0.25, 1.0, 1),  # in each lap, whatever that costs
        (0.25, 0.5, 3),  # 0.75 s of a lap beside 0.225 s
        (0.25, 0.9, 1),  # they take less than that in each lap
        (0.075, 0.5, 1),
        (0.25, 0.1, MAX_EVERY),  # 30 would leave too few
        (0.9, 0.5, MAX_EVERY),
    ],
)
def test_long_forms_take_part_in_as_few_laps_as_their_share_asks(long_s, share, every):
    """A turn has more laps then, as most of them are short: at least those that belong to one."""
    session = calibrated_with_lengths(long_s, long_share=share)
    assert session.long_every == {BASELINE.group: every}
    lap_s = 3 * 0.075 + 3 * long_s / every
    least = math.ceil(every / session.plan.laps)
    assert session.passes == {BASELINE.group: max(least, round(2.0 / lap_s))}
    found = find_every(session, session.plan.cells)
    assert found == {c.name: every for c in session.plan.cells if c.long_of}


def calibrated_with_lengths(long_s, **changes):
    """Return a session of two lengths after its calibration; three cells take 75 ms in all."""
    plan = two_lengths(FAST, min_time_s=0.03, lap_time_s=2.0, **changes)
    seconds = {BASELINE: 0.031, CONTROL: 0.033, FAST: 0.011}
    seconds |= {long(cell): long_s for cell in seconds}
    return chosen_for(plan, [make_sample(cell, 0, one_s) for cell, one_s in seconds.items()])
