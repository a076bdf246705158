"""Sessions of two lengths as they are shown: per page first, and to begin beside it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from crawlbench.base.records import Failure, Obstacle, Quantity
from crawlbench.measure.store import load_session
from crawlbench.report.answer import VERSIONS
from crawlbench.report.lengths import tell_beginning, tell_lengths
from crawlbench.report.measures import tell_numbers, tell_size
from crawlbench.report.numbers import format_difference, format_span
from crawlbench.report.pairs import matrix_table, pairs_table
from crawlbench.report.reasons import Setting, explain
from crawlbench.report.repeat import repeat_command
from crawlbench.report.scenario import tell_scenario
from crawlbench.report.standing import find_standing
from crawlbench.report.view import SessionView
from crawlbench.stats.judge import judge
from tests.report.sessions import concluded, make_comparison
from tests.report.views import (
    EXPORTS,
    find_answer,
    find_notes,
    group_tables,
    make_page,
    render_markdown,
    render_terminal,
    results_of,
)
from tests.stats.builders import BASELINE, CONTROL, make_session, other
from tests.stats.lengths import THREE, long, make_two_lengths, three_lengths

QUICK, LIKE = other("quick", "uvloop"), other("like", "asyncio")
COSTS = {BASELINE: (0.010, 0.0010), QUICK: (0.025, 0.0003), LIKE: (0.0102, 0.00102)}
SESSION = judge(make_two_lengths(COSTS, spread=0.002))


def shown(session, width=80, **options):
    """Return what a terminal shows."""
    console = Console(width=width, file=StringIO())
    console.print(render_terminal(session, width, **options))
    return console.file.getvalue()


def test_rows_are_the_cells_and_the_order_is_per_page():
    """A long form has no row; the one that begins late and is fast then comes first."""
    (table,) = group_tables(SESSION)
    assert table.title == "site on net, 40 ms round trip, 10 and 100 pages, concurrency 10"
    rows = table.pick(("strategy", "to begin", "per page", "verdict", "crawl ratio")).rows
    assert [row[0] for row in rows] == ["quick", "base", "base", "like"]
    begin, page, verdict, crawl = rows[0][1:]
    assert re.fullmatch(r"2[45]\.\d+ ms", begin)
    assert re.fullmatch(r"(30\d|29\d)(\.\d+)? µs", page)
    assert verdict == "faster"
    assert crawl.endswith(" slower")


def test_answer_is_per_page_and_tells_beginning_and_parsing_apart():
    """One sentence has all three."""
    text = find_answer(SESSION)[0].text
    assert text.startswith("On net, per page, quick on uvloop is 3.3 times as fast as base: ")
    assert "of it parsing, against" in text
    assert re.search(r"; to begin, 2[45]\.\d+ ms against (9|10)\.\d+ ms", text)


def test_terminal_of_80_columns_holds_the_table():
    """Nothing is folded, and each header is there."""
    text = shown(SESSION)
    header = next(line for line in text.splitlines() if "verdict" in line)
    for name in ("strategy", "loop", "to begin", "per page", "ratio", "interval", "verdict"):
        assert name in header
    assert max(map(len, text.splitlines())) <= 80


def test_brief_terminal_tells_of_pages_and_of_whole_crawls_once():
    """Four quantities with all their remarks would fill two screens."""
    lines = [line for line in shown(SESSION, width=100).splitlines() if " best: " in line]
    assert [line.partition(" best: ")[0].rstrip() for line in lines] == ["per page", "time"]
    assert "best: quick on uvloop" in lines[0]
    assert "best: base" in lines[1]


def test_json_has_both_beside_the_short_crawl():
    """Fields of before keep their meaning; differences are seconds and never ratios."""
    results = results_of(SESSION)
    assert [cell.strategy for cell in results.cells] == ["base", "quick", "like", "base"]
    quick = results.cells[1]
    assert quick.leading == "per page"
    assert (quick.pages, quick.long_pages) == (10, 100)
    assert quick.ratio > 1 > quick.per_page_ratio
    assert quick.per_page_ratio_low < quick.per_page_ratio < quick.per_page_ratio_high
    assert quick.to_begin_more_s == pytest.approx(0.015, abs=0.001)
    assert (quick.verdict, quick.per_page_verdict) == ("slower", "faster")
    assert results.cells[0].per_page_ratio == 1.0
    begins = [pair for pair in results.pairs if pair.quantity == "to begin"]
    assert len(begins) == 3
    assert all(pair.ratio is None and pair.detectable is None for pair in begins)
    assert begins[0].more_low_s < begins[0].more_s < begins[0].more_high_s
    assert {standing.quantity for standing in results.standings} == {"time", "per page", "to begin"}


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_every_format_takes_it(name):
    """No format says anything of a long form."""
    exported = EXPORTS[name](SESSION)
    text = exported if isinstance(exported, str) else json.dumps(exported)
    assert "/long" not in text


def test_csv_has_the_columns():
    """For spreadsheets."""
    header = EXPORTS["csv"](SESSION).splitlines()[0].split(",")
    assert {"to_begin_s", "per_page_s", "per_page_ratio", "to_begin_more_s"} <= set(header)


def test_page_and_markdown_show_them():
    """Pairs to begin are differences."""
    page = make_page(SESSION)
    titles = [
        table.title for section in page.sections for table in (*section.tables, *section.details)
    ]
    assert "net: all pairs, by time to begin" in titles
    assert "net: which cells differ, by time per page" in titles
    assert "to begin | per page |" in render_markdown(SESSION)
    assert any(label == "reading" and "two lengths" in text for label, text in find_notes(SESSION))


@pytest.mark.parametrize(("trip_s", "is_told"), [(0.04, True), (0.0005, False), (0.0, False)])
def test_line_that_waves_bend_is_no_law(trip_s, is_told):
    """Where round trips rule, a cost per page holds between the two lengths."""
    session = replace(SESSION, networks={"net": {"round_trip_s": trip_s}})
    told = [text for label, text in find_notes(session) if label == "reading"]
    assert any(text.startswith("on net a crawl finds pages") for text in told) is is_told


def test_pairs_to_begin_are_differences():
    """With their unit and sign."""
    view = SessionView(SESSION)
    (group,) = view.crawls
    table = pairs_table(view, group, Quantity.BEGIN)
    assert [column.header for column in table.columns][2] == "difference"
    assert re.fullmatch(r"\+1[45]\.\d+ ms", table.rows[0][2])
    assert matrix_table(group).title.endswith("by time per page")


def test_long_form_that_failed_is_told_and_costs_the_row_its_page():
    """The row says invalid, with the reason; its whole crawls stand."""
    failure = Failure(long(QUICK).name, 1, "wrong answer")
    session = judge(make_two_lengths(COSTS, [failure], spread=0.002))
    (table,) = group_tables(session)
    rows = {row[0]: row for row in table.pick(("strategy", "per page", "verdict")).rows}
    assert rows["quick"][1:] == ("-", "invalid")
    assert any("wrong answer" in text for label, text in find_notes(session) if label == "invalid")
    assert results_of(session).cells[1].verdict == "slower"


def test_command_that_repeats_it_names_its_lengths():
    """And of one length, that there was one."""
    assert repeat_command(SESSION).endswith(" --long-form site/net=long")
    assert repeat_command(concluded()).endswith(" --long-form none")


@pytest.mark.parametrize(
    ("low", "high", "number", "interval"),
    [
        (0.001, 0.002, "+1.50 ms", "+1.00 to +2.00 ms"),
        (-0.0001, 0.0003, "+100 µs", "-100 to +300 µs"),
        (-0.25, -0.15, "-200 ms", "-250 to -150 ms"),
        (0.0, 0.0, "+0.0 ns", "+0.0 to +0.0 ns"),
        (1.5, 2.5, "+2.00 s", "+1.50 to +2.50 s"),
    ],
)
def test_differences_have_signs_and_one_unit(low, high, number, interval):
    """Two digits of half the interval."""
    assert format_difference((low + high) / 2, low, high) == number
    assert format_span(low, high) == interval


def test_sizes_of_differences_are_times():
    """A percentage of seconds would mean nothing."""
    assert tell_size(-0.002, Quantity.BEGIN) == "2.00 ms"
    assert tell_size(0.02, Quantity.PAGE) == "2.0 %"
    assert tell_numbers(make_comparison(QUICK, None)) == ("-", "-")


def test_flat_pairs_are_explained():
    """With what would help."""
    found = make_comparison(QUICK, None, obstacle=Obstacle.FLAT)
    assert "a longer form of the site" in explain(found, Setting(0.01))


@pytest.mark.parametrize(
    ("begin", "error", "told"),
    [
        (0.0248, 0.0004, "24.80 ms"),
        (0.00036, 0.0037, "under 4.1 ms"),
        (-0.0029, 0.0051, "under 5.1 ms"),
        (0.0021, 0.0021, "under 4.2 ms"),
        (-0.0121, 0.0004, "-12.10 ms"),
        (0.0021, None, "2.10 ms"),
        (-0.0021, None, "-2.10 ms"),
    ],
)
def test_beginning_that_may_be_nothing_is_told_by_its_upper_end(begin, error, told):
    """Nothing takes less than no time, unless later pages really cost more than the first ones."""
    summary = replace(SESSION.summaries[0], to_begin_s=begin, to_begin_error_s=error)
    assert tell_beginning(summary) == told


def bent():
    """Return a session of three lengths in which `quick` costs twice as much up to the middle."""
    rounds = []
    for number in range(4):
        by_cell = {}
        for cell, page_s, bend in ((BASELINE, 1e-3, 0), (CONTROL, 1e-3, 0), (QUICK, 5e-4, 1)):
            shift = 1 + number / 1000
            by_cell[cell] = [0.02 * shift]
            by_cell[cell.lengthened(THREE.middle)] = [(0.02 + 20 * page_s * (1 + bend)) * shift]
            by_cell[long(cell)] = [(0.02 + 90 * page_s) * shift]
        rounds.append(by_cell)
    return judge(make_session(three_lengths(QUICK), rounds))


def test_row_off_the_line_says_so_and_has_the_times_instead():
    """In every output: it has no cost per page, but what a crawl of each length took."""
    session = bent()
    (table,) = group_tables(session)
    assert "10, 30 and 100 pages" in table.title
    rows = {row[0]: row for row in table.pick(("strategy", "to begin", "per page", "verdict")).rows}
    assert rows["quick"][1:] == ("no line", "20.0 ms, 40.1 ms, 65.1 ms", "unclear")
    assert rows["base"][2].startswith("1.00")
    for shape in (render_markdown(session), str(make_page(session))):
        assert "no line" in shape
        assert "do not lie on a line" in shape
    assert "no line" in shown(session, 160)
    assert "tests whether they lie on a line" in " ".join(text for _, text in find_notes(session))
    told = {cell["cell"]: cell for cell in json.loads(EXPORTS["json"](session))["cells"]}
    quick = told[QUICK.name]
    assert (quick["is_bent"], quick["per_page_s"], quick["per_page_ratio"]) == (True, None, None)
    assert (quick["pages"], quick["middle_pages"], quick["long_pages"]) == (10, 30, 100)
    assert quick["middle_s"] == pytest.approx(0.04, rel=0.01)
    assert not told[BASELINE.name]["is_bent"]
    assert "=middle,long" in repeat_command(session)


def test_answer_that_must_be_short_tells_of_parsing_where_it_is_most_of_a_page():
    """In README's session it is more than 70 % nearby; far away the network takes its part."""
    session = load_session(Path(__file__).parents[2] / "results" / "default")
    view = SessionView(judge(session), "results/2026-11-28T130000Z-default")
    full = next(one for one in VERSIONS if 0 < one.parsing_from < math.inf)
    full = replace(full, parsing_from=0.7)
    near, far = (tell_scenario(group, full) for group in view.crawls)
    assert near.startswith("on loopback, ")
    assert far.startswith("on wan, ")
    assert re.search(r": \S+ ms, \S+ ms of it parsing, against \S+ ms; to begin, ", near)
    assert re.search(r": \S+ ms against \S+ ms; to begin, ", far)


def test_share_from_which_parsing_is_told():
    """What no page has is not told, however little is asked for."""
    view = SessionView(SESSION)
    (group,) = view.crawls
    standing = find_standing(group)
    share = standing.best.summary.parse_per_page_s / standing.best.summary.per_page_s
    for least, is_told in ((0.0, True), (share, True), (share + 0.01, False), (math.inf, False)):
        told = tell_lengths(group, standing, parsing_from=least)
        assert ("of it parsing" in told) is is_told
    summary = replace(standing.best.summary, parse_per_page_s=0.0)
    best = replace(standing.best, summary=summary)
    assert "parsing" not in tell_lengths(group, replace(standing, best=best))


def test_threads_that_parse_for_longer_than_a_page_takes():
    """On several CPUs their time adds up; "18 ms, 33 ms of it parsing" is no sentence."""
    (group,) = SessionView(SESSION).crawls
    standing = find_standing(group)
    best = standing.best
    summary = replace(best.summary, parse_per_page_s=best.summary.per_page_s * 1.8)
    told = tell_lengths(group, replace(standing, best=replace(best, summary=summary)))
    assert " µs of CPU time parsing, against " in told
