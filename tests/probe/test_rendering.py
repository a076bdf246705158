"""The same report for the terminal, as HTML, and the rows that both are made of."""

from __future__ import annotations

from html.parser import HTMLParser

from rich.console import Console
from tests.probe.reports import early, report

from crawlbench.probe import Support
from crawlbench.probe.html import render_html
from crawlbench.probe.tables import reason_rows, theme_tables
from crawlbench.probe.terminal import render_terminal


def shown(width, what=None):
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(render_terminal(what or report(), width))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def test_tables_are_themes_of_probes_by_loops():
    """In the order of the probes; absent loops are no columns."""
    callbacks, tasks = theme_tables(report())
    assert callbacks.theme == "callbacks"
    assert callbacks.loops == ("asyncio", "odd<b>")
    assert [row.supports for row in callbacks.rows] == [
        (Support.WORKS, Support.WRONG),
        (Support.WORKS, Support.HANGS),
    ]
    assert [row.probe for row in tasks.rows] == ["eager"]


def test_reasons_put_the_worst_first_and_loops_that_share_one_together():
    """Hangs, wrong, then what no loop can have here."""
    assert reason_rows(report()) == (
        (Support.HANGS, "odd<b>: gather: no end within 5 s"),
        (Support.WRONG, "odd<b>: call-soon: callbacks run: 90 instead of 100 & so"),
        (Support.NOT_HERE, "asyncio, odd<b>: eager: Python 3.12 has it first"),
    )


def test_terminal_of_80_columns_shows_all():
    """Literal text."""
    assert (
        shown(80)
        == """\
callbacks                      asyncio          odd<b>
───────────────────────────────────────────────────────────────
call-soon                      works            wrong
gather                         works            hangs

tasks                          asyncio          odd<b>
───────────────────────────────────────────────────────────────
eager                          not here         not here

loop     works  not implemented  wrong  crashes  hangs  not here
────────────────────────────────────────────────────────────────
asyncio      2                0      0        0      0         1
odd<b>       0                0      1        0      1         1

hangs    odd<b>: gather: no end within 5 s
wrong    odd<b>: call-soon: callbacks run: 90 instead of 100 & so
not here asyncio, odd<b>: eager: Python 3.12 has it first
found    2026-11-24T12:00:00+00:00, CPython 3.13.1, Linux-6.1
deadline 5 s for each probe, in a process of its own
asyncio  asyncio.Loop (CPython 3.13.1)
odd<b>   odd.Loop (0.1)
gone     absent: it is not installed"""
    )


def test_what_was_not_tried_is_told_from_what_was_found():
    """A probe that was ended early has all that it found, and a word where a finding is missing."""
    callbacks, tasks = theme_tables(early())
    assert [(row.probe, row.supports) for row in callbacks.rows] == [
        ("call-soon", (Support.WORKS, Support.WRONG)),
        ("gather", (None, Support.HANGS)),
    ]
    assert [row.words for row in tasks.rows] == [("not here", "not tried")]
    lines = shown(80, early()).splitlines()
    assert "gather                         not tried        hangs" in lines
    assert lines[-1] == "missing  2 of 6 findings are missing: the probe was ended early"
    page = render_html(early())
    assert page.count('<td class="not-tried" title="">not tried</td>') == 2
    assert "2 of 6 findings are missing" in page


def test_narrow_terminal_shows_the_loops_in_parts():
    """Nothing is cut off: each loop has its turn."""
    text = shown(50)
    assert text.count("call-soon  ") == 2
    assert all(len(line) <= 50 for line in text.splitlines()[:12])


class _Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.titles = {}
        self.text = []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "td" and named.get("title"):
            self.titles[named["title"]] = named["class"]

    def handle_data(self, data):
        self.text.append(data)


def test_html_escapes_what_loops_say():
    """Names and reasons are text, never markup; the page loads nothing."""
    page = render_html(report())
    assert "<b>" not in page
    assert "http" not in page
    cells = _Cells()
    cells.feed(page)
    assert cells.titles["callbacks run: 90 instead of 100 & so"] == "wrong"
    assert "odd<b>" in cells.text
