"""The order of a round's turns."""

from __future__ import annotations

import itertools
from collections import Counter
from itertools import groupby

import pytest

from crawlbench.measure.schedule import (
    MAX_PASSES,
    RoundPlan,
    choose_passes,
    epoch,
    plan_turns,
    plan_waves,
)

CHEAP, DEAR = (tuple(f"{group} {number}" for number in range(5)) for group in ("cheap", "dear"))
GROUPS = {"cheap": CHEAP, "dear": DEAR}
PASSES = {"cheap": 3, "dear": 1}


def turns(seed=1, number=1, groups=GROUPS, **more):
    sizes = {"loops": {}, "warmups": 1, "laps": 4, "passes": PASSES, "modules": {}}
    return list(plan_turns(RoundPlan(number, seed, (), **(sizes | more)), groups))


def laps_of(group, number=1):
    """Return the cells of each lap of a group, without warmups, in order."""
    seen = [turn for turn in turns(number=number) if turn.cell in group and not turn.warmup]
    return {lap: [t.cell for t in of_lap] for lap, of_lap in groupby(seen, lambda t: t.lap)}


def test_order_is_the_same_whenever_it_is_asked_again():
    """A session can be repeated by its seed; another seed or round has another order."""
    assert turns() == turns()
    assert turns() != turns(seed=2)
    assert [t.cell for t in turns()] != [t.cell for t in turns(number=2)]


def test_each_lap_has_every_cell_of_its_group_once_in_another_order():
    """Nobody is left out, nobody is always first."""
    orders = [tuple(lap) for n in range(1, 9) for lap in laps_of(CHEAP, n).values()]
    assert len(orders) == 8 * 4 * 3
    assert all(sorted(order) == sorted(CHEAP) for order in orders)
    assert len(set(orders)) > 50
    assert all(5 <= count <= 40 for count in Counter(order[0] for order in orders).values())


def test_cheap_group_takes_several_laps_in_a_turn():
    """Each group has its number of laps, numbered through the round."""
    assert list(laps_of(CHEAP)) == list(range(4 * 3))
    assert list(laps_of(DEAR)) == list(range(4))


def test_cells_of_a_lap_are_measured_one_right_after_the_other():
    """What is compared is measured close together; slots count from 0."""
    groups = [("cheap" if t.cell in CHEAP else "dear", t.warmup, t.lap) for t in turns()]
    assert [len(list(run)) for _, run in groupby(groups)] == [5] * (2 + 4 * 4)
    assert [t.slot for t in turns()] == [0, 1, 2, 3, 4] * (2 + 4 * 4)


def test_long_forms_miss_laps_and_no_warmup():
    """The first of so many laps has them, so that each round has one."""
    seldom = {CHEAP[0]: 5, CHEAP[1]: 2, DEAR[0]: 9}
    found = turns(every=seldom)
    warm = {turn.cell for turn in found if turn.warmup}
    assert warm == {*CHEAP, *DEAR}
    laps = {cell: [t.lap for t in found if t.cell == cell and not t.warmup] for cell in warm}
    assert (laps[CHEAP[0]], laps[CHEAP[1]]) == ([0, 5, 10], [0, 2, 4, 6, 8, 10])
    assert (laps[CHEAP[2]], laps[DEAR[0]]) == (list(range(12)), [0])
    slots = [(t.lap, t.slot) for t in found if t.cell in CHEAP and not t.warmup]
    assert slots == [
        (lap, slot) for lap in range(12) for slot in range(5 - (lap % 5 > 0) - (lap % 2))
    ]
    assert sum(turn.anchors for turn in found) == 12 + 4


def test_cold_cells_miss_the_warmups_alone():
    """Another cell warms their process."""
    cold = set(CHEAP[1:])
    found = turns(cold=cold)
    warm = [turn.cell for turn in found if turn.warmup]
    assert sorted(warm) == sorted([CHEAP[0], *DEAR])
    assert {turn.cell for turn in found if not turn.warmup} == {*CHEAP, *DEAR}
    assert len(found) == len(warm) + 5 * (4 * 3 + 4)


def test_lap_without_cells_is_left_out():
    """All short crawls failed: nothing is due where long forms miss a lap."""
    found = turns(groups={"a": ["long"]}, passes={"a": 1}, every={"long": 3})
    assert [(turn.lap, turn.warmup) for turn in found] == [(0, True), (0, False), (3, False)]


def test_anchors_are_due_once_in_each_lap_before_any_of_its_cells():
    """Not in warmups, and not always before the same place."""
    due = [turn for number in range(1, 20) for turn in turns(number=number) if turn.anchors]
    assert len(due) == 19 * (4 * 3 + 4)
    assert not any(turn.warmup for turn in due)
    assert {turn.slot for turn in due} == set(range(5))


def test_groups_take_turns_in_shuffled_order():
    """No group always comes first."""
    firsts = Counter(
        next(t.cell.split()[0] for t in turns(number=n) if not t.warmup) for n in range(40)
    )
    assert set(firsts) == {"cheap", "dear"}


def test_warmups_come_first_and_once_for_each_group():
    """A worker's first value pays for what later ones find ready."""
    warm = [turn.warmup for turn in turns()]
    assert warm == [True] * 10 + [False] * (len(warm) - 10)


@pytest.mark.parametrize(
    ("lap_s", "passes"), [(0.1, 20), (0.3, 7), (2.0, 1), (5.0, 1), (0.0001, MAX_PASSES)]
)
def test_passes_fill_the_time_of_a_turn(lap_s, passes):
    """One at least, and not without bound."""
    assert choose_passes({"group": lap_s}, 2.0) == {"group": passes}


def test_epochs_tell_warmups_from_laps():
    """No two laps of a session draw the same delays."""
    epochs = {
        epoch(number, lap, warmup=warmup)
        for number in range(12)
        for lap in range(12)
        for warmup in (True, False)
    }
    assert len(epochs) == 12 * 12 * 2


SIZES = {f"group {number}": 1 + number % 4 for number in range(30)}


def waves(sizes=None, most=10, seed=1, number=1):
    """Return the waves of groups of so many cells."""
    groups = {name: [f"{name}/{n}" for n in range(size)] for name, size in (sizes or SIZES).items()}
    return plan_waves(groups, most, seed, number)


@pytest.mark.parametrize("most", [4, 5, 10, 72])
def test_wave_has_whole_groups_and_no_more_cells_than_may_live(most):
    """Every group is in one wave, once; cells of a group are never parted."""
    found = waves(most=most)
    assert len(found) > 1
    assert sorted(name for wave in found for name in wave) == sorted(SIZES)
    assert all(0 < sum(SIZES[name] for name in wave) <= most for wave in found)


def test_group_that_is_larger_than_a_wave_has_one_of_its_own():
    """It is measured all the same; nobody joins it."""
    found = waves({"a": 2, "large": 11, "b": 2, "huge": 50}, most=10)
    assert ["large"] in found
    assert ["huge"] in found
    assert sorted(name for wave in found for name in wave) == ["a", "b", "huge", "large"]


def test_groups_that_share_processes_are_measured_together():
    """Otherwise both waves would start them; whoever shares with either of two joins both."""
    shared = {
        "near": {"a", "b", "c"},
        "alone": {"d", "e"},
        "far": {"f", "g"},
        "other": {"h", "i", "j"},
        "bridge": {"c", "g"},
    }
    for number in range(20):
        found = plan_waves(shared, 5, 1, number)
        (joined,) = [wave for wave in found if "bridge" in wave]
        assert set(joined) == {"near", "far", "bridge"}
        assert sorted(itertools.chain(*found)) == sorted(shared)
    assert plan_waves(shared, 10, 1, 1) == [list(shared)]


def test_waves_are_the_same_whenever_they_are_asked_again():
    """A session can be repeated by its seed; in another round other groups meet."""
    assert waves() == waves()
    assert waves() != waves(seed=2)
    assert waves() != waves(number=2)


def test_groups_that_fit_one_wave_keep_the_order_of_the_plan():
    """Most sessions are such; of no group there is one empty wave."""
    assert waves(most=sum(SIZES.values())) == [list(SIZES)]
    assert plan_waves({}, 10, 1, 1) == [[]]
