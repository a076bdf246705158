"""The tables of a session: which rows, in which order, told apart by what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.records import Control, Failure, Obstacle, Verdict
from crawlbench.report.tables import ANSWER, COST, TIME
from tests.report.sessions import (
    BROKEN,
    EQUAL,
    FAST,
    concluded,
    make_comparison,
    make_summary,
    shipped,
)
from tests.report.views import group_tables
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other


def only_table(session):
    (table,) = group_tables(session)
    return table


def concluded_of(plan, seconds):
    """Return a session with these seconds by cell; the other cells have no values."""
    compared = [c for c in seconds if c not in (BASELINE, CONTROL)]
    return concluded(
        plan=plan,
        summaries=tuple(make_summary(cell, value) for cell, value in seconds.items()),
        comparisons=tuple(make_comparison(cell) for cell in compared),
    )


def column(table, header):
    return [row[0] for row in table.pick((header,)).rows]


def test_table_has_a_row_per_cell_with_all_that_was_found():
    """Literal text for fixed numbers."""
    table = only_table(concluded())
    assert table.title == "site on net, 40 ms round trip, concurrency 10"
    assert [c.header for c in table.columns] == [
        *(*ANSWER[:2], "network", *ANSWER[2:], "slow laps", *COST[2:], *TIME[2:]),
        *("beyond imports", "on the wire", "switches"),
    ]
    assert [" | ".join(row) for row in table.rows] == [
        "fast | uvloop | net | 250.0 ms | 0.500 | 0.490 to 0.510 | faster"
        " | - | 40 | 62.5 ms | 40.0 MiB | 4 | 3"
        " | 50 ms | 12 ms | 25 ms | 188 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11",
        "equal | asyncio | net | 498.0 ms | 0.999 | 0.995 to 1.003 | same"
        " | - | 20 | 124 ms | 40.0 MiB | 4 | 3"
        " | 100 ms | 25 ms | 50 ms | 374 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11",
        "base | - | net | 500.0 ms | 1 | - | baseline | - | 20 | 125 ms | 40.0 MiB | 1 | 1"
        " | 100 ms | 25 ms | 50 ms | 375 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11",
        "base | - | net | 502.0 ms | 1.004 | 0.994 to 1.014 | control"
        " | - | 20 | 126 ms | 40.0 MiB | 1 | 1"
        " | 100 ms | 25 ms | 50 ms | 376 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11",
        "broken | - | net | - | - | - | invalid" + " | -" * 15,
    ]


def test_fastest_cell_comes_first_and_invalid_ones_last():
    """Cells without values stand between them; equals keep the order of the plan."""
    first, second, silent = other("first"), other("second"), other("silent")
    plan = make_plan(BROKEN, silent, second, first)
    session = concluded_of(plan, {first: 0.1, second: 0.2, BASELINE: 0.2, CONTROL: 0.3})
    table = only_table(session)
    assert column(table, "strategy") == ["first", "base", "second", "base", "silent", "broken"]
    assert column(table, "verdict")[-2:] == ["no values", "invalid"]


def test_baseline_is_1_and_the_control_shows_its_noise():
    """The baseline needs no interval; the control has the noise floor's."""
    rows = {row[6]: row for row in only_table(concluded()).rows}
    assert rows["baseline"][4:6] == ("1", "-")
    assert rows["control"][4:6] == ("1.004", "0.994 to 1.014")


def test_invalid_cell_shows_no_number_at_all():
    """Neither a time nor what it cost."""
    row = only_table(concluded()).rows[-1]
    assert set(row) == {"broken", "net", "invalid", "-"}


def test_cell_that_is_not_compared_is_a_reference():
    """It has a time and a cost, no ratio and no verdict."""
    session = concluded()
    table = only_table(replace(session, comparisons=session.comparisons[1:]))
    assert table.rows[0][:7] == ("fast", "uvloop", "net", "250.0 ms", "-", "-", "reference")


def test_invalid_baseline_and_control_are_rows_too():
    """Nothing is judged then, and the table says so row by row."""
    failures = tuple(Failure(c.name, 1, "crashed") for c in (BASELINE, CONTROL))
    session = concluded(
        plan=make_plan(FAST),
        failures=failures,
        summaries=(make_summary(FAST),),
        comparisons=(make_comparison(FAST, None, Verdict.UNCLEAR, obstacle=Obstacle.FAILED),),
        controls=(Control("site/net", 0, None, None, None),),
    )
    table = only_table(session)
    assert column(table, "verdict") == ["unclear", "invalid", "invalid"]
    assert column(table, "ratio") == ["-", "-", "-"]
    assert column(table, "per crawl") == ["500.0 ms", "-", "-"]


def test_control_without_an_interval_shows_a_dash():
    """As after a single round."""
    controls = (Control("site/net", 1, None, None, None),)
    (row,) = [r for r in only_table(concluded(controls=controls)).rows if r[6] == "control"]
    assert row[4:6] == ("-", "-")


def test_session_without_rounds_has_rows_without_values():
    """It was interrupted in its calibration, or is just starting."""
    table = only_table(make_session(make_plan(FAST), []))
    assert column(table, "verdict") == ["no values"] * 3
    assert column(table, "per crawl") == ["-"] * 3


def test_memory_that_is_not_known_is_a_dash():
    """Where the system does not tell it."""
    summaries = tuple(replace(s, peak_rss_bytes=None) for s in concluded().summaries)
    assert column(only_table(concluded(summaries=summaries)), "peak") == ["-"] * 5


def test_limit_is_shown_where_a_reference_tells_it():
    """In whole percents; the mirror's share always is."""
    summaries = tuple(replace(s, of_limit=0.904) for s in concluded().summaries)
    table = only_table(concluded(summaries=summaries))
    assert column(table, "limit") == ["90 %"] * 4 + ["-"]
    assert column(table, "mirror") == ["10 %"] * 4 + ["-"]


def test_each_network_has_a_table_of_its_own():
    """Cells on different networks are not compared."""
    tables = group_tables(shipped())
    assert [table.title for table in tables] == [
        "douban-top250 on loopback, 40 ms round trip, concurrency 10",
        "douban-top250 on wan, 40 ms round trip, concurrency 10",
    ]
    assert [set(column(table, "network")) for table in tables] == [{"loopback"}, {"wan"}]
    assert {len(table.rows) for table in tables} == {8}


def test_network_without_delay_has_no_round_trip_in_the_title():
    """0 ms would be a claim that no network keeps."""
    session = concluded(networks={"net": {"round_trip_s": 0.0}})
    assert only_table(session).title == "site on net, concurrency 10"


@pytest.mark.parametrize(
    ("changes", "names", "title_end"),
    [
        ({"concurrency": 50}, {"base c10", "base c50"}, "concurrency 10, 50"),
        ({"parser": "html5"}, {"base lxml", "base html5"}, "concurrency 10"),
        (
            {"parser": "html5", "concurrency": 1},
            {"base lxml c10", "base html5 c1"},
            "concurrency 1, 10",
        ),
        ({"environment": "py314"}, {"base", "base @py314"}, "concurrency 10"),
        ({"event_loop": "uvloop"}, {"base"}, "concurrency 10"),
    ],
)
def test_cells_are_told_apart_by_what_they_differ_in(changes, names, title_end):
    """The name has the parser, the concurrency or the environment only where there are several."""
    twin = replace(BASELINE, **changes)
    table = only_table(concluded_of(make_plan(twin), {BASELINE: 0.5, twin: 0.4, CONTROL: 0.5}))
    assert set(column(table, "strategy")) == names
    assert table.title.endswith(title_end)
    shown = [row[:2] for row in table.rows if row[6] != "control"]
    assert len(set(shown)) == 2


def test_all_rows_are_as_long_as_the_columns():
    """In every state that a cell can be in."""
    for table in [only_table(concluded()), *group_tables(make_session(make_plan(FAST, EQUAL), []))]:
        assert {len(row) for row in table.rows} == {len(table.columns)}


@pytest.mark.parametrize(
    ("model", "cpus", "name"),
    [
        ("threads", (0,), "fast on 1 CPU"),
        ("event loop, threads of Rust", (0,), "fast on 1 CPU"),
        ("event loop, processes for parsing", (0,), "fast on 1 CPU"),
        ("threads", (0, 1), "fast"),
        ("threads", (), "fast"),  # held to none
        ("one thread", (0,), "fast"),
        ("event loop", (0,), "fast"),
    ],
)
def test_row_that_could_use_more_than_its_one_cpu_says_so(model, cpus, name):
    """Whoever reads that threads are slow must see on how much they ran."""
    session = concluded(models={"fast": model})
    session = replace(session, machine=replace(session.machine, worker_cpus=cpus))
    assert only_table(session).rows[0][0] == name


def test_version_of_http_is_a_column_where_it_was_counted():
    """Sessions of before did not count it."""
    session = concluded()
    first, *others = session.summaries
    spoken = (replace(first, http="1.1"), *(replace(one, http="2") for one in others))
    table = only_table(replace(session, summaries=spoken))
    assert column(table, "HTTP") == ["2", "2", "1.1", "2", "-"]
    assert "HTTP" not in [one.header for one in only_table(session).columns]
