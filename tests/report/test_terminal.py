"""A session on a terminal: nothing cut, nothing read as markup."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from crawlbench.base.records import Cell, Ending, Failure, WarningNote
from crawlbench.report.table import Table, columns_of
from crawlbench.report.tables import ANSWER, COST, TIME
from crawlbench.report.terminal import Detail, render_table
from tests.report.sessions import concluded, make_comparison, make_summary, shipped
from tests.report.views import group_tables, render_terminal
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

NARROW = """\
site on net, 40 ms round trip, concurrency 10
strategy  loop     per crawl  ratio  interval        verdict   0.49           1
────────────────────────────────────────────────────────────────────────────────
fast      uvloop    250.0 ms  0.500  0.490 to 0.510  faster    ●┤             ┊
equal     asyncio   498.0 ms  0.999  0.995 to 1.003  same                     ●
base      -         500.0 ms      1  -               baseline                 ┊
base      -         502.0 ms  1.004  0.994 to 1.014  control                  ●
broken    -                -      -  -               invalid                  ┊
time best: fast on uvloop; slower: equal on asyncio (2.0 times) and base (2.0
     times)

invalid broken/-/lxml/c10/net/site: wrong answer: rank 1 is missing
        (calibration, in warmup 1)

On net, fast on uvloop is 2.0 times as fast as base; equal on asyncio takes 2.0
times as long.
1 invalid cell needs your attention.
"""
WIDE = """\
site on net, 40 ms round trip, concurrency 10
strategy  loop     per crawl  ratio  interval        verdict   pages/s      CPU      peak  conns  in flight    user  system  parse    wait  limit  mirror  0.49                                 1
───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
fast      uvloop    250.0 ms  0.500  0.490 to 0.510  faster         40  62.5 ms  40.0 MiB      4          3   50 ms   12 ms  25 ms  188 ms      -    10 %  ├●┤                                 ·┊
equal     asyncio   498.0 ms  0.999  0.995 to 1.003  same           20   124 ms  40.0 MiB      4          3  100 ms   25 ms  50 ms  374 ms      -    10 %                                      ●┤
base      -         500.0 ms      1  -               baseline       20   125 ms  40.0 MiB      1          1  100 ms   25 ms  50 ms  375 ms      -    10 %                                      ·┊
base      -         502.0 ms  1.004  0.994 to 1.014  control        20   126 ms  40.0 MiB      1          1  100 ms   25 ms  50 ms  376 ms      -    10 %                                      ├●
broken    -                -      -  -               invalid         -        -         -      -          -       -       -      -       -      -       -                                      ·┊
"""  # noqa: E501


BARS = re.compile("[├─┤●┊·]")


def show(session, width, detail=Detail.VERBOSE, **settings):
    """Return what a console of that width prints."""
    options = {"file": io.StringIO(), "highlight": False, "legacy_windows": False}
    console = Console(width=width, **{**options, **settings})
    console.print(render_terminal(session, width, detail=detail))
    return console.file.getvalue()


def shown_lines(session, width, detail=Detail.VERBOSE):
    return [line.rstrip() for line in show(session, width, detail).splitlines()]


def cells_of(line):
    """Return a row's cells, which are two blanks or one apart, without the blanks."""
    return "".join(line.split())


def test_terminal_of_80_columns_ends_with_the_answer():
    """Literal text for fixed numbers."""
    assert shown_lines(concluded(), 80, Detail.USUAL) == NARROW.splitlines()


def test_wide_terminal_shows_a_line_per_cell():
    """Literal text for fixed numbers."""
    assert shown_lines(concluded(), 200)[:8] == WIDE.splitlines()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"spread": 0.0001, "margin": 0.0},
        {"spread": 0.3, "rounds": 2},
        {"spread": 0.02, "rounds": 3},
    ],
    ids=["quiet", "silent", "wild", "restless"],
)
@pytest.mark.parametrize(("width", "parts"), [(80, 3), (140, 3), (160, 1), (220, 1)])
def test_shipped_strategies_fit_without_a_cut_or_folded_cell(settings, width, parts):
    """Every row is one line that holds all of its cells."""
    session = shipped(**settings)
    lines = shown_lines(session, width)
    assert max(map(cell_len, lines)) <= width
    assert not any("…" in line for line in lines)
    whole = (*ANSWER, *COST[2:], *TIME[2:])
    shown = [whole] if parts == 1 else [ANSWER, COST, TIME]
    compact = [cells_of(BARS.sub("", line)) for line in lines]
    for table in group_tables(session):
        for headers in shown:
            picked = table.pick(headers)
            header = cells_of("".join(column.header for column in picked.columns))
            assert any(line.startswith(header) for line in compact)
            for row in picked.rows:
                assert cells_of("".join(row)) in compact


def test_time_of_the_longest_name_takes_80_columns_at_the_most():
    """With two digits, the widest that a part of a time or a share can be."""
    cell = Cell("s", "net", "aiohttp-session-per-request", "asyncio", "lxml", 100)
    summary = make_summary(
        cell,
        cpu_user_s=0.0358,
        cpu_system_s=0.00116,
        parse_s=0.0258,
        wait_s=0.0000393,
        of_limit=1.0,
        server_share=0.12,
    )
    plan = make_plan(cells=(cell,), baselines={cell.group: cell.name})
    lines = shown_lines(concluded(plan=plan, summaries=(summary,), comparisons=(), controls=()), 80)
    assert (
        "aiohttp-session-per-request  asyncio  36 ms  1.2 ms  26 ms  39 µs  100 %    12 %" in lines
    )


def test_one_line_per_cell_needs_the_width_for_all_of_it():
    """One column less, and the table is in parts: the answer with its bars, cost, time."""
    whole = group_tables(concluded())[0].pick((*ANSWER, *COST[2:], *TIME[2:]))
    columns = zip(*whole.rows, [column.header for column in whole.columns], strict=True)
    width = sum(max(map(cell_len, column)) for column in columns) + len(whole.columns) - 1
    starts = [
        sum(line.startswith("strategy") for line in shown_lines(concluded(), columns))
        for columns in (width, width - 1)
    ]
    assert starts == [1, 3]  # all in one; answer with bars, cost, time


def test_terminal_too_narrow_for_a_row_loses_no_letter():
    """Cells are folded, down to widths that nobody has."""
    session = shipped(networks=("wan",), concurrency=(1, 50))
    text = show(session, 44)
    assert "…" not in text
    assert max(map(cell_len, text.splitlines())) <= 44
    letters = set("".join(text.split()))
    assert letters >= set("aiohttp-session-per-request")
    assert text.count("c50") >= 3 * 7  # no room for bars


def test_several_concurrencies_are_told_apart_at_80_columns():
    """The longest name with its concurrency still stands in one line."""
    lines = shown_lines(shipped(networks=("wan",), concurrency=(1, 10, 50)), 80)
    for number in (1, 10, 50):
        start = f"aiohttp-session-per-request c{number} "
        assert len([line for line in lines if line.startswith(start)]) >= 3 * 2


def test_output_that_is_no_terminal_has_no_escape_codes():
    """Text alone, for pipes and files."""
    assert "\x1b" not in show(shipped(), 80)


def test_terminal_has_colours_for_verdicts_only():
    """A strategy that is called `faster` is not painted."""
    named = other("faster")
    session = concluded(
        plan=make_plan(named),
        summaries=tuple(make_summary(c) for c in (BASELINE, named, CONTROL)),
        comparisons=(make_comparison(named),),
        failures=(),
    )
    text = show(session, 160, force_terminal=True, color_system="standard", no_color=False)
    line = next(line for line in text.splitlines() if line.startswith("faster"))
    assert line.count("\x1b[32mfaster") == 1


@pytest.mark.parametrize(
    "text", ["[bold]x[/]", "[/]", "[red]", "[link=x]y[/link]", ":smile:", "\\["]
)
def test_markup_of_strangers_is_shown_as_it_is(text):
    """In names, reasons and warnings; an unbalanced tag is no error."""
    cell, failed = other(text), other("failed")
    session = concluded(
        plan=make_plan(cell, failed, suite=text),
        summaries=tuple(make_summary(c) for c in (BASELINE, cell, CONTROL)),
        comparisons=(make_comparison(cell), make_comparison(failed, None)),
        failures=(Failure(failed.name, 1, f"raised {text}"),),
        warnings=(WarningNote("x", f"warned {text}"),),
        networks={"net": {}},
    )
    shown = show(session, 118)
    for expected in (f"\n{text} ", f"raised {text}", f"warned {text}", f"suite {text},"):
        assert expected in shown


@pytest.mark.parametrize(("width", "is_listed"), [(200, False), (80, True), (30, False)])
def test_long_names_are_listed_above_a_table_that_they_would_splinter(width, is_listed):
    """Whole where there is room for the rest of the row, and folded as ever where there is none."""
    names = [f"{way}/asyncio/lxml/c10/loopback/douban-top250" for way in ("a", "b")]
    columns = columns_of("cell, beside, ratio:, interval, verdict")
    rows = ((*names, "1.000", "0.918 to 1.089", "unclear"), (names[0], "-", "2", "-", "slower"))
    console = Console(width=width, file=io.StringIO())
    console.print(render_table(Table("", columns, rows), width))
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert ([["1", names[0]], ["2", names[1]]] == lines[:2]) is is_listed
    if is_listed:
        assert lines[2] == ["cell", "beside", "ratio", "interval", "verdict"]
        assert lines[4] == ["1", "2", "1.000", "0.918", "to", "1.089", "unclear"]
        assert lines[5] == ["1", "-", "2", "-", "slower"]


def test_long_reason_folds_within_its_column():
    """Words wrap, a word that is longer than the line is broken, nothing is lost."""
    reason = "hung at " + "/very/long/path" * 20 + " and then " + "word " * 40 + "end"
    session = concluded(failures=(Failure(BASELINE.name, 1, reason),))
    lines = shown_lines(session, 80)
    assert max(map(cell_len, lines)) <= 80
    start = next(n for n, line in enumerate(lines) if line.startswith("invalid"))
    stop = next(n for n, line in enumerate(lines) if n > start and not line.startswith(" " * 9))
    assert cells_of("".join(line[9:] for line in lines[start:stop])).endswith(cells_of(reason))


def test_wide_characters_keep_the_lines_within_the_terminal():
    """Chinese takes two columns a character."""
    session = concluded(failures=(Failure(BASELINE.name, 1, "肖申克的救赎" * 30),))
    assert max(map(cell_len, show(session, 80).splitlines())) <= 80


def test_session_without_rounds_can_be_shown():
    """Interrupted in its calibration."""
    text = show(make_session(make_plan(), [], ending=Ending.INTERRUPTED), 80)
    assert "no values" in text
    assert "it was interrupted" in " ".join(text.split())
