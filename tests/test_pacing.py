"""The simulation of sessions of operations."""

from __future__ import annotations

import random
import sys
from dataclasses import replace

import pytest
from benchmarks import pacing
from benchmarks.pacing import find_truth, play_round, simulate

from crawlbench.base.errors import UsageError
from tests.stats.operating import LOOPS, make_facts, make_operations_plan, make_operations_session

NAMES = ("futures", "sleeps", "tasks")
FIXED_S, EACH_S = 4.0, 0.5


def measured(awake=(3, 3, 3, 3, 1, 1)):
    """Return a session in whose rounds so many of three operations took part."""
    plan = make_operations_plan(*map(make_facts, NAMES), is_paced=True, budget_s=60.0)
    session = make_operations_session(plan, {f"{NAMES[0]}/{LOOPS[1]}": 2.0}, rounds=len(awake))
    records = []
    for record, count in zip(session.rounds, awake, strict=True):
        samples = tuple(s for s in record.samples if s.cell.partition("/")[0] in NAMES[:count])
        laps_s = sum(one.seconds * one.loops for one in samples if not one.warmup)
        seconds = laps_s + FIXED_S + EACH_S * count
        records.append(replace(record, samples=samples, laps_s=laps_s, seconds=seconds))
    passes = dict.fromkeys(NAMES, 1)
    return replace(session, rounds=tuple(records), passes=passes, seconds=40.0)


def test_missing_a_round_saves_what_an_operation_costs_and_no_more():
    """A round has costs of its own, however few take part."""
    truth = find_truth(measured())
    assert (truth.fixed_s, truth.each_s) == pytest.approx((FIXED_S, EACH_S))
    session, cells = replace(truth.source, rounds=()), truth.plan.cells
    alone = [cell for cell in cells if cell.group == NAMES[0]]
    around_s = [
        record.seconds - record.laps_s
        for record in (
            play_round(truth, session, some, random.Random(1)) for some in (cells, alone)
        )
    ]
    assert around_s == pytest.approx([FIXED_S + 3 * EACH_S, FIXED_S + EACH_S])


def test_where_all_took_part_missing_a_round_saves_laps():
    truth = find_truth(measured((3, 3, 3)))
    assert (truth.fixed_s, truth.each_s) == pytest.approx((FIXED_S + 3 * EACH_S, 0.0))


def test_simulated_session_ends_within_its_budget():
    truth = find_truth(measured())
    session = simulate(truth, random.Random(1))
    assert 3 <= len(session.rounds) <= truth.plan.rounds
    assert session.seconds <= truth.plan.budget_s


@pytest.mark.parametrize("change", ["no rounds", "no laps"])
def test_session_from_which_nothing_can_be_drawn_is_answered_with_a_sentence(
    change, monkeypatch, tmp_path
):
    source = measured()
    rounds = tuple(replace(record, laps_s=None) for record in source.rounds)
    empty = replace(source, rounds=() if change == "no rounds" else rounds)
    monkeypatch.setattr(pacing, "load_session", lambda _: empty)
    monkeypatch.setattr(sys, "argv", ["pacing", str(tmp_path)])
    with pytest.raises(UsageError, match="no finished round that says what its laps took"):
        pacing.main()
