"""Laps per turn by what they cost and what they settle."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from statistics import fmean, stdev

import pytest
from tests.report.sessions import make_comparison
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_sample, make_session, other

from crawlbench.base.records import Cell, RoundRecord, Stopping, Verdict
from crawlbench.measure.costs import Costs, expect_round_s, find_costs
from crawlbench.measure.pace import _fill, _rounds_in_budget, choose_pace
from crawlbench.measure.resting import find_asleep
from crawlbench.measure.schedule import MAX_PASSES
from crawlbench.measure.suite import load_suite, override
from crawlbench.stats.index import Index
from crawlbench.stats.pairing import Side, log_ratios
from crawlbench.stats.sequence import Moments, p_value, sequence_half_width
from crawlbench.stats.student import t_quantile

CELL = other("cell")
CELLS = (BASELINE, CELL, CONTROL)
GROUP = BASELINE.group
VALUE_S = 0.02  # two crawls of 10 ms
TRUTH = 0.01
WANTED = 0.012


def paced_session(between, within, *, around_s, rounds=3, laps=4, passes=2, **changes):
    """Return a session of rounds that cost so much around their laps."""
    draw = random.Random(7)

    def values():
        worker = draw.gauss(0, between)
        return [VALUE_S / 2 * math.exp(worker + draw.gauss(0, within)) for _ in range(laps)]

    plan = make_plan(CELL, **{"is_paced": True, "stopping": Stopping.ANY, **changes})
    session = make_session(plan, [{cell: values() for cell in CELLS} for _ in range(rounds)])
    laps_s = VALUE_S * len(CELLS) * laps
    records = [replace(r, seconds=around_s + laps_s, laps_s=laps_s) for r in session.rounds]
    return replace(session, rounds=tuple(records), passes={GROUP: passes})


def without_most_twins(record):
    """Return a round in which the twins rested after the first lap."""
    twins = (BASELINE.name, CONTROL.name)
    kept = tuple(s for s in record.samples if s.warmup or not s.lap or s.cell not in twins)
    laps_s = sum(s.seconds * s.loops for s in kept if not s.warmup)
    return replace(record, samples=kept, laps_s=laps_s)


def test_costs_are_those_of_the_last_round():
    """What a lap costs, with all that is done beside its values, and what a round costs without."""
    session = paced_session(0.0, 0.0, around_s=5.0)
    record = replace(session.rounds[-1], laps_s=0.48, seconds=5.48)  # twice what the values took
    session = replace(session, rounds=(record,))
    costs = find_costs(session, CELLS)
    assert costs.around_s == pytest.approx(5.0)
    assert costs.lap_s(GROUP) == pytest.approx(0.12)
    assert costs.laps_s({GROUP: 6}) == pytest.approx(0.72)


def test_cell_that_rests_costs_its_few_laps():
    """The first lap of a round is always among them."""
    session = paced_session(0.0, 0.0, around_s=5.0)
    costs = find_costs(replace(session, resting={BASELINE.name: 4, CONTROL.name: 4}), CELLS)
    assert costs.lap_s(GROUP) == pytest.approx(VALUE_S * 1.5)
    for laps, values in ((1, 3), (4, 6), (5, 9)):
        assert costs.laps_s({GROUP: laps}) == pytest.approx(VALUE_S * values)


def test_cells_that_return_cost_what_they_took_when_they_were_there():
    """Their values, in the last round that has some, and what their group adds around the laps."""
    session = paced_session(0.0, 0.0, around_s=5.0, rounds=2)
    far = other("far", network="far")
    plan = replace(session.plan, cells=(*session.plan.cells, far))
    values = tuple(make_sample(far, lap, 0.5) for lap in range(4))
    first, last = session.rounds
    first = replace(
        first,
        samples=(*first.samples, *values),
        laps_s=first.laps_s + 4.0,
        seconds=first.seconds + 4.0 + 3.0,
    )
    session = replace(session, plan=plan, rounds=(first, last), passes={GROUP: 2, far.group: 2})
    costs = find_costs(session, (*CELLS, far))
    assert costs.lap_s(far.group) == pytest.approx(1.0)
    assert costs.last_s[far.group] == pytest.approx(4.0)
    assert expect_round_s(session, (*CELLS, far)) == pytest.approx(first.seconds)
    assert expect_round_s(session, CELLS) == pytest.approx(last.seconds)
    twice = replace(session, rounds=(last, first))
    assert expect_round_s(twice, (*CELLS, far)) == pytest.approx(first.seconds)
    assert expect_round_s(twice, CELLS) == pytest.approx(last.seconds)  # nor what is gone
    assert expect_round_s(replace(session, rounds=(first, first)), CELLS) == pytest.approx(
        first.seconds - 4.0  # with equally many groups, nothing tells what one adds
    )


def test_time_of_cells_that_rest_goes_to_the_others_at_once():
    """The next round takes no longer than the last; where nobody rests, nothing changes."""
    session = paced_session(0.0, 0.0, around_s=5.0, rounds=2, laps=8, passes=4)
    resting = replace(session, resting={BASELINE.name: 8, CONTROL.name: 8})
    assert choose_pace(session, CELLS) == {GROUP: 4}
    assert choose_pace(resting, CELLS) == {GROUP: 9}  # 18 + 3 + 3 values; there were 24
    awake = replace(session, rounds=tuple(map(without_most_twins, session.rounds)))
    assert choose_pace(awake, CELLS) == {GROUP: 2}  # 4 + 4 + 4 values; there were 8 + 1 + 1
    halved = replace(session, resting={BASELINE.name: 2})
    assert choose_pace(halved, CELLS) == {GROUP: 4}  # 10 + 10 + 5 would be more


def test_workers_that_cost_much_and_are_alike_take_more_laps():
    """Three times as many, no more at once."""
    assert choose_pace(paced_session(0.0, 0.02, around_s=10.0), CELLS) == {GROUP: 6}


@pytest.mark.parametrize(("stopping", "budget_s"), [(Stopping.ANY, None), (Stopping.FIXED, 122.0)])
def test_laps_triple_at_most_for_whatever_reasons_they_grow(stopping, budget_s):
    """Others rest, more laps settle more, and there is time to fill: all of that at once."""
    settings = {"stopping": stopping, "budget_s": budget_s}
    session = paced_session(0.0, 0.02, around_s=10.0, **settings)
    resting = {BASELINE.name: 8, CONTROL.name: 8}
    assert choose_pace(replace(session, resting=resting), CELLS) == {GROUP: 6}


def test_group_whose_noise_is_not_known_keeps_its_laps():
    """With one lap in a round, nothing tells laps from workers."""
    session = paced_session(0.0, 0.02, around_s=10.0)
    single = other("single", network="far")
    rounds = [
        replace(r, samples=(*r.samples, make_sample(single, 0, VALUE_S))) for r in session.rounds
    ]
    session = replace(session, rounds=tuple(rounds), passes={GROUP: 2, single.group: 1})
    session = replace(session, plan=replace(session.plan, budget_s=1000.0))
    assert choose_pace(session, (*CELLS, single)) == {GROUP: 6, single.group: 1}


@pytest.mark.parametrize("stopping", Stopping)
def test_laps_are_added_only_where_something_is_open(stopping):
    """A group that is settled has what settled it; if all are, all may have more."""
    far = other("far", network="far")
    session = paced_session(0.0, 0.02, around_s=10.0, stopping=stopping, budget_s=1000.0)
    rounds = [
        replace(r, samples=(*r.samples, *(make_sample(far, lap, VALUE_S) for lap in range(4))))
        for r in session.rounds
    ]
    baselines = session.plan.baselines | {far.group: far.name}
    plan = replace(session.plan, cells=(*session.plan.cells, far), baselines=baselines)
    session = replace(session, plan=plan, rounds=tuple(rounds), passes={GROUP: 2, far.group: 2})
    cells = (*CELLS, far)

    def chosen(verdict):
        pair = make_comparison(CELL, 0.5, verdict)
        return choose_pace(replace(session, comparisons=(pair,)), cells)

    assert chosen(Verdict.UNCLEAR)[GROUP] > 2
    assert chosen(Verdict.SLOWER)[GROUP] == 2
    alone = replace(session, comparisons=(make_comparison(CELL, 0.5, Verdict.SLOWER),))
    assert choose_pace(alone, CELLS)[GROUP] > 2


def test_workers_that_cost_little_and_differ_take_fewer_laps():
    """More laps of one worker would say the same once more; two remain, to see how laps differ."""
    session = paced_session(0.05, 0.0005, around_s=0.1, laps=12, passes=6)
    assert choose_pace(session, CELLS) == {GROUP: 2}


@pytest.mark.parametrize("rounds", [1, 2, 4, 5, 7, 9])
def test_pace_stays_between_the_rounds_at_which_it_is_chosen(rounds):
    """It is chosen after rounds 3, 6, 12 and so on: what rounds differ in should be little."""
    session = paced_session(0.0, 0.02, around_s=10.0, rounds=rounds)
    assert choose_pace(session, CELLS) == {GROUP: 2}


def test_budget_leaves_room_for_rounds():
    """A sequence asks much for few rounds: twelve are to fit into the budget."""
    for budget_s, passes in ((1000.0, 6), (42.0, 4), (20.0, 2)):  # 12 x (3.0 + 8 x 0.06) is 41.8
        session = paced_session(0.0, 0.02, around_s=3.0, rounds=24, budget_s=budget_s)
        assert choose_pace(session, CELLS) == {GROUP: passes}


@pytest.mark.parametrize(
    ("around_s", "cells", "rounds"),
    [
        (8.7, 6, 9),  # `default`: 15 pairs, and half of a round for its workers
        (8.7, 56, 11),  # 1,540 pairs ask for a spread that is known better
        (2.0, 6, 20),
        (0.001, 6, 30),  # no more than that, however little they cost
        (40.0, 6, 4),  # five would leave no time for laps
        (90.0, 6, 3),  # not even three fit in
    ],
)
def test_rounds_are_as_many_as_make_intervals_narrowest(around_s, cells, rounds):
    """Of 175 s: more rounds know their spread better, and leave less time for laps."""
    plan = make_plan(
        *[other(f"cell-{n}") for n in range(cells - 1)], stopping=Stopping.FIXED, budget_s=175.0
    )
    assert _rounds_in_budget(plan, around_s) == rounds


@pytest.mark.parametrize(
    ("left_s", "passes"),
    [
        (94.0, 12),  # twelve rounds, which take 90 s with 12 laps
        (100.0, 11),  # thirteen, rather than twelve of more laps
        (11.0, 18),  # one, half as long again
        (7.3, 11),  # one that is shorter
        (5.0, 6),  # half of the laps, no less
        (4.0, 12),  # not even that: it stays, and the budget ends the session
    ],
)
def test_rounds_take_what_is_left_of_the_budget(left_s, passes):
    """As many as fit in, or one that is shorter; only where nothing but the budget ends them."""
    costs = Costs(around_s=1.5, values={GROUP: [(0.5, 1)]})
    assert _fill({GROUP: 12}, {GROUP: (1, MAX_PASSES)}, costs, left_s, laps=1) == {GROUP: passes}


def test_filling_keeps_the_proportion_of_groups():
    """What was chosen for a group says how often it gains or loses a lap."""
    costs = Costs(around_s=1.0, values={"cheap": [(0.1, 1)], "dear": [(1.0, 1)]})
    bounds = dict.fromkeys(costs.values, (1, MAX_PASSES))
    chosen = {"cheap": 20, "dear": 4}
    assert _fill(chosen, bounds, costs, 10.05, laps=1) == {"cheap": 37, "dear": 5}
    assert _fill(chosen, bounds, costs, 6.0, laps=1) == {"cheap": 15, "dear": 3}
    kept = bounds | {
        "dear": (4, MAX_PASSES)
    }  # a lap with long forms, and the three without that belong to it
    assert _fill(chosen, kept, costs, 7.0, laps=1) == {"cheap": 17, "dear": 4}
    settled = bounds | {"cheap": (1, 20)}  # it may lose laps, but gets none
    assert _fill(chosen, settled, costs, 10.05, laps=1) == {"cheap": 20, "dear": 6}
    assert _fill(chosen, settled, costs, 6.0, laps=1) == {"cheap": 15, "dear": 3}


def test_pace_leaves_the_laps_that_belong_to_one_with_long_forms():
    """Workers that differ want few laps, but those would be mostly long ones."""
    session = paced_session(0.05, 0.0005, around_s=0.1, laps=12, passes=6)
    assert choose_pace(replace(session, long_every={GROUP: 5}), CELLS) == {GROUP: 3}  # two turns


def test_only_what_the_budget_alone_ends_is_filled():
    """A sequence may end after any round: longer ones would make it later."""
    settings = {"around_s": 3.0, "rounds": 4, "budget_s": 122.0}  # of which 100 s are over
    fixed = paced_session(0.0, 0.02, stopping=Stopping.FIXED, **settings)
    assert choose_pace(fixed, CELLS)[GROUP] > 2
    assert choose_pace(paced_session(0.0, 0.02, **settings), CELLS) == {GROUP: 2}
    early = replace(fixed, rounds=fixed.rounds[:2])
    assert choose_pace(early, CELLS) == {GROUP: 2}
    filled = replace(fixed, passes=choose_pace(fixed, CELLS))
    assert expect_round_s(filled, CELLS) < 122.0 - filled.seconds


def test_next_round_is_expected_with_its_own_laps():
    """A budget is not overspent by what was added to the laps."""
    session = paced_session(0.0, 0.0, around_s=5.0)  # of 4 laps, which took 0.06 s each
    longer = replace(session, passes={GROUP: 6})
    assert expect_round_s(session, CELLS) == pytest.approx(5.24)
    assert expect_round_s(longer, CELLS) == pytest.approx(5.72)
    plain = replace(longer, plan=replace(session.plan, is_paced=False))
    assert expect_round_s(plain, CELLS) == session.rounds[-1].seconds
    first, last = plain.rounds[0], plain.rounds[-1]
    alone = tuple(sample for sample in last.samples if sample.cell != CELL.name)
    left = replace(last, samples=alone, laps_s=0.16, seconds=5.16)
    left = replace(plain, rounds=(first, left), passes={GROUP: 2})
    assert expect_round_s(left, CELLS) == pytest.approx(5.24)  # the user's laps, of all cells


def test_users_laps_are_kept():
    """Whoever says how many laps, or how long a turn is, gets that; so do fixed rounds."""
    loops = load_suite("loops")
    assert loops.is_paced
    assert not override(loops, {"laps": 5}).is_paced
    assert not override(loops, {"lap_time_s": 0.5}).is_paced
    assert override(loops, {"margin_percent": 3.0}).is_paced
    assert not replace_ends(loops).is_paced
    session = paced_session(0.0, 0.02, around_s=10.0, is_paced=False)
    assert choose_pace(session, CELLS) == {GROUP: 2}


def replace_ends(suite):
    """Return a suite that ends after a number of rounds alone."""
    import msgspec

    return msgspec.structs.replace(suite, budget_s=None, precision_percent=None)


PAIR = (BASELINE, CELL)
LAP_S, AROUND_S = VALUE_S * len(PAIR), 1.2


def simulate(draw, between, plan, *, rounds, wanted=0.0):
    """Return the seconds until an interval was so narrow, and whether it ever missed the truth.

    The cell is 1 % slower, workers differ by as much as is given, laps by 2 %; a round costs what
    30 laps cost, and has 4 at first.
    """
    session = make_session(plan, [], passes={GROUP: 2})
    seconds, missed, moments = 0.0, False, Moments()
    for number in range(1, rounds + 1):
        laps = plan.laps * session.passes[GROUP]
        record = play_round(draw, number, laps, between)
        seconds += record.seconds
        session = replace(session, rounds=(*session.rounds, record))
        (found,) = log_ratios(Index([record]), *(Side(c.name, (c.name,)) for c in (CELL, BASELINE)))
        moments.add(found)
        missed = missed or p_value(moments, TRUTH) <= 0.05
        if sequence_half_width(moments, 0.05) <= wanted:
            break
        session = replace(session, passes=choose_pace(session, PAIR))
    return seconds, missed


def play_round(draw, number, laps, between, pair=PAIR):
    """Return one round of two cells, the second of which is slower."""
    samples = []
    for cell, slower in zip(pair, (0.0, TRUTH), strict=True):
        worker = draw.gauss(slower, between / math.sqrt(2))
        for lap in range(laps):
            one_s = VALUE_S / 2 * math.exp(worker + draw.gauss(0, 0.02 / math.sqrt(2)))
            samples.append(make_sample(cell, lap, one_s))
    laps_s = LAP_S * laps
    return RoundRecord(number, "", AROUND_S + laps_s, tuple(samples), laps_s=laps_s)


@pytest.mark.parametrize(
    ("between", "sessions", "error"),
    [
        *((between, 40, 0.1) for between in (0.0, 0.004, 0.02)),
        *(pytest.param(b, 400, 0.05, marks=pytest.mark.long) for b in (0.0, 0.004, 0.02)),
    ],
)
def test_verdicts_stay_true_and_take_no_longer(between, sessions, error):
    """At most 5 % of sequences ever miss the truth, and the time to a width is no longer.

    Forty sessions tell 5 % from 15, four hundred from 8.
    """
    draw = random.Random(5)
    plan = make_plan(CELL, is_paced=True, stopping=Stopping.ANY)
    missed = [simulate(draw, between, plan, rounds=13)[1] for _ in range(sessions)]
    assert sum(missed) / sessions <= error
    times = [
        fmean([simulate(draw, between, one, rounds=80, wanted=WANTED)[0] for _ in range(sessions)])
        for one in (plan, replace(plan, is_paced=False))
    ]
    assert times[0] <= times[1] * 1.1


STOCK, SLOWER = (Cell.of_operation("close", loop) for loop in ("asyncio", "slower"))
OPEN = Cell.of_operation("open", "asyncio")
OPERATIONS = make_plan(
    cells=(STOCK, SLOWER, OPEN),
    baselines={STOCK.group: STOCK.name, OPEN.group: OPEN.name},
    is_paced=True,
    stopping=Stopping.FIXED,
    budget_s=30.0,
)


def look_once(draw, between):
    """Return the verdict on an operation that is slower by exactly the margin.

    It gets more laps only while its pair is open, and no more rounds once it falls asleep. Another
    operation is open all the time.
    """
    session = make_session(OPERATIONS, [], passes={STOCK.group: 2, OPEN.group: 2})
    ratios = []
    while True:
        laps = {group: 2 * passes for group, passes in session.passes.items()}
        record = play_round(draw, len(ratios) + 1, laps[STOCK.group], between, (STOCK, SLOWER))
        beside = tuple(make_sample(OPEN, lap, VALUE_S) for lap in range(laps[OPEN.group]))
        laps_s = record.laps_s + VALUE_S * len(beside)
        samples = (*record.samples, *beside)
        record = replace(record, samples=samples, laps_s=laps_s, seconds=AROUND_S + laps_s)
        sides = [Side(cell.name, (cell.name,)) for cell in (SLOWER, STOCK)]
        ratios += log_ratios(Index([record]), *sides)
        found = compare(ratios)
        session = replace(
            session,
            rounds=(*session.rounds, record),
            seconds=session.seconds + record.seconds,
            comparisons=(found,),
        )
        session = replace(session, passes=choose_pace(session, OPERATIONS.cells))
        ends_s = session.seconds + expect_round_s(session, OPERATIONS.cells)
        if ends_s > OPERATIONS.budget_s or find_asleep(session):
            return found.verdict


def compare(ratios):
    """Return the pair as Student's t judges it."""
    middle, count = fmean(ratios), len(ratios)
    verdict, width, margin = Verdict.UNCLEAR, 1.0, OPERATIONS.margin
    if count > 2:
        width = t_quantile(0.975, count - 1) * stdev(ratios) / math.sqrt(count)
        if middle - width > margin:
            verdict = Verdict.SLOWER
        elif abs(middle) + width < margin:
            verdict = Verdict.SAME
    return replace(make_comparison(SLOWER, middle, verdict, width, STOCK), rounds=count)


@pytest.mark.parametrize(
    ("between", "sessions", "error"),
    [
        *((between, 60, 0.15) for between in (0.0, 0.02)),
        *(pytest.param(b, 2000, 0.06, marks=pytest.mark.long) for b in (0.0, 0.004, 0.02)),
    ],
)
def test_verdicts_stay_true_where_open_pairs_get_more_laps_and_rounds(between, sessions, error):
    """Of looks at a pair exactly the margin apart, at most 5 % say slower or same.

    Sixty sessions tell 5 % from 25, two thousand from 7.
    """
    draw = random.Random(11)
    verdicts = [look_once(draw, between) for _ in range(sessions)]
    assert sum(verdict is not Verdict.UNCLEAR for verdict in verdicts) / sessions <= error
