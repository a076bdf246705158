"""Twins that differ: what `compare`, its gate and `history` say of cells that did not change."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Anchor, Obstacle, Quantity, Verdict
from crawlbench.report.changes import comparison_notes
from crawlbench.stats.change import Way
from crawlbench.stats.comparability import explain_between
from crawlbench.stats.compare import compare_sessions
from crawlbench.stats.gate import hold_gate
from crawlbench.stats.history import make_history
from crawlbench.stats.judge import judge
from crawlbench.stats.rows import Margin
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other
from tests.stats.lengths import make_two_lengths

CELL, KIN = other("cell", "asyncio"), other("cell", "uvloop")
GATE = math.log1p(0.05)
USUAL = {BASELINE: 1.0, CONTROL: 1.0, CELL: 1.0, KIN: 1.0}


def session(seed, noise=0.002, **changes):
    """Return a session; the changes are factors of `base`, `control`, `cell` and `kin`."""
    draw = random.Random(seed)
    names = {"base": BASELINE, "control": CONTROL, "cell": CELL, "kin": KIN}
    factors = {**USUAL, **{names[name]: factor for name, factor in changes.items()}}
    rounds = [
        {cell: [f * draw.lognormvariate(0, noise) for _ in range(4)] for cell, f in factors.items()}
        for _ in range(8)
    ]
    made = make_session(
        make_plan(CELL, KIN), rounds, created=f"2026-01-{seed + 1:02}T00:00:00+00:00"
    )
    anchors = (Anchor("site/net", 0, 1e-3, 1e-3),)
    return judge(replace(made, rounds=tuple(replace(x, anchors=anchors) for x in made.rounds)))


def compared(base, head):
    """Return the changes by cell, the gate's exit code, and the notes."""
    found = compare_sessions(base, head, GATE)
    changes = {one.cell: one for one in found.changes}
    return found, changes, hold_gate(found.changes, GATE).code, list(comparison_notes(found))


@pytest.mark.parametrize("turn", [1, -1])
def test_twin_that_changed_makes_nothing_slower_or_faster(turn):
    """Neither the cells that are relative to it, nor the baseline; whichever session has it."""
    pair = [session(1), session(2, control=0.75)][::turn]
    _, changes, code, notes = compared(*pair)
    assert code == 3
    for one in changes.values():
        assert (one.verdict, one.obstacle) == (Verdict.UNCLEAR, Obstacle.CONTROL)
        assert one.detail == ("head" if turn == 1 else "base")
    assert sum(f"in the {one.detail}, the baseline and its twin" in note for note in notes) == 3


def test_both_sessions_twins_count_and_are_named():
    _, changes, _, _ = compared(session(1, control=1.3), session(2, control=0.75))
    assert changes[CELL.name].detail == "base and head"
    assert "in the base and head, the" in explain_between(Obstacle.CONTROL, "base and head")


def test_intervals_are_widened_by_what_the_twins_differ():
    """The normalised ones by all of it, the baseline's by half; other plain times not at all."""
    (head,) = (
        one.widening for one in session(2, control=0.75).controls if one.quantity is Quantity.TIME
    )
    assert head == pytest.approx(-math.log(0.75), abs=0.01)
    widths = [
        {
            (one.cell, way.way): way.interval.high - way.interval.low
            for one in compared(session(1), other_side)[1].values()
            for way in one.ways
        }
        for other_side in (session(2), session(2, control=0.75))
    ]
    more = {key: widths[1][key] - width for key, width in widths[0].items()}
    assert more[CELL.name, Way.NORMALISED] == pytest.approx(2 * head, abs=0.01)
    assert more[CELL.name, Way.PLAIN] == pytest.approx(0.0, abs=0.01)
    assert more[BASELINE.name, Way.PLAIN] == pytest.approx(head, abs=0.01)


def test_event_loops_beside_each_other_are_widened_as_in_a_session():
    """All pairs of a group are, whether the baseline is one of them or not."""
    plain, odd = (compared(session(1), session(2, kin=1.1, control=c))[0] for c in (1.0, 0.75))
    assert plain.kin[0].seen.verdict is Verdict.SLOWER
    assert odd.kin[0].seen.verdict is Verdict.UNCLEAR
    assert odd.kin[0].seen.obstacle is Obstacle.CONTROL


def test_change_that_exceeds_what_the_twins_differ_is_found():
    """And where twins agree, nothing is widened and no note tells of them."""
    _, changes, code, _ = compared(session(1), session(2, cell=2.0, kin=0.5, control=0.9))
    assert changes[CELL.name].verdict is Verdict.SLOWER
    assert changes[KIN.name].verdict is Verdict.FASTER
    assert code == 1
    found, changes, code, notes = compared(session(1), session(2, cell=1.2))
    assert changes[CELL.name].verdict is Verdict.SLOWER
    assert changes[KIN.name].obstacle is not Obstacle.CONTROL
    assert not [note for note in notes if "its twin" in note]
    assert hold_gate(compare_sessions(session(1), session(2), GATE * 2).changes, GATE * 2).code == 0
    assert found.has_anchors


def test_twins_count_in_the_time_to_begin_in_seconds():
    """Its control is a difference."""
    costs = {BASELINE: (0.1, 0.01), CELL: (0.1, 0.01)}
    base = judge(make_two_lengths(costs, spread=0.0005))
    rounds = [
        replace(
            record,
            samples=tuple(
                replace(one, seconds=one.seconds + 0.05) if one.cell == CONTROL.name else one
                for one in record.samples
            ),
        )
        for record in base.rounds
    ]
    head = judge(replace(base, rounds=tuple(rounds)))
    (control,) = (one for one in head.controls if one.quantity is Quantity.BEGIN)
    assert control.widening > 0.04
    same, odd = (
        next(
            way
            for one in compare_sessions(base, side, Margin(GATE, 0.01)).by[Quantity.BEGIN].changes
            for way in one.ways
            if one.cell == CELL.name and way.way is Way.NORMALISED
        )
        for side in (base, head)
    )
    width = (odd.interval.high - odd.interval.low) - (same.interval.high - same.interval.low)
    assert width > 2 * 0.04


def days(*factors, **changes):
    """Return a session a day, in which the control takes so many times as long."""
    return {
        f"day-{day}": session(day, control=factor, **changes) for day, factor in enumerate(factors)
    }


def jumps(sessions):
    return {jump.cell for jump in make_history(sessions, GATE, 0.95).jumps}


def test_cell_does_not_jump_because_a_twin_did():
    """A cell that jumped by more than its twins differ did so."""
    assert jumps(days(1.0, 1.0, 1.0, 1.0, 0.75)) == set()
    sessions = days(1.0, 1.0, 1.0, 1.0, 1.0)
    assert jumps(sessions) == set()
    assert jumps({**sessions, "day-5": session(5, cell=1.3)}) == {CELL.name}
    assert jumps({**sessions, "day-5": session(5, cell=2.0, control=0.9)}) == {CELL.name}


def test_twins_that_agree_again_make_no_jump_either():
    """Before the newest session they always differed."""
    assert jumps(days(0.75, 0.75, 0.75, 0.75, 1.0)) == set()


def test_series_does_not_change_where_only_the_twins_do():
    """One that changes by more than they differ does; the points show how much they do."""
    found = make_history(days(*[1.0] * 6, *[0.75] * 6), GATE, 0.95)
    assert [line.changes for line in found.lines] == [(), ()]
    point = found.lines[0].points[-1]
    assert point.twins.widening == pytest.approx(-math.log(0.75), abs=0.01)
    assert point.interval.low < 0 < point.interval.high
    even = days(*[1.0] * 6)
    later = {f"day-{n}": session(n, cell=1.3) for n in range(6, 12)}
    lines = {line.cell: line for line in make_history({**even, **later}, GATE, 0.95).lines}
    assert [one.session for one in lines[CELL.name].changes] == ["day-6"]
    assert lines[KIN.name].changes == ()


def test_twins_that_differ_in_one_session_of_many_are_a_part_of_the_spread():
    """By chance some do; a later change is found all the same."""
    sessions = {**days(1.0, 1.02, 1.0, 1.0, 1.0), "day-5": session(5, cell=1.5)}
    assert jumps(sessions) == {CELL.name}
