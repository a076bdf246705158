"""Two sessions as a table: which rows, in which order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from crawlbench.base.records import Cell, Obstacle, Quantity, Verdict
from crawlbench.report.changes import changes_table, tell_comparison
from crawlbench.stats.change import Change, Seen, Way
from crawlbench.stats.compare import SessionComparison
from crawlbench.stats.history import make_history
from crawlbench.stats.interval import Interval
from crawlbench.stats.judge import judge
from crawlbench.stats.rows import Compared
from crawlbench.stats.timeline import CellHistory, History, LeftOut, Point
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other


def change(name, estimate=0.0, verdict=Verdict.SAME, width=0.01, times=(0.5, 0.5)):
    """Return the change of one cell; an estimate of None for one that could not be made."""
    ways = ()
    if estimate is not None:
        interval = Interval(estimate - width, estimate + width)
        ways = (Seen(Way.PLAIN, estimate, interval, verdict),)
    return Change(other(name).name, *times, 10, verdict, ways)


def rows(*changes):
    """Return the table's rows."""
    return changes_table(changes, "head against base").rows


def told(*changes):
    """Return the cells that scripts read."""
    compared = Compared(Quantity.TIME, changes, (), {})
    found = tell_comparison(SessionComparison({Quantity.TIME: compared}, (), ()))
    return [one["cell"] for one in found["changes"]]


def test_row_has_both_times_and_their_ratio():
    """Literal text for fixed numbers."""
    (row,) = rows(change("fast", 0.0953, Verdict.SLOWER, times=(0.5, 0.275)))
    assert row[:5] == ("fast/-/lxml/c10/net/site", "500 ms", "275 ms", "1.100", "1.089 to 1.111")
    assert row[5:] == ("-", "-", "slower")


def test_largest_change_comes_first_in_either_direction():
    """Those without an estimate come last; equals keep their order, for scripts too."""
    changes = (
        change("invalid", None, Verdict.INVALID),
        change("small", 0.01),
        change("twin", -0.01),
        change("faster", -0.7, Verdict.FASTER),
        change("slower", 0.2, Verdict.SLOWER),
        change("gone", None, Verdict.INVALID),
    )
    names = ["faster", "slower", "small", "twin", "invalid", "gone"]
    assert [row[0].partition("/")[0] for row in rows(*changes)] == names
    assert [cell.partition("/")[0] for cell in told(*changes)] == names


def test_change_that_could_not_be_told_shows_the_times_that_there_are():
    """No ratio stands where there is no estimate."""
    (row,) = rows(change("x", None, Verdict.INVALID, times=(0.5, None)))
    assert row[1:] == ("500 ms", *["-"] * 5, "invalid")


def test_interval_that_is_wider_than_tenfold_shows_no_ratio():
    """As in a session's own table."""
    (row,) = rows(change("x", 0.1, Verdict.UNCLEAR, width=1.5))
    assert row[3:] == ("-", "too wide", "-", "-", "unclear")


def test_sessions_without_changes_give_a_table_without_rows():
    """All rows are as long as the columns, if there are any."""
    assert rows() == ()


def test_two_sessions_show_plain_and_normalised_beside_each_other():
    """A verdict needs both."""
    ways = (
        Seen(Way.PLAIN, 0.0, Interval(-0.05, 0.05), Verdict.UNCLEAR),
        Seen(Way.NORMALISED, -0.14, Interval(-0.2, -0.08), Verdict.FASTER),
    )
    found = Change("x", 0.5, 0.5, 10, Verdict.UNCLEAR, ways)
    table = changes_table([found], "head against base")
    assert [c.header for c in table.columns] == [
        *("cell", "base", "head", "plain", "interval", "normalised", "interval", "verdict"),
    ]
    assert table.rows[0][3:] == (
        *("1.000", "0.951 to 1.051", "0.869", "0.819 to 0.923", "unclear"),
    )


def test_history_tells_cells_that_are_absent_from_those_with_few_sessions():
    """One will be judged in a while, and the other never."""
    pytest.importorskip("altair")
    from crawlbench.report.history_page import history_answers, history_page

    point = Point("old", "2026-01-01T00:00:00+00:00", 0.1, Interval(0.0, 0.2), 0)
    lines = tuple(CellHistory(name, "group", (point,), ()) for name in ("few", "gone"))
    history = History(("old", "new"), lines, (), (), unjudged=("few", "gone"), absent=("gone",))
    assert [(one.label, one.text) for one in history_page(history).troubles] == [
        ("not judged", "few: too few sessions on one machine to detect a change"),
        ("not judged", "gone: it has no value in the newest session"),
    ]
    (told,) = history_answers(replace(history, lines=lines[1:], unjudged=("gone",)))
    assert told == "No cell has a value in the newest session, so none could be judged up to it."


def test_history_says_which_cells_are_not_in_each_session():
    """One that was added later failed nowhere, yet not every cell has a point in each."""
    pytest.importorskip("altair")
    from crawlbench.report.history_page import history_answers, history_page

    draw = random.Random(1)

    def session(day, *cells):
        every = (BASELINE, CONTROL, *cells)
        rounds = [{cell: [draw.gauss(1, 0.001)] * 2 for cell in every} for _ in range(5)]
        created = f"2026-01-{day:02}T00:00:00+00:00"
        return judge(make_session(make_plan(*cells), rounds, created=created))

    old, new = other("old"), other("new")
    steady = {str(day): session(day, old) for day in range(1, 6)}
    page = history_page(make_history(steady, 0.01, 0.95))
    assert (page.troubles, page.subtitle) == ((), "5 sessions, 1 to 5")
    assert [one.text for one in page.answer] == ["The cell did not change over 5 sessions."]
    grown = {**steady, **{str(day): session(day, old, new) for day in range(6, 10)}}
    history = make_history(grown, 0.01, 0.95)
    assert [(one.label, one.text) for one in history_page(history).troubles] == [
        ("not in each", f"{new.name}: measured in 4 of 9 sessions")
    ]
    assert history_answers(history)[0] == "None of them changed over 9 sessions."
    # What a session measured and could not use is left out with a reason, and told as that.
    left = LeftOut("1", new.name, Obstacle.FEW_ROUNDS)
    every = replace(history, sessions=history.sessions[:5], left_out=(left,), further=())
    assert {one.label for one in history_page(every).troubles} == {"left out"}
    alone = history_page(make_history({"1": steady["1"]}, 0.01, 0.95))
    assert alone.subtitle == "1 session, 1"
    assert alone.answer[0].text.startswith("Whether the cell changed cannot be judged yet")


@pytest.mark.parametrize(
    ("cell", "series"),
    [
        (other("fast", "uvloop"), "fast/uvloop/lxml/c10"),
        (replace(other("fast"), environment="3.14t"), "fast/-/lxml/c10/@3.14t"),
        (replace(other("fast"), site="net", network="site"), "fast/-/lxml/c10"),
        (Cell.of_operation("lock", "uvloop"), "uvloop"),
        (replace(Cell.of_operation("lock", "uvloop"), environment="head"), "uvloop/@head"),
        (replace(other("fast"), environment="head", versus=True), "@head"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_line_is_named_by_what_its_chart_does_not_say(cell, series):
    """In an environment, too: the title has site and network."""
    pytest.importorskip("altair")
    from crawlbench.report.charts.history import history_charts

    points = tuple(
        Point(name, f"2026-01-0{name}T00:00:00+00:00", 0.1, Interval(0.0, 0.2), 0) for name in "12"
    )
    history = History(("1", "2"), (CellHistory(cell.name, cell.group, points, ()),), (), ())
    (chart,) = history_charts(history)
    assert {row["series"] for row in chart.data[chart.name.removeprefix("chart-")]} == {series}


def test_interval_that_says_nothing_does_not_stretch_the_axis_of_a_history():
    """That of two rounds may reach from 1e-260 to 1e260; the point is drawn all the same."""
    pytest.importorskip("altair")
    from crawlbench.report.charts.history import history_charts

    cell, intervals = other("fast"), (Interval(0.0, 0.2), Interval(-600, 600))
    points = tuple(
        Point(str(day), f"2026-01-0{day}T00:00:00+00:00", 0.1, interval, 0)
        for day, interval in enumerate(intervals, 1)
    )
    history = History(("1", "2"), (CellHistory(cell.name, cell.group, points, ()),), (), ())
    (chart,) = history_charts(history)
    usual, wide = chart.data[chart.name.removeprefix("chart-")]
    assert usual["low"] < usual["ratio"] < usual["high"]
    assert wide["low"] == wide["ratio"] == wide["high"]
