"""Operations on the page: the heat map and the sections."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from crawlbench.base.records import Failure
from tests.extras import needs
from tests.report.operating import REFUSED, operated
from tests.stats.operating import (
    cell_of,
    make_facts,
    make_operations_plan,
    make_operations_session,
)

pytestmark = needs("altair")
HOSTILE = "</script><script>hacked=1</script>\"><img src=x onerror=hacked=1>'`{{ 7*7 }}"


def charts_of(session):
    from tests.report.views import heatmap_charts

    return heatmap_charts(session)


def page_of(session):
    from tests.report.views import make_page

    return make_page(session)


def html_of(session):
    from crawlbench.report.html import render_page

    return render_page(page_of(session))


def test_heat_map_has_a_chart_per_theme_and_a_field_per_loop():
    """Of the loops that are compared; the stock loop is what they are compared with."""
    charts = charts_of(operated())
    assert [(c.name, c.title) for c in charts] == [
        ("chart-loops-scheduling", "Scheduling"),
        ("chart-loops-tcp", "TCP"),
        ("chart-loops-timers", "Timers"),
    ]
    rows = [row for chart in charts for of_chart in chart.data.values() for row in of_chart]
    assert [(r["operation"], r["loop"], str(r["verdict"]), r["shown"]) for r in rows] == [
        ("sleep-zero", "uvloop", "faster", "0.500"),
        ("tcp-protocol-1k", "uvloop", "slower", "1.250"),
        ("udp-sock", "uvloop", "not supported", "no"),
        ("timers-fire", "uvloop", "unclear", "?"),
    ]
    assert all(list(chart.data) == [chart.spec["data"]["name"]] for chart in charts)


def test_heat_map_of_environments_has_no_field_for_any_baseline():
    """Of which each loop has one; the others are told apart by environment."""
    cells = [
        replace(cell_of("futures", loop), environment=environment, versus=True)
        for loop in ("asyncio", "uvloop")
        for environment in ("base", "head")
    ]
    baselines = {cell.group: cell.name for cell in cells if cell.environment == "base"}
    twins = (replace(cell, control=True) for cell in cells if cell.environment == "base")
    plan = make_operations_plan(make_facts(), cells=(*cells, *twins), baselines=baselines)
    (chart,) = charts_of(make_operations_session(plan, {cells[1]: 0.5, cells[3]: 2.0}))
    (rows,) = chart.data.values()
    assert [(row["loop"], row["shown"]) for row in rows] == [
        ("asyncio @head", "0.500"),
        ("uvloop @head", "2.000"),
    ]
    assert "time over the baseline's" in chart.description


def test_colour_is_the_deeper_the_further_apart():
    """In both directions alike, up to twice or half."""
    factors = {"quarter": 0.25, "half": 0.5, "twice": 2.0, "near": 1.25, "same": 1.0}
    plan = make_operations_plan(*map(make_facts, factors))
    session = make_operations_session(
        plan, {cell_of(name, "uvloop"): factor for name, factor in factors.items()}
    )
    (chart,) = charts_of(session)
    (rows,) = chart.data.values()
    depths = {row["operation"]: row["depth"] for row in rows}
    assert depths["quarter"] == depths["half"] == pytest.approx(depths["twice"])
    assert depths["twice"] > depths["near"] > depths["same"] == pytest.approx(0.12, abs=0.01)


def test_one_loop_alone_has_no_heat_map():
    """Nothing is compared; the table is there."""
    plan = make_operations_plan(make_facts(), loops=("asyncio",))
    session = make_operations_session(plan)
    assert charts_of(session) == ()
    assert [row[0] for row in page_of(session).table.rows] == ["futures"]


def test_each_state_has_a_word_in_its_field():
    """Invalid by its name; without values a dash."""
    failures = [Failure("lock/uvloop", 1, "wrong"), replace(REFUSED, cell="event/uvloop")]
    plan = make_operations_plan(make_facts("lock"), make_facts("event"))
    (chart,) = charts_of(make_operations_session(plan, failures=failures))
    assert [row["shown"] for row in chart.data["loops-tasks"]] == ["invalid", "no"]
    (chart,) = charts_of(make_operations_session(plan, rounds=0))
    assert [row["shown"] for row in chart.data["loops-tasks"]] == ["-", "-"]


def test_page_of_operations_alone_has_no_section_of_crawls():
    """The large table is theirs."""
    page = page_of(operated())
    assert [section.name for section in page.sections] == ["loops"]
    assert len(page.sections[0].charts) == 3
    assert page.sections[0].tables == ()
    assert page.table.columns[1].header == "theme"
    html = html_of(operated())
    for text in ("What event loops do", "not supported", "uvloop: udp-sock", "median late 577"):
        assert text in html


def test_page_of_both_has_the_tables_of_operations_in_their_section():
    """The large table is the crawls'."""
    page = page_of(operated(with_crawls=True))
    names = [section.name for section in page.sections]
    assert names.index("ratios") < names.index("loops") < names.index("phases")
    (loops,) = [section for section in page.sections if section.name == "loops"]
    assert [table.title.rpartition(" ")[2] for table in loops.tables] == [
        "scheduling",
        "tcp",
        "timers",
    ]
    html = html_of(operated(with_crawls=True))
    assert "udp-sock" in html
    assert "Where the time goes" in html


def test_refusal_is_no_trouble_with_a_traceback():
    """Details belong to the invalid cells beside it."""
    wrong = Failure("tcp-protocol-1k/uvloop", 1, "wrong", "Traceback: x")
    page = page_of(operated(failures=[REFUSED, wrong]))
    details = {trouble.label: trouble.detail for trouble in page.troubles if trouble.detail}
    assert details == {"invalid": "Traceback: x"}


def test_names_of_strangers_are_text():
    """In a heat map's names and data, in the table, and nowhere as markup."""
    facts = make_facts(HOSTILE, theme=HOSTILE, about=HOSTILE, counts=HOSTILE)
    session = make_operations_session(make_operations_plan(facts, loops=("asyncio", HOSTILE)))
    (chart,) = charts_of(session)
    assert set(chart.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert HOSTILE not in json.dumps(chart.spec)
    ((row,),) = chart.data.values()
    assert (row["operation"], row["loop"]) == (HOSTILE, HOSTILE)
    html = html_of(session)
    assert "<script>hacked" not in html
    assert "<img" not in html.partition("<main")[2].partition("</main>")[0]
    assert "&lt;img src=x" in html


def test_fields_without_any_answer_are_not_drawn():
    """A session that was cut short after its first round: the table has what was measured."""
    plan = make_operations_plan(make_facts("lock"), make_facts("event"))
    page = page_of(make_operations_session(plan, rounds=1))
    (section,) = page.sections
    assert (section.name, section.charts, section.lead) == ("loops", (), "")
    assert section.missing.startswith("No pair has an answer yet")
    assert len(page.table.rows) == 4
    assert page_of(operated()).sections[0].missing == ""


def test_method_is_that_of_what_was_measured():
    """Operations share a process, and crawls do not."""
    shared = (
        "In each round every event loop has a fresh process, in which its operations take turns"
    )
    assert page_of(operated()).method.startswith(shared)
    assert page_of(operated(with_crawls=True)).method.startswith("Every cell has worker processes")


def test_option_of_a_command_in_a_sentence_is_not_broken():
    """On a narrow screen, after its first hyphen."""
    plan = make_operations_plan(make_facts("lock"))
    html = html_of(make_operations_session(plan, rounds=1))
    assert '<span class="option">--resume</span>' in html
    assert ".option{white-space:nowrap}" in html
