"""`ab` with two lengths: each cell per page and to begin, in all that shows it, and gates on it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Cell, Ending, Environment, LongForm, Quantity, Stopping, Verdict
from crawlbench.cli.answer import find_answer
from crawlbench.library.session import Session
from crawlbench.stats.gate import Bound, read_bound
from crawlbench.stats.judge import judge
from crawlbench.stats.open_groups import open_cells
from tests.report.views import EXPORTS, make_page, render_markdown, versus_sentence
from tests.stats.builders import make_plan, make_session

BASE = Cell("site", "net", "one", None, "lxml", 10, "base", versus=True)
HEAD = replace(BASE, environment="head")
TWIN = replace(BASE, control=True)
FORM = LongForm("long", 100, 10)
SIDES = (BASE, HEAD, TWIN)
USUAL = (0.10, 0.010)
MARGIN = 0.03


def session(begin_s=USUAL[0], page_s=USUAL[1], *, cpu=0.7, forms=None, **changes):
    """Return a judged session in which the head has these costs, and its pages so much CPU time."""
    cells = (*SIDES, *(cell.lengthened("long") for cell in SIDES))
    plan = make_plan(
        cells=cells,
        baselines={BASE.group: BASE.name},
        environments=(Environment("base"), Environment("head")),
        long_forms={BASE.group: FORM} if forms is None else forms,
        margin=MARGIN,
        **changes,
    )
    if forms == {}:
        plan = replace(plan, cells=SIDES)
    costs = {"base": USUAL, "head": (begin_s, page_s)}
    rounds = []
    for number in range(8):
        wobble = 1 + (number % 3) / 2000
        rounds.append(
            {
                cell: [(costs[cell.environment][0] + pages * costs[cell.environment][1]) * wobble]
                * 2
                for cell in plan.cells
                for pages in [100 if cell.long_of else 10]
            }
        )
    made = make_session(plan, rounds, ending=Ending.ANSWERED)
    shares = {"base": 0.7, "head": cpu}

    def clocked(sample, number):
        cell = plan.cell(sample.cell)
        pages = 100 if cell.long_of else 10
        wobble = 1 + (number % 3) / 2000 if cell.environment == "head" else 1
        return replace(sample, cpu_s=wobble * (0.05 + pages * USUAL[1] * shares[cell.environment]))

    records = tuple(
        replace(r, samples=tuple(clocked(sample, r.number) for sample in r.samples))
        for r in made.rounds
    )
    return judge(replace(made, rounds=records))


PLANTED = [
    ({"page_s": 0.011, "begin_s": 0.09}, "per_page_changes", "page-slower:5%"),
    ({"begin_s": 0.11}, "to_begin_changes", "begin-slower:5ms"),
    ({"cpu": 0.8}, "cpu_per_page_changes", "cpu-page-slower:5%"),
]
GATES = [gate for _, _, gate in PLANTED]


@pytest.mark.parametrize(("head", "key", "gate"), PLANTED)
def test_a_head_that_is_slower_in_one_way_alone_fails_that_gate_alone(head, key, gate):
    found = session(**head)
    answer = find_answer(found, read_bound(gate, MARGIN))
    assert (answer["verdict"], answer["code"]) == ("slower", 1)
    assert answer[key][0]["verdict"] == "slower"
    for other in set(GATES) - {gate}:
        assert find_answer(found, read_bound(other, MARGIN))["code"] == 0


@pytest.mark.parametrize("gate", GATES)
def test_equal_sides_pass_and_are_the_same(gate):
    answer = find_answer(session(), read_bound(gate, MARGIN))
    assert (answer["verdict"], answer["code"], answer["reason"]) == ("passed", 0, "")
    assert answer["per_page_changes"][0]["verdict"] == "same"
    assert answer["to_begin_changes"][0]["estimate"] == pytest.approx(0, abs=1e-9)


def test_gate_and_answer_are_in_the_unit_of_the_quantity():
    """To begin in seconds: there is no ratio of it."""
    answer = find_answer(session(begin_s=0.11), read_bound("begin-slower:5ms", MARGIN))
    assert (answer["gate"], answer["gate_quantity"]) == (0.005, "to begin")
    (change,) = answer["to_begin_changes"]
    assert change["estimate"] == pytest.approx(0.010, abs=1e-4)
    assert (change["base_s"], change["head_s"]) == (
        pytest.approx(0.10, abs=1e-3),
        pytest.approx(0.11, abs=1e-3),
    )


def test_sentence_tells_whole_crawls_then_pages_then_the_beginning():
    text = versus_sentence(session(page_s=0.011, begin_s=0.09))
    whole, page, begin = text.split(". By ")
    assert whole.startswith("head is the same as base: ")
    assert page.startswith("time per page, head is slower than base: ")
    assert " takes 1.100 times as long per page (1." in page
    assert begin.startswith("time to begin, head is faster than base: ")
    assert " takes 10.00 ms less to begin (-10." in begin
    assert "times as long" not in begin


@pytest.mark.parametrize("rounds", [2, 3])
def test_sentence_of_few_rounds_has_no_numbers_that_say_nothing(rounds):
    """After two or three rounds, an interval that holds at any round has hardly an end."""
    whole = session(stopping=Stopping.ANY)
    early = judge(replace(whole, rounds=whole.rounds[:rounds]))
    text = "head against base is unclear: one, too uncertain to say by how much."
    assert versus_sentence(early) == (f"{text} By time per page, {text} By time to begin, {text}")
    (line,) = Session(early).hold_gate(fail_on="begin-slower:5ms").text.splitlines()[1:]
    assert "+" not in line
    assert f"in {rounds} rounds the interval is too wide" in line


def test_sentence_of_one_length_is_of_whole_crawls_alone():
    assert "per page" not in versus_sentence(session(forms={}))


def test_every_output_shows_both():
    """Terminal and Markdown, the page, JSON and CSV."""
    found = session(page_s=0.011, begin_s=0.09)
    markdown = render_markdown(found)
    for text in ("head against base, time per page", "head against base, time to begin"):
        assert text in markdown
    page = next(one for one in make_page(found).sections if one.name == "environments")
    assert [table.title for table in page.tables][:3] == [
        "head against base",
        "head against base, time per page",
        "head against base, time to begin",
    ]
    begin = page.tables[2]
    assert "CPU ratio" not in [column.header for column in begin.columns]
    assert "difference" in [column.header for column in begin.columns]
    (row,) = [
        one
        for one in json.loads(EXPORTS["json"](found))["cells"]
        if one["ratio_low"] and one["role"] == "contestant"
    ]
    assert row["per_page_verdict"] == "slower"
    assert row["to_begin_verdict"] == "faster"
    assert row["cpu_per_page_ratio"] == pytest.approx(1.0, rel=1e-3)
    assert row["cpu_per_page_s"] == pytest.approx(0.007, rel=1e-3)
    assert "cpu_per_page_ratio" in EXPORTS["csv"](found)


def test_more_pages_that_take_no_more_time_have_no_ratio_in_an_answer():
    """The reason stands in the figure's place, and the gate does not pass."""
    answer = find_answer(session(page_s=0.0, begin_s=0.2), read_bound("page-slower:5%", MARGIN))
    (change,) = answer["per_page_changes"]
    assert (change["verdict"], change["estimate"]) == ("unclear", None)
    assert "the longer crawl took no longer" in change["reason"]
    assert answer["code"] == 4


@pytest.mark.parametrize("quantity", [Quantity.BEGIN, Quantity.CPU_PAGE])
def test_session_goes_on_until_its_gate_is_answered(quantity):
    """Here the head lies on the gate, with both of its lengths."""
    found = session(begin_s=0.11, cpu=0.8, stopping=Stopping.ANY)
    on_it = {one.quantity: one.estimate for one in found.comparisons if one.cell == HEAD.name}
    at = replace(found.plan, gate=on_it[quantity], gate_quantity=quantity)
    assert open_cells(replace(found, plan=at)) == {cell.name for cell in found.plan.cells}
    off = replace(found.plan, gate=on_it[quantity] * 3, gate_quantity=quantity)
    assert open_cells(replace(found, plan=off)) == set()


def test_library_holds_the_same_gates():
    """With the size in milliseconds where there is no ratio."""
    found = Session(session(begin_s=0.11))
    slow, fine = (
        found.hold_gate(fail_on="begin-slower:5ms"),
        found.hold_gate(fail_on="begin-slower:20ms"),
    )
    assert (slow.verdict, slow.quantity, slow.seconds, slow.percent) == (
        "slower",
        "to begin",
        0.005,
        None,
    )
    assert fine.passed
    assert "not slower by more than 20 ms to begin" in fine.text
    assert "+10.00 ms to begin (" in fine.text
    assert found.hold_gate(fail_on="page-slower:5%").passed
    with pytest.raises(UsageError, match="asked for twice"):
        found.hold_gate(5, fail_on="slower")
    with pytest.raises(UsageError, match="needs two lengths"):
        Session(session(forms={})).hold_gate(fail_on="page-slower:5%")


def test_verdicts_are_of_one_judge():
    """At the gate nothing but the margin is another."""
    found = session(begin_s=0.11)
    at = {one.quantity: one for one in found.comparisons if one.cell == HEAD.name}
    assert at[Quantity.BEGIN].verdict is Verdict.SLOWER
    assert Bound(Quantity.BEGIN, 0.005).margin(MARGIN) == MARGIN
