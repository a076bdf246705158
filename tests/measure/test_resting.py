"""Cells that take part in fewer laps, because their pairs are settled."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import pytest
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other
from tests.stats.lengths import long, two_lengths

from crawlbench.base.records import (
    Cell,
    Comparison,
    Doubt,
    Obstacle,
    Plan,
    Quantity,
    Stopping,
    Verdict,
)
from crawlbench.measure.calibration import MAX_EVERY
from crawlbench.measure.ends import session_ends
from crawlbench.measure.matrix import make_plan as make_plan_of_suite
from crawlbench.measure.resting import choose_resting, find_asleep
from crawlbench.measure.suite import load_suite, override
from crawlbench.stats.judge import judge
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.open_groups import NEVER

FAST, LIKE = other("fast"), other("like-fast")
LIMIT = other(REFERENCE)
BUSY = str(Doubt.SERVER_LOAD)
MARGIN = 0.01
TWINS = (BASELINE.name, CONTROL.name)


def pair(cell, baseline, estimate, half, **changes):
    """Return a comparison with an interval of the same width on both sides."""
    verdict = Verdict.UNCLEAR
    if half is not None and abs(estimate) - half > MARGIN:
        verdict = Verdict.SLOWER if estimate > 0 else Verdict.FASTER
    elif half is not None and abs(estimate) + half < MARGIN:
        verdict = Verdict.SAME
    low, high = (None, None) if half is None else (estimate - half, estimate + half)
    found = Comparison(cell.name, baseline.name, 5, estimate, low, high, verdict)
    return replace(found, **changes)


def rests(*comparisons, rounds=5, cells=(FAST, LIKE), long_every=1, **changes):
    """Return who rests after some rounds that ended with these comparisons."""
    plan = make_plan(*cells, **{"is_paced": True, **changes})
    empty = [{cell: [0.1] for cell in plan.cells} for _ in range(rounds)]
    session = make_session(plan, empty)
    every = {BASELINE.group: long_every}
    return choose_resting(replace(session, comparisons=comparisons, long_every=every))


SETTLED = (pair(FAST, BASELINE, -0.9, 0.01), pair(LIKE, BASELINE, -0.9, 0.01))
OPEN = pair(LIKE, FAST, 0.005, 0.01)


def test_slow_baseline_rests_with_its_twin_while_the_others_are_open():
    """Both count as one; who has an open pair is in every lap."""
    assert rests(*SETTLED, OPEN) == dict.fromkeys(TWINS, 8)


def test_nobody_rests_who_would_not_stay_settled():
    """Four times fewer laps make an interval twice as wide, and three times is what must fit."""
    for half, every in ((0.03, 2), (0.02, 4), (0.01, 8), (0.06, 1), (0.1, 1)):
        far = [pair(cell, BASELINE, -0.14, half) for cell in (FAST, LIKE)]
        found = rests(*far, OPEN)
        assert found == ({} if every == 1 else dict.fromkeys(TWINS, every)), half


def test_cells_that_are_the_same_rest_if_they_are_so_by_far():
    """On both sides, whichever is nearer."""
    same = pair(LIKE, FAST, 0.002, 0.001)
    assert rests(*SETTLED, same) == dict.fromkeys(TWINS, 8) | {FAST.name: 4, LIKE.name: 4}
    assert rests(*SETTLED, pair(LIKE, FAST, 0.002, 0.003)) == dict.fromkeys(TWINS, 8)


def test_before_anything_is_judged_only_the_evident_rests():
    """An interval of two rounds says next to nothing."""
    far = [pair(cell, BASELINE, -0.9, 0.4, rounds=2) for cell in (FAST, LIKE)]
    near = [pair(cell, BASELINE, -0.3, 0.001, rounds=2) for cell in (FAST, LIKE)]
    open_pair = pair(LIKE, FAST, 0.005, 0.01, rounds=2)
    assert rests(*far, open_pair, rounds=2) == dict.fromkeys(TWINS, 8)
    assert rests(*near, open_pair, rounds=2) == {}


def test_pair_that_more_rounds_do_not_help_keeps_nobody_awake():
    """Its server is busy with nobody else for half of the time, or its cell has failed."""
    for changes in ({"obstacle": Obstacle.HALF, "detail": BUSY}, {"obstacle": Obstacle.FAILED}):
        nothing = pair(FAST, BASELINE, -0.9, None, **changes)
        found = rests(nothing, pair(LIKE, BASELINE, -0.9, 0.01), replace(OPEN, **changes))
        assert found == dict.fromkeys((*TWINS, FAST.name, LIKE.name), 8)


@pytest.mark.parametrize("doubt", [Doubt.SERVER_WAIT, Doubt.STARVATION, Doubt.CONTENTION])
def test_pair_beside_a_neighbour_keeps_its_cells_awake(doubt):
    """Quiet laps bring the share of the doubt below half, and then its rounds tell something."""
    waits = {"obstacle": Obstacle.HALF, "detail": str(doubt), "verdict": Verdict.UNCLEAR}
    assert rests(*SETTLED, pair(LIKE, FAST, 0.9, 0.001, **waits)) == dict.fromkeys(TWINS, 8)
    evident = pair(LIKE, FAST, 0.9, None, rounds=2, **waits)
    assert LIKE.name not in rests(*SETTLED, evident)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_paced": False},  # the user set the laps
        {"precision": 0.005, "stopping": Stopping.ANY},  # the user wants the number
        {"may_rest": False},  # the user set the rounds
        {"precision": NEVER},  # the user set the rounds of a session that continues
    ],
)
def test_nobody_rests_where_the_user_has_said_how_much_to_measure(changes):
    """All cells get what was asked for."""
    assert rests(*SETTLED, OPEN, **changes) == {}


def test_gate_keeps_awake_who_is_near_it():
    """It is slower for certain, and perhaps by more than 10 %."""
    slow = pair(FAST, BASELINE, 0.105, 0.004)
    far = pair(LIKE, BASELINE, 0.4, 0.004)
    apart = pair(LIKE, FAST, 0.3, 0.004)
    assert rests(slow, far, apart) == dict.fromkeys((*TWINS, FAST.name, LIKE.name), 8)
    assert rests(slow, far, apart, gate=math.log(1.1)) == {LIKE.name: 8}


def test_reference_rests_once_it_is_known():
    """It is compared with nothing."""
    cells = (FAST, LIKE, LIMIT)
    assert rests(*SETTLED, OPEN, rounds=2, cells=cells) == dict.fromkeys(TWINS, 8)
    assert rests(*SETTLED, OPEN, cells=cells) == dict.fromkeys((*TWINS, LIMIT.name), 8)


@pytest.mark.parametrize(
    ("long_every", "every"), [(1, 8), (2, 8), (3, 6), (4, 8), (9, 9), (10, 10)]
)
def test_resting_cells_meet_the_long_forms(long_every, every):
    """Of any two cells of a group, one is in all laps of the other."""
    assert rests(*SETTLED, OPEN, long_every=long_every) == dict.fromkeys(TWINS, every)
    assert every <= MAX_EVERY


def test_long_forms_rest_when_their_pages_are_settled():
    """Whole crawls may be open meanwhile; the reverse keeps the short form awake, too."""
    plan = two_lengths(FAST, LIKE, is_paced=True)
    session = make_session(plan, [{cell: [0.1] for cell in plan.cells} for _ in range(5)])
    session = replace(session, long_every={BASELINE.group: 2})
    longs = {long(cell).name for cell in (BASELINE, CONTROL, FAST, LIKE)}

    def found(time, page):
        pages = [replace(one, quantity=Quantity.PAGE) for one in (*SETTLED, page)]
        return choose_resting(replace(session, comparisons=(*SETTLED, time, *pages)))

    apart = pair(LIKE, FAST, 0.9, 0.01)
    assert set(found(OPEN, apart)) == longs | set(TWINS)
    assert set(found(apart, OPEN)) == set(TWINS) | {long(BASELINE).name, long(CONTROL).name}
    assert set(found(apart, apart)) == {cell.name for cell in plan.cells}


@pytest.mark.parametrize("table", ["twins", "long_names"])
def test_tables_of_names_are_made_once(table, monkeypatch):
    """Each of them goes through all cells of the plan: for every pair, that would add up."""
    made, make = [], getattr(Plan, table).fget
    monkeypatch.setattr(Plan, table, property(lambda plan: made.append(1) or make(plan)))
    plan = two_lengths(FAST, LIKE, is_paced=True)
    session = make_session(plan, [{cell: [0.1] for cell in plan.cells} for _ in range(5)])
    pages = [replace(one, quantity=Quantity.PAGE) for one in (*SETTLED, OPEN)]
    assert choose_resting(replace(session, comparisons=(*SETTLED, OPEN, *pages)))
    assert len(made) == 1


def test_baseline_that_is_twice_as_slow_rests_after_two_rounds():
    """That much is evident; of a single round the judge says nothing."""
    plan = make_plan(FAST, LIKE, is_paced=True)
    one = {BASELINE: [2.0, 2.1], CONTROL: [2.1, 2.0], FAST: [1.0, 1.1], LIKE: [1.1, 1.0]}
    for count, resting in ((1, {}), (2, dict.fromkeys(TWINS, 8))):
        assert choose_resting(judge(make_session(plan, [one] * count))) == resting


@pytest.mark.parametrize(
    ("rounds", "half", "loops", "is_asleep"),
    [
        (3, 0.0001, 2, False),  # too few rounds to know a spread
        (4, 0.0005, 2, True),
        (4, 0.003, 2, False),  # settled, and three times as wide it would still be
        (10, 0.003, 2, True),  # ten rounds know their spread
        (10, 0.0043, 2, False),
        (30, 0.0043, 2, True),
        (30, 0.006, 2, False),
        (30, 0.0043, 5, False),  # ten pairs: any of them could be settled by chance
    ],
)
def test_operations_fall_asleep_when_chance_cannot_have_settled_them(
    rounds, half, loops, is_asleep
):
    """The second one is settled as clearly; an open pair, and all crawls, stay awake."""
    cells = {
        name: [Cell.of_operation(name, f"loop-{number}") for number in range(loops)]
        for name in "abc"
    }
    plan = make_plan(FAST, is_paced=True)
    plan = replace(plan, cells=(*plan.cells, *cells["a"], *cells["b"], *cells["c"]))
    empty = [{cell: [0.1] for cell in plan.cells} for _ in range(rounds)]
    pairs = [
        pair(one, two, 0.02, 0.005 if name == "c" else half, rounds=rounds)
        for name, group in cells.items()
        for one, two in combinations(group, 2)
    ]
    pairs[-1] = replace(pairs[-1], verdict=Verdict.UNCLEAR, low=0.0)
    crawls = [pair(FAST, BASELINE, -0.7, 0.0001, rounds=rounds)]
    session = replace(make_session(plan, empty), comparisons=(*crawls, *pairs))
    assert find_asleep(session) == ({"a", "b"} if is_asleep else set())
    for changes in ({"is_paced": False}, {"may_rest": False}, {"precision": NEVER}):
        assert find_asleep(replace(session, plan=replace(plan, **changes))) == set()


@pytest.mark.parametrize(
    ("asked", "may_rest"),
    [
        ((None, None, None), True),
        ((None, 60.0, None), True),
        ((30, None, None), False),
        ((30, 60.0, None), False),
    ],
)
def test_rounds_that_the_user_set_are_measured_with_everybody(asked, may_rest):
    """The suite's own number is only a limit; laps are paced for the budget either way."""
    suite = override(load_suite("loops"), session_ends(*asked))
    plan = make_plan_of_suite("loops", override(suite, {"operations": ("sleep-zero",)}))
    assert (plan.is_paced, plan.may_rest) == (True, may_rest)


@pytest.mark.parametrize(
    ("changes", "is_asleep"),
    [
        ({"obstacle": Obstacle.FAILED, "rounds": 0}, True),
        ({"obstacle": Obstacle.TIMERS, "rounds": 5}, True),
        ({"obstacle": Obstacle.HALF, "detail": BUSY}, True),
        ({"obstacle": Obstacle.HALF, "detail": str(Doubt.STARVATION)}, False),  # a neighbour leaves
        ({"low": None, "high": None, "rounds": 2}, False),  # evident, but not judged yet
    ],
)
def test_what_no_round_settles_may_miss_rounds_and_what_was_hardly_measured_may_not(
    changes, is_asleep
):
    one, two = (Cell.of_operation("a", loop) for loop in ("asyncio", "uvloop"))
    plan = make_plan(cells=(one, two), is_paced=True)
    empty = [{cell: [0.1] for cell in plan.cells} for _ in range(5)]
    found = replace(pair(two, one, 0.7, 0.0001), **changes)
    session = replace(make_session(plan, empty), comparisons=(found,))
    assert find_asleep(session) == ({"a"} if is_asleep else set())
