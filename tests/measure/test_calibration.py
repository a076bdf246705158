"""How many crawls make a value: the same for all that are compared."""

from __future__ import annotations

import pytest
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_sample, other
from tests.stats.lengths import long, two_lengths

from crawlbench.base.records import RoundRecord
from crawlbench.measure.calibration import LONGEST_VALUE_S, MAX_LOOPS, calibrate, choose_loops
from crawlbench.stats.limit import REFERENCE

FAST, SLOW, LIMIT = other("fast", "uvloop"), other("slow"), other(REFERENCE)
FAR = other("fast", "uvloop", network="far")


def calibrated(seconds, **changes):
    """Return loops and passes of a calibration in which each cell took so long."""
    cells = [cell for cell in seconds if cell not in (BASELINE, CONTROL)]
    plan = make_plan(*cells, min_time_s=0.03, lap_time_s=2.0, **changes)
    samples = [make_sample(cell, 0, 9.9, warmup=True) for cell in seconds]
    samples += [make_sample(cell, 0, one_s) for cell, one_s in seconds.items()]
    return calibrate(plan, RoundRecord(0, "2026-01-01T00:00:00+00:00", 1.0, tuple(samples)))


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
    loops, passes = calibrated({BASELINE: 0.031, CONTROL: 0.033, FAST: 0.011, FAR: 0.5})
    names = [BASELINE.name, CONTROL.name, FAST.name]
    assert loops == {**dict.fromkeys(names, 3), FAR.name: 1}
    assert SLOW.name not in loops
    assert passes == {BASELINE.group: round(2.0 / (3 * 0.075)), FAR.group: 4}


def test_reference_that_is_compared_with_nothing_makes_no_value_longer():
    """It has the loops of the others."""
    loops, _ = calibrated({BASELINE: 0.031, CONTROL: 0.031, LIMIT: 0.001})
    assert set(loops.values()) == {1}


def test_long_forms_have_loops_of_their_own_and_the_laps_of_their_group():
    """The same for all of one length; a lap has both, so that a turn has fewer of them."""
    plan = two_lengths(FAST, min_time_s=0.03, lap_time_s=2.0)
    seconds = {BASELINE: 0.031, CONTROL: 0.033, FAST: 0.011}
    seconds |= {long(cell): 0.25 for cell in seconds}
    samples = tuple(make_sample(cell, 0, one_s) for cell, one_s in seconds.items())
    loops, passes = calibrate(plan, RoundRecord(0, "2026-01-01T00:00:00+00:00", 1.0, samples))
    assert {loops[cell.name] for cell in seconds if not cell.long_of} == {3}
    assert {loops[cell.name] for cell in seconds if cell.long_of} == {1}
    assert passes == {BASELINE.group: round(2.0 / (3 * 0.075 + 0.75))}
