"""A session as Markdown that GitHub shows as it is meant."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from crawlbench.base.records import Failure
from tests.report.sessions import concluded, make_comparison, make_summary, shipped
from tests.report.views import group_tables, render_markdown
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other

EXPECTED = r"""- On net, fast on uvloop is 2.0 times as fast as base; equal on asyncio takes 2.0 times as long.
- 1 invalid cell needs your attention.

### site on net, 40 ms round trip, concurrency 10

| strategy | loop | network | per crawl | ratio | interval | verdict | slow laps | pages/s | CPU | peak | conns | in flight | user | system | parse | wait | limit | mirror | beyond imports | on the wire | switches |
| --- | --- | --- | ---: | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| fast | uvloop | net | 250.0 ms | 0.500 | 0.490 to 0.510 | faster | - | 40 | 62.5 ms | 40.0 MiB | 4 | 3 | 50 ms | 12 ms | 25 ms | 188 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11 |
| equal | asyncio | net | 498.0 ms | 0.999 | 0.995 to 1.003 | same | - | 20 | 124 ms | 40.0 MiB | 4 | 3 | 100 ms | 25 ms | 50 ms | 374 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11 |
| base | - | net | 500.0 ms | 1 | - | baseline | - | 20 | 125 ms | 40.0 MiB | 1 | 1 | 100 ms | 25 ms | 50 ms | 375 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11 |
| base | - | net | 502.0 ms | 1.004 | 0.994 to 1.014 | control | - | 20 | 126 ms | 40.0 MiB | 1 | 1 | 100 ms | 25 ms | 50 ms | 376 ms | - | 10 % | 10.0 MiB | 0.5 KiB | 11 |
| broken | - | net | - | - | - | invalid | - | - | - | - | - | - | - | - | - | - | - | - | - | - | - |

- **time**: best: fast on uvloop; slower: equal on asyncio (2.0 times) and base (2.0 times)

### net: which cells differ

| \# | cell | 1 | 2 | 3 |
| ---: | --- | --- | --- | --- |
| 1 | fast on uvloop | · | \< | \< |
| 2 | equal on asyncio | \> | · | = |
| 3 | base | \> | = | · |

A row against a column: \< takes less, \> takes more, = the same, ? not settled. The fastest comes first.

- **reading**: ratio is a cell's time over the baseline's in the same laps, averaged over the middle half of a round's laps; below 1 is faster. An interval holds at 95 % for its own pair, if you look once (Student's t over rounds). Of all verdicts on one quantity in one group, any is wrong in at most 5 % of sessions (Holm). All of this describes this session only.
- **reading**: CPU, conns, user, system, parse (part of user) and wait are per crawl; in flight is the largest number of requests that the mirror held at once; limit is the shortest possible time (the network's round trips and a client that costs nothing) as a share of the cell's; mirror is the share of the mirror's capacity that the cell used.
- **invalid**: broken/-/lxml/c10/net/site: wrong answer: rank 1 is missing (calibration, in warmup 1)
- **session**: suite test, 2026-01-01T00:00:00+00:00, seed 1: 0 of 10 rounds x 2 laps in 100 s; all rounds were measured
- **machine**: A CPU, 4 CPUs (workers on 0-2, mirror on 3), 8.0 GiB, Linux
- **versions**: CPython 3.13.0, crawlbench 0.1.0, aiohttp 3.14.5 pyperf 2.10.0
"""  # noqa: E501
COLUMNS = 22
HOSTILE = (
    "a | b",
    "`code`",
    "<script>alert(1)</script>",
    "*x* _y_ **z** ~~gone~~",
    "[text](http://evil) ![i](x)",
    "&lt; &#60;",
    "back\\slash \\| \\",
    "# heading",
    "$x$ {{ y }}",
)


def parse(text):
    """Return the tokens that GitHub's dialect gives."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def shown_texts(tokens):
    """Return what a reader sees of each inline run, or markup in angle brackets."""
    texts = []
    for token in tokens:
        if token.type == "inline":
            parts = [
                child.content if child.type in {"text", "text_special"} else f"<{child.type}>"
                for child in token.children
            ]
            texts.append("".join(parts))
    return texts


def session_with(name="name", reason="reason"):
    """Return a session with a cell of this name, and a failure of this reason."""
    cell, failed = other(name), other("failed")
    return concluded(
        plan=make_plan(cell, failed),
        summaries=tuple(make_summary(c) for c in (BASELINE, cell, CONTROL)),
        comparisons=(make_comparison(cell), make_comparison(failed, None)),
        failures=(Failure(failed.name, 1, reason),),
    )


def test_session_is_tables_and_a_list_of_notes():
    """Literal text for fixed numbers."""
    assert render_markdown(concluded()) == EXPECTED


def test_table_is_one_for_githubs_parser():
    """As many cells in each row as there are headers, numbers to the right."""
    tokens = parse(render_markdown(shipped()))
    kinds = [token.type for token in tokens]
    matrix = 6 + 2  # contestants and the baseline, a number and a name
    assert kinds.count("table_open") == 2 * 2
    assert kinds.count("th_open") == 2 * (COLUMNS + matrix)
    assert kinds.count("td_open") == 2 * (8 * COLUMNS + 6 * matrix)
    assert kinds.count("heading_open") == 2 * 2
    aligned = [t for t in tokens if t.type == "td_open" and "right" in str(t.attrs)]
    assert len(aligned) == 2 * (8 * (COLUMNS - 5) + 6)  # five hold words; of a matrix, one a number


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_reason_is_shown_as_it_is(text):
    """No markup of a stranger's error message works."""
    shown = shown_texts(parse(render_markdown(session_with(reason=text))))
    assert f"<strong_open>invalid<strong_close>: failed/-/lxml/c10/net/site: {text}" in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_name_stays_in_its_cell(text):
    """The table keeps its shape."""
    tokens = parse(render_markdown(session_with(name=text)))
    assert [token.type for token in tokens].count("td_open") == 4 * COLUMNS
    assert text in shown_texts(tokens)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n# heading\n\n", "\u2028", "\x85", "\x0b"])
def test_newlines_end_no_row_and_no_note(end):
    """One note is one line, whatever its words."""
    plain = render_markdown(session_with(reason="one two")).splitlines()
    broken = render_markdown(session_with(name=f"na{end}me", reason=f"one{end}two")).splitlines()
    assert len(plain) == len(broken)


def test_hostile_title_stays_a_title():
    """Names of sites and networks are plug-ins' too."""
    cells = {c: replace(c, site="<b>|`x") for c in (BASELINE, CONTROL)}
    plan = make_plan(cells=tuple(cells.values()), baselines={"<b>|`x/net": cells[BASELINE].name})
    titles = [t for t in render_markdown(make_session(plan, [])).splitlines() if t.startswith("#")]
    assert titles[0] == r"### \<b\>\|\`x on net, 40 ms round trip, concurrency 10"


def test_invalid_cell_shows_no_time():
    """A wrong answer has no speed."""
    (row,) = [r for r in render_markdown(concluded()).splitlines() if r.startswith("| broken ")]
    assert row == "| broken | - | net | - | - | - | invalid |" + " - |" * 15


def test_rows_are_those_of_the_neutral_table():
    """All formats show the same numbers."""
    session = shipped()
    lines = render_markdown(session).splitlines()
    for table in group_tables(session):
        for row in table.rows:
            assert "| " + " | ".join(row) + " |" in lines


def test_text_ends_with_one_newline():
    """As a file should."""
    text = render_markdown(concluded())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(line == line.rstrip() for line in text.splitlines())


@functools.cache
def full():
    """Return a session of 508 cells."""
    return shipped(
        rounds=4, networks=("a", "b", "c", "d"), concurrency=tuple(range(1, 19)), spread=0.02
    )


class TestSize:
    """GitHub cuts off, or refuses, what is too long."""

    def test_session_of_500_cells_fits(self):
        """The answer's columns are there, the rest is said to be elsewhere."""
        text = render_markdown(full())
        assert len(text.encode()) < 64_000
        assert "columns on time and cost" in text.splitlines()[-1]
        assert "| strategy | loop | per crawl | ratio | interval | verdict |" in text

    def test_largest_changes_come_first(self):
        """In either direction; rows without a ratio come last."""
        first = render_markdown(full()).split("\n\n### ")[1]
        rows = [line.split(" | ") for line in first.splitlines()[4:] if line.startswith("| ")]
        ratios = [abs(math.log(float(row[3]))) for row in rows if row[3] != "-"]
        assert len(ratios) > 100
        assert ratios == sorted(ratios, reverse=True)
        assert rows[-1][3] == "-"

    @pytest.mark.parametrize("length", [10, 20_000])
    def test_failures_of_any_length_fit(self, length):
        """Hundreds of reasons, each as long as a novel."""
        cells = [c for c in full().plan.cells if not c.control][:400]
        failures = tuple(Failure(c.name, 1, "raised " + "*" * length) for c in cells)
        text = render_markdown(replace(full(), failures=failures))
        assert len(text.encode()) < 64_000
        assert "- **invalid**: " in text

    def test_cut_table_says_how_many_rows_it_had(self):
        """And keeps those with the largest changes."""
        cells = [other(f"{number:03}" + "x" * 600) for number in range(300)]
        session = concluded(
            plan=make_plan(*cells),
            summaries=tuple(make_summary(c) for c in (BASELINE, *cells, CONTROL)),
            comparisons=tuple(make_comparison(c, n / 100) for n, c in enumerate(cells)),
        )
        text = render_markdown(session)
        assert len(text.encode()) < 64_000
        assert ": the 64 largest changes of 302 rows" in text
        assert "| 299x" in text
        assert "| 200x" not in text
        assert "rows of 1 tables" in text.splitlines()[-1]
