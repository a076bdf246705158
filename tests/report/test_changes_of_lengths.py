"""Two sessions of two lengths, as tables, notes, JSON and the library's rows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity
from crawlbench.library.comparison import Comparison
from crawlbench.report.changes import (
    comparison_notes,
    comparison_tables,
    tell_comparison,
    why_not_compared,
)
from crawlbench.stats.compare import compare_sessions
from crawlbench.stats.history import make_history
from tests.stats.test_between_lengths import CELL, ONE, OTHER, measured, wavering

TITLES = [
    "head against base",
    "head against base, CPU time",
    "head against base, time per page",
    "head against base, time to begin",
    "head against base, CPU time per page",
]


@pytest.fixture(scope="module")
def found():
    """Return the comparison of a head that begins 100 ms later."""
    return compare_sessions(measured(), measured(begin_s=0.20), 0.05)


def test_each_quantity_has_a_table(found):
    tables = {table.title: table for table in comparison_tables(found)}
    assert list(tables) == TITLES
    row = next(r for r in tables["head against base, time to begin"].rows if r[0] == CELL.name)
    assert row[1].endswith("ms")
    assert row[3].startswith("+")
    assert row[3].endswith(" ms")
    assert " to +" in row[4]
    assert row[-1] == "slower"


def test_json_has_ratios_of_pages_and_seconds_of_the_beginning(found):
    told = json.loads(json.dumps(tell_comparison(found)))
    page = next(one for one in told["per_page_changes"] if one["cell"] == CELL.name)
    begin = next(one for one in told["to_begin_changes"] if one["cell"] == CELL.name)
    assert page["ways"]["plain"]["ratio"] == pytest.approx(1.0, abs=0.02)
    assert begin["ways"]["plain"]["more_s"] == pytest.approx(0.10, abs=0.01)
    assert "ratio" not in begin["ways"]["plain"]
    assert (page["verdict"], begin["verdict"]) == ("unclear", "slower")
    assert told["cpu_per_page_changes"]
    assert len(told["changes"]) == 2


def test_json_of_one_length_has_none_of_it():
    told = tell_comparison(compare_sessions(measured(plan=ONE), measured(plan=ONE), 0.05))
    assert told["changes"]
    assert told["per_page_changes"] == told["to_begin_changes"] == []


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        (None, ONE, "site/net: the head crawled one length, so nothing is compared per page"),
        (ONE, None, "site/net: the base crawled one length, so nothing is compared per page"),
        (None, OTHER, "the base crawled 10 and 100 pages, and the head 20 and 100 pages, so"),
    ],
)
def test_a_side_without_the_lengths_is_a_sentence(base, head, said):
    """So is why a gate cannot be held; one of whole crawls can."""
    unlike = compare_sessions(measured(plan=base), measured(plan=head), 0.05)
    assert any(said in note for note in comparison_notes(unlike))
    assert said in why_not_compared(unlike, Quantity.PAGE)
    assert why_not_compared(unlike, Quantity.TIME) == ""
    assert why_not_compared(unlike, Quantity.CPU) == ""


def test_a_side_without_cpu_time_is_a_sentence():
    old = compare_sessions(measured(has_cpu=False), measured(), 0.05)
    said = "the base has no exact CPU time"
    assert any(note.startswith(said) for note in comparison_notes(old))
    for quantity in (Quantity.CPU, Quantity.CPU_PAGE):
        assert why_not_compared(old, quantity) == said
    assert why_not_compared(old, Quantity.PAGE) == ""
    neither = compare_sessions(measured(has_cpu=False), measured(has_cpu=False), 0.05)
    for quantity in (Quantity.CPU, Quantity.CPU_PAGE):
        assert why_not_compared(neither, quantity) == "neither session has an exact CPU time"


def test_an_obstacle_is_told_with_its_quantity():
    flat = compare_sessions(measured(), measured(page_s=0.0), 0.05)
    said = f"{CELL.name} (time per page): unclear: in many laps the longer crawl took no longer"
    assert any(note.startswith(said) for note in comparison_notes(flat))


def test_library_has_a_row_for_each_quantity(found):
    """With seconds where there is no ratio."""
    every = Comparison(found).by
    assert every["time"] == Comparison(found).changes
    rows = {one.quantity: one for of in every.values() for one in of if one.cell == CELL.name}
    assert list(rows) == ["time", "CPU", "per page", "to begin", "CPU per page"]
    begin = rows["to begin"]
    assert (begin.ratio, begin.ratio_low, rows["per page"].more_s) == (None, None, None)
    assert begin.more_s == pytest.approx(0.10, abs=0.01)
    assert " ms in time to begin (" in str(Comparison(found))
    assert " times the time per page (" in str(Comparison(found))
    assert "time to begin" in Comparison(found)._repr_html_()
    with pytest.raises(UsageError, match="'pages'; they were by: time, CPU, per page, to begin,"):
        Comparison(found).to_pandas("pages")


def test_history_tells_each_quantity_in_a_sentence_and_a_table():
    pytest.importorskip("altair")
    from crawlbench.report.history_page import changes_table, history_answers

    sessions = {
        f"day-{day:02}": replace(one, created=f"2026-01-{day:02}T00:00:00+00:00")
        for day, one in enumerate([*wavering(5), *wavering(5, begin_s=0.20)], 1)
    }
    history = make_history(sessions, 0.02, 0.95)
    answers = history_answers(history)
    assert len(answers) == len(Quantity)
    begin = next(one for one in history.further if one.quantity is Quantity.BEGIN)
    assert any(a.startswith("Time to begin: 1 of 1 cell changed before, once") for a in answers)
    table = changes_table(begin)
    assert table.title == "Changes, time to begin"
    assert [column.header for column in table.columns][2] == "more than before"
    assert table.rows[0][2].startswith("+")
    assert table.rows[0][2].endswith(" ms")


def test_history_page_has_a_section_for_each_quantity():
    """Each with charts of its own, whose names are of one page."""
    pytest.importorskip("altair")
    from crawlbench.report.history_page import history_page

    sessions = {str(n): one for n, one in enumerate(wavering(3))}
    page = history_page(make_history(sessions, 0.02, 0.95))
    assert [section.name for section in page.sections] == [
        *("history", "history-cpu", "history-per-page", "history-to-begin"),
        "history-cpu-per-page",
    ]
    names = [chart.name for section in page.sections for chart in section.charts]
    assert len(names) == len(set(names)) == 5
