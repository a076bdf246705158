"""What `ab` answers: the sentence has every verdict, the exit code is the answer's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import typer

from crawlbench.base.records import Cell, Ending, Environment, Failure, Quantity
from crawlbench.cli.answer import (
    ANSWER_FILE,
    end_with,
    find_answer,
    find_answer_again,
    write_answer,
)
from crawlbench.stats.judge import judge
from tests.report.views import versus_sentence
from tests.stats.builders import make_plan, make_session


def cells_of(environment, *, control=False):
    return [
        Cell("", "", "", "loop", "", 0, environment, control, operation, versus=True)
        for operation in ("one", "two")
    ]


def session(*, failed="", side="head", is_refusal=False, ending=Ending.ANSWERED):
    """Return a judged session of two operations, of which a side may fail in one."""
    base, head, twins = cells_of("base"), cells_of("head"), cells_of("base", control=True)
    plan = make_plan(
        cells=(*base, *head, *twins),
        baselines={cell.group: cell.name for cell in base},
        environments=(Environment("base"), Environment("head")),
    )
    sides = {"base": base, "twin": twins, "head": head}
    broken = [cell for cell in sides[side] if cell.operation == failed]
    whole = [cell for cell in (*base, *twins, *head) if cell not in broken]
    rounds = [{cell: [1 + n / 1000] * 2 for cell in whole} for n in range(6)]
    failures = [
        Failure(cell.name, 1, "the loop has no such thing", is_refusal=is_refusal)
        for cell in broken
    ]
    return replace(judge(make_session(plan, rounds, failures)), ending=Ending(ending))


def test_operation_that_the_head_lost_is_told_first():
    sentence = versus_sentence(session(failed="two", is_refusal=True))
    assert sentence.startswith("head against base is not supported in 1 of 2 cells: two")
    assert "the loop has no such thing" in sentence
    assert sentence.endswith("; 1 same.")


def test_operation_that_fails_is_told_first():
    sentence = versus_sentence(session(failed="two"))
    assert sentence.startswith("head against base is invalid in 1 of 2 cells: two")


@pytest.mark.parametrize(
    ("ending", "failed", "code"),
    [
        ("interrupted", "two", 130),
        ("answered", "two", 4),
        ("rounds", "two", 4),
        ("answered", "", 0),
    ],
)
def test_exit_code_is_the_answers(ending, failed, code):
    found = session(failed=failed, ending=ending)
    answer = find_answer(found, None)
    assert answer["code"] == code
    with pytest.raises(typer.Exit) as caught:
        end_with(answer, found, is_published=True)
    assert caught.value.exit_code == code


@pytest.mark.parametrize(("side", "failed"), [("head", "head"), ("base", "base"), ("twin", "base")])
def test_answer_says_which_side_broke_and_why(side, failed):
    """A base that cannot be measured is no fault of the head's."""
    one, two = find_answer(session(failed="two", side=side), None)["changes"]
    assert (one["verdict"], one["failed"], one["reason"]) == ("same", "", "")
    assert one["low"] <= one["estimate"] <= one["high"]
    assert (two["verdict"], two["failed"], two["estimate"]) == ("invalid", failed, None)
    assert "the loop has no such thing" in two["reason"]
    assert (two["base_s"] is None) == (side == "base")
    assert (two["head_s"] is None) == (side == "head")


@pytest.mark.parametrize(
    ("before", "is_extended"),
    [(None, False), (b'{"is_extended": true}', True), (b"\xff[", False), (b"[]", False)],
)
def test_answer_of_a_session_that_went_on_is_that_of_all_its_rounds(tmp_path, before, is_extended):
    """Whatever stood there before, by the gate that the session was begun with."""
    if before is not None:
        (tmp_path / ANSWER_FILE).write_bytes(before)
    found = session()
    gated = replace(found, plan=replace(found.plan, gate=0.1, gate_quantity=Quantity.CPU))
    answer = find_answer_again(tmp_path, gated)
    assert write_answer(tmp_path, answer)
    assert answer == json.loads((tmp_path / ANSWER_FILE).read_bytes())
    assert (answer["gate"], answer["gate_quantity"]) == (0.1, "CPU")
    assert answer["is_extended"] is is_extended
    assert [change["rounds"] for change in answer["changes"]] == [6, 6]


def test_answer_that_cannot_be_written_is_no_reason_to_show_nothing(tmp_path, capsys):
    """Whoever measured says why, and goes on."""
    assert not write_answer(tmp_path / "gone", find_answer(session(), None))
    assert "answer.json was not written: No such file or directory" in capsys.readouterr().err
