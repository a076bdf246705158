"""Two sessions of two lengths: per page, to begin, and what stands in the way of both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.records import Anchor, Failure, LongForm, Obstacle, Quantity, Verdict
from crawlbench.stats.compare import compare_sessions
from crawlbench.stats.gate import hold_gate
from crawlbench.stats.history import make_history
from crawlbench.stats.judge import judge
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.rows import Margin
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other
from tests.stats.lengths import GROUP, crawl_rounds, three_lengths, two_lengths

CELL = other("cell")
LENGTHS = (Quantity.PAGE, Quantity.BEGIN, Quantity.CPU_PAGE)
USUAL = (0.10, 0.010)
"""Seconds to begin and per page: 200 ms of a crawl, 1.1 s of the long one."""


def measured(begin_s=USUAL[0], page_s=USUAL[1], *, cpu=0.7, speed=1.0, plan=None, has_cpu=True):
    """Return a judged session in which the cell has these costs, and its pages take so much CPU.

    Args:
        begin_s: of the cell.
        page_s: of the cell.
        cpu: share of a page's usual time that the cell computes.
        speed: of the machine; above 1 is slower.
        plan: None for one of two lengths.
        has_cpu: whether the clock of CPU time was read.
    """
    costs = {BASELINE: USUAL, CELL: (begin_s, page_s), CONTROL: USUAL}
    scaled = {cell: (begin * speed, page * speed) for cell, (begin, page) in costs.items()}
    plan = plan or two_lengths(CELL)
    rounds = [
        {cell: laps for cell, laps in by_cell.items() if cell in plan.cells}
        for by_cell in crawl_rounds(scaled, spread=0.002)
    ]
    made = make_session(plan, rounds)
    used = {BASELINE.strategy: 0.7, CELL.strategy: cpu}
    anchors = tuple(Anchor(GROUP, lap, 0.001 * speed, 0.002 * speed) for lap in (0, 1))

    def clocked(sample):
        strategy = sample.cell.partition("/")[0]
        pages = 100 if "/long/" in f"{sample.cell}/" else 10
        return replace(sample, cpu_s=speed * (0.05 + USUAL[1] * pages * used[strategy]))

    records = tuple(
        replace(
            record,
            anchors=anchors,
            samples=tuple(map(clocked, record.samples)) if has_cpu else record.samples,
        )
        for record in made.rounds
    )
    return judge(replace(made, rounds=records))


def verdicts(found):
    """Return the cell's verdict by each quantity."""
    return {
        quantity: next(one.verdict for one in by.changes if one.cell == CELL.name)
        for quantity, by in found.by.items()
    }


def change(found, quantity):
    return next(one for one in found.by[quantity].changes if one.cell == CELL.name)


@pytest.mark.parametrize(
    ("head", "slower"),
    [
        ({"page_s": 0.015, "begin_s": 0.05}, Quantity.PAGE),
        ({"begin_s": 0.20}, Quantity.BEGIN),
        ({"cpu": 1.0}, Quantity.CPU_PAGE),
    ],
)
def test_a_head_that_is_slower_in_one_way_alone_is_slower_there_alone(head, slower):
    """Of the lengths' quantities; a whole crawl may tell of it, or not at all."""
    found = compare_sessions(measured(), measured(**head), 0.05)
    said = {quantity: verdicts(found)[quantity] for quantity in LENGTHS}
    assert said.pop(slower) is Verdict.SLOWER
    assert Verdict.SLOWER not in said.values()
    gate = 0.05 if slower.has_ratio else 0.010
    at_gate = compare_sessions(measured(), measured(**head), Margin(0.05, 0.010))
    codes = {q: hold_gate(at_gate.by[q].changes, gate).code for q in LENGTHS}
    assert codes[slower] == 1
    assert {code for quantity, code in codes.items() if quantity is not slower} <= {0, 3}


def test_a_page_that_costs_more_is_seen_though_the_whole_crawl_takes_as_long():
    """Half of its beginning went into its pages."""
    found = compare_sessions(measured(), measured(begin_s=0.05, page_s=0.015), 0.05)
    assert verdicts(found)[Quantity.TIME] is not Verdict.SLOWER
    page = change(found, Quantity.PAGE)
    assert page.base_s == pytest.approx(0.010, rel=0.02)
    assert page.head_s == pytest.approx(0.015, rel=0.02)
    assert page.low < 0.405 < page.high


def test_to_begin_is_a_difference_in_seconds():
    found = compare_sessions(measured(), measured(begin_s=0.20), 0.05)
    begin = change(found, Quantity.BEGIN)
    assert begin.low < 0.10 < begin.high
    for way in begin.ways:
        assert way.estimate == pytest.approx(0.10, abs=0.01)


def test_the_same_code_twice_passes_every_gate():
    """Between two sessions alone a page's time is known to some 10 %, a beginning to 30 ms."""
    found = compare_sessions(measured(), measured(), Margin(0.12, 0.040))
    for quantity in LENGTHS:
        gate = 0.12 if quantity.has_ratio else 0.040
        assert hold_gate(found.by[quantity].changes, gate).code == 0
    assert not {Verdict.SLOWER, Verdict.FASTER} & set(verdicts(found).values())


def test_a_slower_machine_slows_nothing():
    """By anchors in plain time, and by the baseline in the other, also of what has no ratio."""
    found = compare_sessions(measured(), measured(speed=1.5), Margin(0.12, 0.040))
    for quantity in LENGTHS:
        for way in change(found, quantity).ways:
            assert way.estimate == pytest.approx(0.0, abs=0.12 if quantity.has_ratio else 0.02)


def test_the_variance_between_sessions_is_carried_into_what_two_lengths_tell():
    """Of a crawl 2 %; of a page more; and of what it costs to begin as much of two crawls."""
    found = compare_sessions(measured(), measured(), 0.05)
    widths = {
        quantity: change(found, quantity).high - change(found, quantity).low
        for quantity in (Quantity.TIME, *LENGTHS)
    }
    assert widths[Quantity.PAGE] > widths[Quantity.TIME] > 0.08
    assert widths[Quantity.BEGIN] > 0.08 * 0.200  # of the short crawl


ONE = make_plan(CELL)
OTHER = replace(two_lengths(CELL), long_forms={GROUP: LongForm("long", 100, 20)})


@pytest.mark.parametrize(
    ("base", "head", "lengths"),
    [
        (None, ONE, ((10, 100), ())),
        (ONE, None, ((), (10, 100))),
        (None, OTHER, ((10, 100), (20, 100))),
    ],
)
def test_sides_of_unlike_lengths_are_compared_by_whole_crawls_alone(base, head, lengths):
    """Which group and which lengths is told."""
    found = compare_sessions(measured(plan=base), measured(plan=head), 0.05)
    assert set(found.by) == {Quantity.TIME, Quantity.CPU}
    (unlike,) = found.unlike
    assert (unlike.group, unlike.base, unlike.head) == (GROUP, *lengths)


def test_sides_of_one_length_lack_nothing():
    found = compare_sessions(measured(plan=ONE), measured(plan=ONE), 0.05)
    assert (set(found.by), found.unlike) == ({Quantity.TIME, Quantity.CPU}, ())


def test_a_side_without_an_exact_cpu_time_is_named():
    """As in format 1, which has no long forms either."""
    old = replace(measured(has_cpu=False, plan=ONE), format=1)
    found = compare_sessions(old, measured(), 0.05)
    assert (set(found.by), found.without_cpu) == ({Quantity.TIME}, "base")
    assert compare_sessions(old, old, 0.05).without_cpu == ""


def test_an_obstacle_stands_in_the_place_of_a_figure():
    """More pages that take no more time: no ratio per page; a beginning there is."""
    found = compare_sessions(measured(), measured(page_s=0.0), 0.05)
    page = change(found, Quantity.PAGE)
    assert (page.verdict, page.obstacle, page.ways) == (Verdict.UNCLEAR, Obstacle.FLAT, ())
    assert change(found, Quantity.BEGIN).ways
    assert hold_gate([page], 0.05).code == 4  # nothing that was measured can be judged


def test_times_off_the_line_have_no_cost_per_page_between_sessions():
    """The third length need not be on both sides."""
    plan = three_lengths(CELL)
    middles = {cell: [0.9, 0.9] for cell in plan.cells if cell.site == "middle"}
    costs = {BASELINE: USUAL, CELL: USUAL, CONTROL: USUAL}
    rounds = [{**by_cell, **middles} for by_cell in crawl_rounds(costs, spread=0.002)]
    bent = judge(make_session(plan, rounds))
    found = compare_sessions(measured(), bent, 0.05)
    for quantity in (Quantity.PAGE, Quantity.BEGIN):
        one = change(found, quantity)
        assert (one.obstacle, one.ways) == (Obstacle.BENT, ())
        assert one.detail.startswith("head: ")


def test_limit_that_crawls_one_length_has_no_row_per_page():
    """No session could judge it, so that a gate would never pass."""
    limit = other(REFERENCE)
    plan = two_lengths(CELL)
    plan = replace(plan, cells=(*plan.cells, limit))
    found = compare_sessions(measured(plan=plan), measured(plan=plan), 0.05)
    assert [one.cell for one in found.by[Quantity.PAGE].changes] == [BASELINE.name, CELL.name]
    assert limit.name in {one.cell for one in found.changes}


def test_nothing_is_judged_to_begin_where_the_base_has_no_baseline():
    """Nobody knows what the margin is."""
    failures = tuple(Failure(cell.name, 1, "crashed") for cell in (BASELINE, CONTROL))
    base = judge(replace(measured(), failures=failures))
    found = compare_sessions(base, measured(begin_s=0.4), 0.05)
    begin = change(found, Quantity.BEGIN)
    assert (begin.verdict, begin.obstacle, begin.ways) == (Verdict.UNCLEAR, Obstacle.FAILED, ())
    assert begin.detail == f"the margin depends on base: {BASELINE.name}: crashed"
    assert change(found, Quantity.TIME).ways


def history_of(*sessions):
    """Return the history of sessions, one a day."""
    dated = {
        f"day-{day:02}": replace(one, created=f"2026-01-{day:02}T00:00:00+00:00")
        for day, one in enumerate(sessions, 1)
    }
    found = make_history(dated, 0.02, 0.95)
    return {one.quantity: one for one in (found, *found.further)}


def wavering(count, **costs):
    """Return sessions of the same code, which differ by little."""
    return [
        measured(
            costs.get("begin_s", USUAL[0]) * (1 + place / 300),
            costs.get("page_s", USUAL[1]) * (1 + place / 700),
            cpu=costs.get("cpu", 0.7) * (1 + place / 500),
        )
        for place in (n % 3 for n in range(count))
    ]


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        ({"page_s": 0.015, "begin_s": 0.05}, Quantity.PAGE),
        ({"begin_s": 0.20}, Quantity.BEGIN),
        ({"cpu": 1.0}, Quantity.CPU_PAGE),
    ],
)
def test_history_finds_a_change_where_it_is(later, changed):
    found = history_of(*wavering(5), *wavering(5, **later))
    (line,) = found[changed].lines
    (one,) = line.changes
    assert (one.before, one.session) == ("day-05", "day-06")
    if changed is Quantity.BEGIN:
        assert one.shift == pytest.approx(0.10, abs=0.01)
        assert line.points[0].estimate == pytest.approx(0.10, abs=0.01)
    quiet = Quantity.PAGE if changed is Quantity.BEGIN else None
    if quiet:
        assert found[quiet].lines[0].changes == ()


def test_history_finds_a_jump_to_begin_in_the_newest_session():
    found = history_of(*wavering(5), *wavering(1, begin_s=0.2))
    (jump,) = found[Quantity.BEGIN].jumps
    assert jump.shift == pytest.approx(0.10, abs=0.01)
    assert found[Quantity.PAGE].jumps == ()


def test_history_leaves_out_sessions_of_other_lengths():
    """They keep their whole crawls; those of one length alone ask nothing of pages."""
    found = history_of(measured(plan=ONE), measured(plan=OTHER), *wavering(3))
    assert len(found[Quantity.TIME].lines[0].points) == 5
    assert len(found[Quantity.PAGE].lines[0].points) == 3
    assert {(one.session, one.obstacle) for one in found[Quantity.PAGE].left_out} == {
        ("day-01", Obstacle.ONE_LENGTH),
        ("day-02", Obstacle.ONE_LENGTH),
    }
    assert set(history_of(measured(plan=ONE))) == {Quantity.TIME, Quantity.CPU}


@pytest.mark.parametrize("lost", [CELL.name, None])
def test_cell_without_values_has_no_number_and_breaks_nothing(lost):
    """None failed, but strays may have held up each of its values, in one length or in both."""
    sessions = [measured(), measured()]
    for number, session in enumerate(sessions):
        rounds = tuple(
            replace(
                record,
                samples=tuple(
                    one
                    for one in record.samples
                    if one.cell != lost and (lost or CELL.strategy not in one.cell)
                ),
            )
            for record in session.rounds
        )
        sessions[number] = judge(replace(session, rounds=rounds))
    found = compare_sessions(*sessions, Margin(0.01), ())
    for quantity, compared in found.by.items():
        changes = {change.cell: change for change in compared.changes}
        assert not changes[CELL.name].ways, quantity
        assert changes[CELL.name].verdict is Verdict.UNCLEAR
