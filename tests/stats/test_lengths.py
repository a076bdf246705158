"""What two lengths of one site tell: what a page costs, and what it costs to begin."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Comparison, Failure, Obstacle, Quantity, Stopping, Verdict
from crawlbench.stats.judge import judge
from crawlbench.stats.lengths import LINE_ROUNDS
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.open_groups import NEVER, is_open, open_cells
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other
from tests.stats.lengths import (
    FORM,
    THREE,
    crawl_rounds,
    long,
    make_two_lengths,
    three_lengths,
    two_lengths,
)

QUICK = other("quick", "uvloop")
"""Begins late and is fast then: behind in a short crawl, ahead per page."""
COSTS = {BASELINE: (0.010, 0.0010), QUICK: (0.025, 0.0003)}


def found(session, cell, quantity):
    """Return how a cell compares with the baseline."""
    (one,) = [c for c in session.against_baseline(quantity) if c.cell == cell.name]
    return one


def summary(session, cell):
    """Return what the samples of a cell come to."""
    return next(one for one in session.summaries if one.cell == cell.name)


def test_a_page_and_the_beginning_are_told_apart():
    """A short crawl and a page may have opposite verdicts, and both are right."""
    session = judge(make_two_lengths(COSTS, spread=0.003))
    whole, page, begin = (
        found(session, QUICK, q) for q in (Quantity.TIME, Quantity.PAGE, Quantity.BEGIN)
    )
    assert whole.verdict is Verdict.SLOWER
    assert page.verdict is Verdict.FASTER
    assert page.estimate == pytest.approx(math.log(0.3), abs=0.02)
    assert begin.verdict is Verdict.SLOWER
    assert begin.estimate == pytest.approx(0.015, abs=0.0005)  # seconds, not a ratio
    assert begin.low < begin.estimate < begin.high


def test_what_it_costs_stands_in_the_summary():
    """Seconds per page and to begin come with their errors, and agree with the ratios."""
    session = judge(make_two_lengths(COSTS, spread=0.003))
    base, quick = summary(session, BASELINE), summary(session, QUICK)
    assert base.per_page_s == pytest.approx(0.0010, rel=0.02)
    assert base.to_begin_s == pytest.approx(0.010, abs=0.0005)
    assert quick.to_begin_s == pytest.approx(0.025, abs=0.0005)
    assert 0 < quick.per_page_error_s < 0.1 * quick.per_page_s
    assert 0 < quick.to_begin_error_s < 0.001
    assert quick.parse_per_page_s == pytest.approx(0.00003, rel=0.05)  # a tenth, as of all
    ratio = math.exp(found(session, QUICK, Quantity.PAGE).estimate)
    assert quick.per_page_s / base.per_page_s == pytest.approx(ratio)


def test_a_long_form_is_no_cell_of_its_own():
    """Nothing is said of it, and it has no part in who is the baseline."""
    session = judge(make_two_lengths(COSTS))
    names = {name for one in session.comparisons for name in (one.cell, one.baseline)}
    assert names == {BASELINE.name, QUICK.name}
    assert session.plan.twins == {BASELINE.group: (BASELINE.name, CONTROL.name)}
    assert long(CONTROL).group == BASELINE.group
    assert long(QUICK).short_name == QUICK.name


def test_to_begin_may_be_nothing():
    """A difference needs no division: zero and less are times like others."""
    costs = {BASELINE: (0.0, 0.001), QUICK: (0.0, 0.001)}
    begin = found(judge(make_two_lengths(costs, spread=0.0002)), QUICK, Quantity.BEGIN)
    assert begin.verdict is Verdict.SAME
    assert begin.low < 0 < begin.high


def test_the_margin_to_begin_is_that_of_the_whole_short_crawl():
    """A start that costs half more is the same if that is nothing of the crawl."""
    costs = {BASELINE: (0.00010, 0.001), QUICK: (0.00015, 0.001)}
    begin = found(judge(make_two_lengths(costs, spread=0.0001)), QUICK, Quantity.BEGIN)
    assert begin.verdict is Verdict.SAME
    margin = make_plan().margin
    assert margin == 0.01  # 0.05 of 10.1 ms are half of it


def test_more_pages_that_take_no_more_time_have_no_ratio():
    """A cell whose long crawl is the shorter one in many laps has no cost per page."""
    session = make_two_lengths(COSTS)
    rounds = tuple(
        replace(
            record,
            samples=tuple(
                replace(s, seconds=0.005) if s.cell == long(QUICK).name and s.lap == 0 else s
                for s in record.samples
            ),
        )
        for record in session.rounds
    )
    session = judge(replace(session, rounds=rounds))
    page = found(session, QUICK, Quantity.PAGE)
    assert (page.verdict, page.obstacle) == (Verdict.UNCLEAR, Obstacle.FLAT)
    assert page.estimate is None
    assert found(session, QUICK, Quantity.TIME).verdict is Verdict.SLOWER
    assert (summary(session, QUICK).per_page_s, summary(session, QUICK).to_begin_s) == (None, None)
    assert summary(session, BASELINE).per_page_s is not None


def test_one_odd_lap_in_twenty_changes_nothing():
    """The machine may stop for a moment in a short crawl: the midmean leaves that lap out."""
    session = make_two_lengths(COSTS, laps=20, spread=0.002)
    rounds = tuple(
        replace(
            record,
            samples=tuple(
                replace(s, seconds=0.9) if s.cell == QUICK.name and s.lap == 3 else s
                for s in record.samples
            ),
        )
        for record in session.rounds
    )
    page = found(judge(replace(session, rounds=rounds)), QUICK, Quantity.PAGE)
    assert page.verdict is Verdict.FASTER
    assert page.estimate == pytest.approx(math.log(0.3), abs=0.03)


def test_a_long_form_that_fails_leaves_the_short_crawl_its_verdict():
    """What fails costs what depends on it, and nothing else."""
    failure = Failure(long(QUICK).name, 1, "wrong answer")
    session = judge(make_two_lengths(COSTS, [failure], spread=0.003))
    assert found(session, QUICK, Quantity.TIME).verdict is Verdict.SLOWER
    for quantity in (Quantity.PAGE, Quantity.BEGIN):
        one = found(session, QUICK, quantity)
        assert (one.verdict, one.detail) == (Verdict.INVALID, "its long form: wrong answer")
    assert summary(session, QUICK).per_page_s is None
    assert summary(session, BASELINE).per_page_s is not None


def test_a_twin_whose_long_form_fails_leaves_the_other_as_the_baseline():
    """Both twins count as one while there are two."""
    failure = Failure(long(CONTROL).name, 1, "wrong answer")
    session = judge(make_two_lengths(COSTS, [failure], spread=0.003))
    assert found(session, QUICK, Quantity.PAGE).verdict is Verdict.FASTER


def without(made, *cells):
    """Return a session in which these cells failed before they had a value."""
    names = {cell.name for cell in cells} | {long(cell).name for cell in cells}
    rounds = tuple(
        replace(one, samples=tuple(x for x in one.samples if x.cell not in names))
        for one in made.rounds
    )
    failures = tuple(Failure(name, 1, "crashed") for name in sorted(names))
    return judge(replace(made, rounds=rounds, failures=failures))


def test_margin_to_begin_is_a_share_of_the_twin_that_works():
    """Either twin's crawl: of 1 s, 1 % is 10 ms, and a log ratio of as much would be 10 ms, too."""
    costs = {BASELINE: (1.0, 0.1), QUICK: (1.015, 0.1)}
    made = make_two_lengths(costs, spread=0.0002)
    for failed in ((), (BASELINE,), (CONTROL,)):
        one = found(without(made, *failed), QUICK, Quantity.BEGIN)
        assert one.verdict is Verdict.SAME  # 15 ms of a crawl of 2 s


def test_nothing_is_judged_to_begin_where_both_twins_failed():
    """Nobody knows what the margin is, not even for two other cells; their pages have one."""
    calm = other("calm")
    costs = {BASELINE: (1.0, 0.1), QUICK: (1.5, 0.1), calm: (1.0, 0.2)}
    session = without(make_two_lengths(costs, spread=0.0002), BASELINE, CONTROL)
    pair = {
        one.quantity: one
        for one in session.comparisons
        if {one.cell, one.baseline} == {QUICK.name, calm.name}
    }
    assert pair[Quantity.PAGE].verdict is Verdict.SLOWER
    begin = pair[Quantity.BEGIN]
    assert (begin.verdict, begin.obstacle, begin.low) == (Verdict.UNCLEAR, Obstacle.FAILED, None)
    assert begin.detail == (f"the margin depends on {BASELINE.name}: crashed")


def test_long_forms_leave_when_pages_are_answered():
    """A pair that is open by its short crawls alone takes no more laps of the long ones."""
    costs = {BASELINE: (0.0, 0.0010), QUICK: (0.0071, 0.0003)}  # 10.0 and 10.1 ms: at the margin
    plan = two_lengths(QUICK, stopping=Stopping.ANY)
    session = judge(make_two_lengths(costs, plan=plan, spread=0.001))
    assert not found(session, QUICK, Quantity.TIME).is_answered
    assert found(session, QUICK, Quantity.PAGE).is_answered
    assert open_cells(session) == {BASELINE.name, QUICK.name, CONTROL.name}


def test_long_forms_stay_while_pages_are_open():
    """Both lengths of a pair are needed, and of the twins."""
    costs = {BASELINE: (0.001, 0.001), QUICK: (0.1, 0.00101)}  # at the margin per page
    plan = two_lengths(QUICK, stopping=Stopping.ANY)
    session = judge(make_two_lengths(costs, plan=plan, spread=0.001))
    assert found(session, QUICK, Quantity.TIME).is_answered
    cells = (BASELINE, QUICK, CONTROL)
    assert open_cells(session) == {c.name for c in cells} | {long(c).name for c in cells}


def test_who_asks_for_rounds_gets_them_of_both_lengths():
    """A precision that is never reached keeps all cells."""
    plan = two_lengths(QUICK, stopping=Stopping.ANY, precision=NEVER)
    session = judge(make_two_lengths(COSTS, plan=plan, spread=0.001))
    assert open_cells(session) == {cell.name for cell in plan.cells}


def test_sessions_of_one_length_ask_nothing_of_pages():
    """Where there is no long form there is no question."""
    plan = make_plan(QUICK)
    rounds = [
        {c: v for c, v in by_cell.items() if not c.long_of}
        for by_cell in crawl_rounds({**COSTS, CONTROL: COSTS[BASELINE]})
    ]
    session = judge(make_session(plan, rounds))
    assert {one.quantity for one in session.comparisons} == {Quantity.TIME}
    assert summary(session, QUICK).per_page_s is None


def test_the_reference_has_one_length():
    """It is compared with nothing, so that no page of it needs a cost."""
    reference = other(REFERENCE)
    plan = two_lengths(QUICK)
    plan = replace(plan, cells=(*plan.cells, reference))
    costs = crawl_rounds({**COSTS, CONTROL: COSTS[BASELINE]}, spread=0.001)
    rounds = [{**by_cell, reference: [0.009, 0.009]} for by_cell in costs]
    session = judge(make_session(plan, rounds))
    assert summary(session, reference).per_page_s is None
    assert summary(session, QUICK).of_limit is not None


def drawn(seed, costs, rounds=6, laps=2):
    """Return a session with a drift that all share, workers that differ, and noise in values."""
    draw = random.Random(seed)
    made = []
    for _ in range(rounds):
        drifts = [draw.gauss(0, 0.05) for _ in range(laps)]
        by_cell = {}
        for cell, (begin_s, page_s) in costs.items():
            for crawled, pages in ((cell, FORM.short_pages), (long(cell), FORM.pages)):
                worker = draw.gauss(0, 0.01)
                by_cell[crawled] = [
                    (begin_s + pages * page_s) * math.exp(drift + worker + draw.gauss(0, 0.02))
                    for drift in drifts
                ]
        made.append(by_cell)
    return judge(make_session(two_lengths(QUICK), made))


@pytest.mark.long
def test_intervals_hold_as_often_as_they_say():
    """Of 400 sessions, 95 % within three standard errors; nothing is called the wrong way round."""
    costs = {BASELINE: (0.010, 0.001), CONTROL: (0.010, 0.001), QUICK: (0.012, 0.0011)}
    truths = {Quantity.PAGE: math.log(1.1), Quantity.BEGIN: 0.002}
    held = dict.fromkeys(truths, 0)
    for seed in range(400):
        session = drawn(seed, costs)
        for quantity, truth in truths.items():
            one = found(session, QUICK, quantity)
            held[quantity] += one.low <= truth <= one.high
            assert one.verdict in (Verdict.SLOWER, Verdict.UNCLEAR)
    assert all(0.917 <= count / 400 <= 0.983 for count in held.values())


def three_times(seed, bend, spread, rounds=LINE_ROUNDS, more_rounds=2, laps=4):
    """Return a session of three lengths, whose contestant pays more per page up to the middle.

    Args:
        seed: of the noise.
        bend: by what share a page costs more there than over all pages.
        spread: of each value.
        rounds: in which the middle is crawled.
        more_rounds: in which it is not.
        laps: of each.
    """
    draw = random.Random(seed)
    page_s = {BASELINE: 0.001, CONTROL: 0.001, QUICK: 0.0005}
    made = []
    for number in range(rounds + more_rounds):
        by_cell = {}
        for cell, cost_s in page_s.items():
            middle_s = 0.02 + (30 - 10) * cost_s * (1 + (bend if cell is QUICK else 0))
            times = {cell: 0.02, long(cell): 0.02 + 90 * cost_s}
            if number < rounds:
                times[cell.lengthened(THREE.middle)] = middle_s
            for crawled, time_s in times.items():
                by_cell[crawled] = [time_s * (1 + draw.gauss(0, spread)) for _ in range(laps)]
        made.append(by_cell)
    return judge(make_session(three_lengths(QUICK), made))


@pytest.mark.parametrize("bend", [0.5, -0.5, -1.0])
def test_times_off_the_line_have_no_cost_per_page(bend):
    """Whichever way they bend; the row has the times, and the whole crawl keeps its verdict."""
    session = three_times(1, bend, 0.005)
    for quantity in (Quantity.PAGE, Quantity.BEGIN):
        one = found(session, QUICK, quantity)
        assert (one.verdict, one.obstacle) == (Verdict.UNCLEAR, Obstacle.BENT)
        assert one.detail == QUICK.name
        assert one.estimate is None
    assert found(session, QUICK, Quantity.TIME).is_answered
    quick, base = summary(session, QUICK), summary(session, BASELINE)
    assert quick.is_bent
    assert (quick.per_page_s, quick.to_begin_s) == (None, None)
    assert quick.middle_s == pytest.approx(0.03 + 0.01 * bend, rel=0.02)
    assert quick.long_s == pytest.approx(0.065, rel=0.02)
    assert not base.is_bent
    assert base.per_page_s == pytest.approx(0.001, rel=0.02)


@pytest.mark.parametrize("bend", [0.0, 0.05, -0.05])
def test_times_near_the_line_keep_their_cost_per_page(bend):
    """Up to a tenth is what a cost per page promises of other lengths."""
    session = three_times(1, bend, 0.005)
    assert found(session, QUICK, Quantity.PAGE).verdict is Verdict.FASTER
    quick = summary(session, QUICK)
    assert not quick.is_bent
    assert quick.per_page_s == pytest.approx(0.0005, rel=0.02)
    assert quick.middle_s == pytest.approx(0.03, rel=0.03)


def test_a_baseline_off_the_line_leaves_nothing_per_page_to_compare_with():
    """The reason names the one that bends, not the one that was compared with it."""
    session = three_times(1, 0.0, 0.005)
    middle = BASELINE.lengthened(THREE.middle).name
    rounds = tuple(
        replace(
            record,
            samples=tuple(
                replace(s, seconds=0.09) if s.cell == middle else s for s in record.samples
            ),
        )
        for record in session.rounds
    )
    one = found(judge(replace(session, rounds=rounds)), QUICK, Quantity.PAGE)
    assert (one.obstacle, one.detail) == (Obstacle.BENT, BASELINE.name)


def test_a_middle_length_is_no_long_form():
    """The cost per page is that of the longest, and both lie in the cell's group."""
    plan = three_lengths(QUICK)
    assert plan.long_names[QUICK.name] == long(QUICK).name
    assert plan.middle_names[QUICK.name] == QUICK.lengthened(THREE.middle).name
    assert plan.own_cells == two_lengths(QUICK).own_cells


def test_middle_lengths_leave_when_pages_are_answered():
    """As the long ones do."""
    plan = three_lengths(QUICK, stopping=Stopping.ANY, precision=NEVER)
    session = three_times(1, 0.0, 0.005)
    assert open_cells(replace(session, plan=plan)) == {cell.name for cell in plan.cells}
    answered = three_lengths(QUICK, stopping=Stopping.ANY)
    assert not open_cells(judge(replace(session, plan=answered)))


@pytest.mark.long
@pytest.mark.parametrize("spread", [0.005, 0.03])
def test_lines_are_called_bent_as_rarely_as_they_should_be(spread):
    """Of 300 straight ones hardly any; of those that bend by half, nearly all in quiet."""
    straight = sum(summary(three_times(n, 0.0, spread), QUICK).is_bent for n in range(300))
    bent = sum(summary(three_times(n, 0.5, spread), QUICK).is_bent for n in range(100))
    assert straight <= 3
    assert bent >= (95 if spread == 0.005 else 10)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "expected"),
    [(1.0, 1.1, Verdict.SLOWER, False), (-0.001, 0.005, Verdict.UNCLEAR, True)],
    ids=["answered", "reaches the gate"],
)
def test_precision_of_ratios_says_nothing_of_the_cost_to_begin(low, high, verdict, expected):
    """1 % is no number of seconds: a gate of 2 ms decides whether more rounds are needed."""
    plan = make_plan(QUICK, precision=0.01, gate=0.002, gate_quantity=Quantity.BEGIN)
    names, middle = (QUICK.name, BASELINE.name), (low + high) / 2
    found = Comparison(*names, 6, middle, low, high, verdict, Quantity.BEGIN)
    assert is_open(plan, found) is expected
