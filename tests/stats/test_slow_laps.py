"""Rare slow laps: what is called the same outside of a single session, and what passes a gate."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Anchor, Cell, Environment, Obstacle, Quantity, Stopping, Verdict
from crawlbench.stats.change import Way, find_changes
from crawlbench.stats.compare import compare_sessions
from crawlbench.stats.gate import hold_gate
from crawlbench.stats.judge import judge
from crawlbench.stats.open_groups import is_settled
from crawlbench.stats.rows import Margin
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other
from tests.stats.lengths import FORM, long, two_lengths

CELL, KIN = other("cell", "asyncio"), other("cell", "uvloop")
GATE = math.log1p(0.1)
EVEN = dict.fromkeys((BASELINE, CONTROL, CELL, KIN), 1.0)


def laps(draw, slow, count=10):
    """Return even laps, of which one takes so many times as long."""
    found = [draw.lognormvariate(0, 0.001) for _ in range(count)]
    found[draw.randrange(count)] *= slow
    return found


def session(seed, slow=None):
    """Return a session; `slow` says of which cells one lap of ten takes how much longer."""
    draw, slow = random.Random(seed), {**EVEN, **(slow or {})}
    rounds = [{cell: laps(draw, slow[cell]) for cell in slow} for _ in range(10)]
    made = make_session(make_plan(CELL, KIN, margin=GATE), rounds)
    anchors = (Anchor("site/net", 0, 1e-3, 1e-3),)
    return judge(replace(made, rounds=tuple(replace(x, anchors=anchors) for x in made.rounds)))


def compared(base, head, margin=GATE):
    return compare_sessions(base, head, margin)


def change(found, cell):
    return next(one for one in found.changes if one.cell == cell.name)


def test_cell_whose_head_has_slow_laps_is_not_the_same():
    """Its own session says so; both ways name them, and so does a gate that is not passed."""
    head = session(2, {CELL: 8.0})
    assert head.against_baseline()[0].obstacle is Obstacle.SLOW_LAPS
    found = compared(session(1), head)
    one = change(found, CELL)
    assert (one.verdict, one.obstacle) == (Verdict.UNCLEAR, Obstacle.SLOW_LAPS)
    assert [way.obstacle for way in one.ways] == [Obstacle.SLOW_LAPS] * 2
    assert change(found, BASELINE).verdict is change(found, KIN).verdict is Verdict.SAME
    assert hold_gate(found.changes, GATE).code == 3
    (kin,) = found.kin
    assert (kin.seen.verdict, kin.seen.obstacle) == (Verdict.UNCLEAR, Obstacle.SLOW_LAPS)


def test_equal_sessions_are_the_same_and_pass():
    """With slow laps in neither of them, or in both alike, as on a machine that always has some."""
    assert hold_gate(compared(session(1), session(2)).changes, GATE).code == 0
    slow = dict.fromkeys(EVEN, 1.5)
    found = compared(session(1, slow), session(2, slow))
    assert {one.verdict for one in found.changes} == {Verdict.SAME}
    assert hold_gate(found.changes, GATE).code == 0


def test_slow_laps_of_the_base_are_no_sameness_but_pass():
    """The head lost them: it is not slower by anything that was measured."""
    found = compared(session(1, {CELL: 8.0}), session(2))
    assert change(found, CELL).obstacle is Obstacle.SLOW_LAPS
    assert hold_gate(found.changes, GATE).code == 0


def test_slow_laps_of_the_baseline_take_sameness_from_all_that_is_normalised():
    """In plain time only the baseline has them."""
    found = compared(session(1), session(2, {BASELINE: 8.0, CONTROL: 8.0}))
    assert change(found, BASELINE).obstacle is Obstacle.SLOW_LAPS
    plain, normalised = change(found, CELL).ways
    assert (plain.way, plain.verdict) == (Way.PLAIN, Verdict.SAME)
    assert (normalised.verdict, normalised.obstacle) == (Verdict.UNCLEAR, Obstacle.SLOW_LAPS)
    assert hold_gate(found.changes, GATE).code == 3


def test_slower_and_faster_need_no_means():
    """They are claims about typical times; what is slower beyond the gate fails it."""
    base = session(1)
    for factor, verdict, code in ((2.0, Verdict.SLOWER, 1), (0.5, Verdict.FASTER, 0)):
        draw = random.Random(3)
        rounds = [{cell: laps(draw, 1.0) for cell in EVEN} for _ in range(10)]
        for each in rounds:
            each[CELL] = [factor * lap for lap in laps(draw, 1.5)]
        head = make_session(base.plan, rounds)
        anchored = [
            replace(x, anchors=y.anchors) for x, y in zip(head.rounds, base.rounds, strict=True)
        ]
        found = compared(base, judge(replace(head, rounds=tuple(anchored))))
        assert change(found, CELL).verdict is verdict
        assert hold_gate(found.changes, GATE).code == code


def paged(seed, form=None):
    """Return a session of two lengths, in which one of the cell's forms has slow laps."""
    draw, plan = random.Random(seed), two_lengths(CELL, margin=GATE)
    pages = {
        cell: FORM.pages if cell.site == FORM.site else FORM.short_pages for cell in plan.cells
    }
    rounds = [
        {
            cell: [pages[cell] * lap for lap in laps(draw, 8.0 if cell == form else 1.0)]
            for cell in plan.cells
        }
        for _ in range(10)
    ]
    return judge(make_session(plan, rounds))


@pytest.mark.parametrize("quantity", [Quantity.PAGE, Quantity.BEGIN])
def test_slow_laps_of_a_long_form_count_in_what_follows_from_it(quantity):
    """Per page as a ratio, to begin as a difference; normalised, because there are no anchors."""
    base, even, head = paged(1), paged(2), paged(3, long(CELL))
    for other_side, obstacle in ((even, None), (head, Obstacle.SLOW_LAPS)):
        found = compare_sessions(base, other_side, Margin(GATE, 5.0)).by[quantity]
        normalised = change(found, CELL).ways[1]
        assert (normalised.way, normalised.obstacle) == (Way.NORMALISED, obstacle)
        assert (normalised.verdict is Verdict.SAME) is (obstacle is None)


SIDE = Cell("site", "net", "cell", None, "lxml", 10, "base", versus=True)
HEAD, TWIN = replace(SIDE, environment="head"), replace(SIDE, control=True)


def sides(slow, factor=1.0, gate=None, **changes):
    """Return an unjudged session of `ab`, with slow laps in the head."""
    draw = random.Random(1)
    plan = make_plan(
        cells=(SIDE, HEAD, TWIN),
        baselines={SIDE.group: SIDE.name},
        environments=(Environment("base"), Environment("head")),
        stopping=Stopping.ANY,
        gate=gate,
        gate_quantity=Quantity.TIME,
        **changes,
    )
    heads = ([factor * lap for lap in laps(draw, slow)] for _ in range(14))
    rounds = [{SIDE: laps(draw, 1.0), TWIN: laps(draw, 1.0), HEAD: head} for head in heads]
    return make_session(plan, rounds)


@pytest.mark.parametrize(
    ("slow", "factor", "code"),
    [
        (8.0, 1.0, 3),
        (1.0, 1.0, 0),
        (1.1, 1.0, 0),
        # Neither the same nor faster by the gate, so that no verdict had counted them.
        (8.0, 0.952, 3),
        (1.0, 0.952, 0),
        (8.0, 0.5, 0),
        (8.0, 1.2, 1),
    ],
)
def test_gate_of_ab_counts_slow_laps(slow, factor, code):
    """At a gate of 5 %."""
    gate = math.log1p(0.05)
    session = judge(sides(slow, factor, margin=gate))
    assert hold_gate(find_changes(session), gate).code == code


@pytest.mark.parametrize(("slow", "is_done"), [(1.0, True), (8.0, False)])
def test_session_is_not_settled_while_slow_laps_reach_its_gate(slow, is_done):
    """The verdict at the margin, which is `slower`, does not need them; the gate does."""
    session = judge(sides(slow, 1.03, gate=math.log1p(0.05), margin=0.02))
    assert session.against_baseline()[0].verdict is Verdict.SLOWER
    assert is_settled(session) is is_done
