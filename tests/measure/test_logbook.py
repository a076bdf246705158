"""How a session goes on: who takes part next, and what changes when it continues."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.stats.builders import make_plan, make_sample, make_session

from crawlbench.base.records import Cell, Ending, RoundRecord, Stopping
from crawlbench.measure import logbook
from crawlbench.measure.costs import expect_round_s
from crawlbench.measure.ends import extend_plan, session_ends
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.logbook import Logbook, _take_up
from crawlbench.measure.resting import find_asleep, find_next
from crawlbench.measure.round import RoundResult
from crawlbench.stats.judge import judge
from crawlbench.stats.rounds import expect_full_s

STOCK, SLOW, FAST = (
    [Cell.of_operation(name, loop) for loop in ("asyncio", "uvloop")] for name in ("a", "b", "c")
)
CELLS = (*STOCK, *SLOW, *FAST)
BASELINES = {cells[0].group: cells[0].name for cells in (STOCK, SLOW, FAST)}
FACTORS = {STOCK[1].name: 1.02, SLOW[1].name: 3.0, FAST[1].name: 0.3}
PLAN = make_plan(
    cells=CELLS,
    baselines=BASELINES,
    is_paced=True,
    stopping=Stopping.FIXED,
    rounds=100,
    budget_s=1000.0,
    margin=0.02,
)
START_S, EACH_S, LAPS = 1.0, 2.0, 4


def play(number, cells):
    """Return a round of some operations, in which `a` differs by about the margin."""
    noise = 1 + (number % 3 - 1) / 100
    samples = [
        make_sample(cell, lap, FACTORS.get(cell.name, 1.0) * (noise if cell is STOCK[1] else 1.0))
        for cell in cells
        for lap in range(LAPS)
    ]
    laps_s = sum(one.seconds * one.loops for one in samples)
    around_s = START_S + EACH_S * len({cell.group for cell in cells})
    return RoundRecord(number, "", around_s + laps_s, tuple(samples), laps_s=laps_s)


def measured(rounds=6, full=4):
    """Return a session in whose last rounds only one operation was awake."""
    records = tuple(play(n, CELLS if n <= full else STOCK) for n in range(1, rounds + 1))
    passes = dict.fromkeys(BASELINES, LAPS // PLAN.laps)
    session = make_session(PLAN, [], passes=passes, ending=Ending.BUDGET)
    seconds = sum(record.seconds for record in records)
    return judge(replace(session, rounds=records, seconds=seconds))


def continued(session, *asked):
    """Return a session as it continues with these ends."""
    plan = extend_plan(session.plan, session_ends(*asked), has_rounds=True)
    return _take_up(replace(session, plan=plan))


def test_operations_sleep_while_others_are_open():
    session = measured()
    assert find_asleep(session) == {"b", "c"}
    assert find_next(session) == tuple(STOCK)


def test_all_take_part_where_a_continuation_has_a_number_of_rounds():
    """Nobody rests, and what is foreseen of a round is what it costs with all of them."""
    session = continued(measured(), 20, None, None)
    assert find_next(session) == CELLS
    whole_s = session.rounds[0].seconds
    assert session.rounds[-1].seconds < whole_s / 2
    assert expect_full_s(session) == pytest.approx(whole_s, rel=0.02)
    assert expect_round_s(session, find_next(session)) == pytest.approx(whole_s, rel=0.02)


def test_those_who_rested_before_it_continues_do_not_in_its_first_round():
    """The laps of their group are fewer, so that it takes no longer than in the last round."""
    session = replace(
        measured(full=6),
        resting={cell.name: 4 for cell in SLOW},
        passes={"a": LAPS // PLAN.laps, "b": 4, "c": LAPS // PLAN.laps},
    )
    longer = continued(session, 20, None, None)
    assert longer.resting == {}
    assert longer.passes == {"a": 2, "b": 2, "c": 2}


def test_laps_are_not_chosen_twice_after_the_same_round():
    """After six rounds they were; the session that continues keeps them."""
    session = measured(full=6)
    assert continued(session, 20, 5000.0, None).passes == session.passes


def test_session_that_continues_is_judged_by_its_new_plan():
    """What one look had answered can be open for a sequence, which is wider."""
    once = measured(rounds=3, full=3)
    longer = continued(once, None, 5000.0, None)
    widths = [
        [one.high - one.low for one in session.comparisons if one.cell == STOCK[1].name]
        for session in (once, longer)
    ]
    assert all(sequence > single for single, sequence in zip(*widths, strict=True))


def test_what_proved_unfit_for_a_host_is_kept_with_the_session(tmp_path, monkeypatch):
    """A continuation would host it again, beside rounds in which it was not."""
    monkeypatch.setattr(logbook, "write_trace", lambda *_: None)
    log = Logbook.begin(PLAN, tmp_path / "session", NobodyWatches())
    log.add_calibration(RoundResult(play(0, CELLS), unhosted=("b",)))
    kept = json.loads((tmp_path / "session" / "session.json").read_text(encoding="utf-8"))
    assert kept["unhosted"] == ["b"]
    later = set(log.session.unhosted)
    executor = ProcessExecutor(None, {}, (), 1.0, unhosted=later)
    names = {cell.group: executor.name_process(cell) for cell in (STOCK[0], SLOW[0], FAST[0])}
    assert names["b"] == SLOW[0].name
    assert names["a"] == names["c"] == "(host of asyncio)"


class NobodyWatches:
    """A watcher that shows nothing."""

    def on_start(self, session):
        """See `Watcher`."""

    def on_session(self, session):
        """See `Watcher`."""


def test_session_without_rounds_is_left_as_it_is():
    session = make_session(PLAN, [])
    taken_up = _take_up(session)
    assert replace(taken_up, conditions=None) == session
    assert find_next(session) == CELLS
