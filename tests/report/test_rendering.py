"""What a folder holds, in each format, and what it says of what it has not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from crawlbench.base.errors import NotInstalledError, SessionFileError, UsageError
from crawlbench.base.records import Ending
from crawlbench.cli.report import Format, report, write_page
from crawlbench.measure.store import load_session
from crawlbench.report.bars import UNICODE
from crawlbench.report.numbers import format_interval, format_ratio, format_seconds
from crawlbench.report.pyperf_suite import load_plain_suite
from crawlbench.report.rendering import SessionReport
from tests.child import succeed
from tests.extras import needs
from tests.report.reference import REFERENCE, plain_mean
from tests.report.sessions import concluded
from tests.report.views import group_tables
from tests.stats.builders import make_plan, make_session

pytestmark = needs("altair")

PACKED = gzip.compress((REFERENCE / "suite.json").read_bytes(), 1)
NOTHING_TYPED = SimpleNamespace(command=SimpleNamespace(params=()))
"""The context of a call whose options did not come from the command line."""


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Return a function that does what `crawlbench report` does, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def show(path, name, output=None):
        report(NOTHING_TYPED, Path(path), Format(name), output and Path(output), verbose=True)
        return capsys.readouterr().out

    return show


@pytest.fixture
def without_extra(monkeypatch):
    """Hide what draws, as if it were not installed."""
    monkeypatch.setattr("crawlbench.report.extra.find_spec", lambda name: None)


def test_reference_as_page_is_one_small_file(tmp_path):
    """No more than 2 MB, and no address in it is fetched: no src, no link, no import."""
    page = SessionReport(load_session(REFERENCE), REFERENCE).html()
    assert len(page.encode()) < 2_000_000
    assert page.count("vegaEmbed=") == 1
    head = page.partition("<script")[0]
    for fetched in ("src=", "<link", "@import", "url("):
        assert fetched not in head


def test_numbers_are_the_same_in_all_formats(call):
    """Page, Markdown and terminal show the very same texts; compared as a reader sees them."""
    session = load_session(REFERENCE)
    rows = [row for table in group_tables(session) for row in table.rows]
    shown = {name: call(REFERENCE, name) for name in ("html", "markdown", "terminal")}
    assert page_rows(shown["html"]) == rows
    assert markdown_rows(shown["markdown"]) == rows
    lines = ["".join(line.split()) for line in shown["terminal"].splitlines()]
    for row in rows:
        name, loop, _, *answer = row[:7]
        texts = ["".join("".join((name, loop, *answer)).split())]
        texts.append("".join("".join((name, loop, *row[8:13])).split()))
        texts.append("".join("".join((name, loop, *row[13:19])).split()))
        for text in texts:
            assert text in lines, text


def test_numbers_that_programs_read_are_those_that_people_read(call):
    """CSV and JSON hold whole numbers; rounded they are what page, Markdown and terminal show."""
    session = load_session(REFERENCE)
    rows = [row for table in group_tables(session) for row in table.rows]
    shown = sorted((row[0], row[1], row[2], *row[3:7]) for row in rows)
    read = list(csv.DictReader(io.StringIO(call(REFERENCE, "csv"))))
    assert sorted(map(rounded, read)) == shown
    assert sorted(map(rounded, json.loads(call(REFERENCE, "json"))["cells"])) == shown
    texts = ElementTree.fromstring(call(REFERENCE, "svg")).iter("{http://www.w3.org/2000/svg}text")
    drawn = [" ".join((text.text or "").split()) for text in texts]
    for _, _, _, _, ratio, interval, verdict in shown:
        if interval != "-":
            assert f"{ratio} ({interval}) {verdict}" in drawn


def rounded(cell):
    """Return a cell of an export as a row of a table begins."""
    logs = [math.log(float(cell[f"ratio{end}"] or 1)) for end in ("", "_low", "_high")]
    has_interval = bool(cell["ratio_low"])
    ratio = format_ratio(*logs) if has_interval else "1" if cell["ratio"] else "-"
    return (
        *(cell["strategy"], cell["event_loop"] or "-", cell["network"]),
        format_seconds(float(cell["seconds"]), float(cell["seconds_error"])),
        ratio,
        format_interval(logs[1], logs[2]) if has_interval else "-",
        cell["verdict"] or cell["role"],
    )


def page_rows(page):
    """Return the rows of the large table."""
    start = page.index('<table id="everything">')
    tree = ElementTree.fromstring(page[start : page.index("</table>", start)] + "</table>")
    return [
        tuple("".join(cell.itertext()) for cell in row) for row in tree.find("tbody").findall("tr")
    ]


def markdown_rows(text):
    """Return the rows of all tables."""
    cells, rows = None, []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline" and cells is not None:
            cells.append("".join(child.content for child in token.children))
        elif token.type == "tr_close":
            rows.append(tuple(cells))
            cells = None
    return [row for row in rows if len(row) > 20 and row[0] != "strategy"]


def test_picture_is_svg_and_png_without_a_browser(call, tmp_path):
    """Both hold something; the SVG fetches nothing."""
    svg = call(REFERENCE, "svg")
    root = ElementTree.fromstring(svg)
    texts = {"".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert any(re.fullmatch(r"0\.8\d\d \(0\.8.. to 0\.8..\)  faster", text) for text in texts)
    assert "requests-threads" in texts
    assert "href" not in svg.replace("xmlns:xlink", "")
    call(REFERENCE, "png", "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("name", ["svg", "png"])
def test_session_without_ratios_has_no_picture(call, tmp_path, name):
    """One sentence, and what shows what there is."""
    shutil.copy(REFERENCE / "suite.json", tmp_path / "plain.json")
    with pytest.raises(UsageError, match="--format html shows"):
        call("plain.json", name, "x")
    with pytest.raises(UsageError, match="--format html shows"):
        getattr(SessionReport(make_session(make_plan(), []), tmp_path), name)()
    assert not (tmp_path / "x").exists()


def test_png_is_not_printed(call):
    """It would garble a terminal."""
    with pytest.raises(UsageError, match="a PNG cannot be printed; name a file with -o"):
        call(REFERENCE, "png")


@pytest.mark.parametrize("name", ["html", "svg", "png"])
def test_missing_extra_is_one_sentence_with_the_command(without_extra, name):
    """What is missing, and what installs it."""
    with pytest.raises(NotInstalledError, match="crawlbench's extra 'report'") as caught:
        getattr(SessionReport(concluded(), REFERENCE), name)()
    assert "altair and vl-convert-python" in str(caught.value)


def test_text_needs_no_extra():
    """Neither terminal nor Markdown imports what draws."""
    code = (
        "import sys; import crawlbench.cli.report, crawlbench.cli.run; "
        "print({'altair', 'vl_convert'} & set(sys.modules))"
    )
    found = succeed([sys.executable, "-c", code])
    assert found.stdout.strip() == "set()"


def test_run_writes_the_page_where_it_can(tmp_path, monkeypatch):
    """And says in a sentence why not; the session is never lost for it."""
    assert write_page(concluded(), tmp_path) == ""
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    monkeypatch.setattr(SessionReport, "html", lambda self: 1 / 0)
    assert write_page(concluded(), tmp_path) == (
        "report.html was not written: ZeroDivisionError: division by zero"
    )


def test_run_without_the_extra_writes_no_page(tmp_path, without_extra):
    """And does not complain."""
    assert write_page(concluded(), tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_plain_suite_shows_what_there_is(call, tmp_path):
    """As a file, or as the only thing in a folder."""
    shutil.copy(REFERENCE / "suite.json", tmp_path / "suite.json")
    for place in ("suite.json", "."):
        for name in ("terminal", "markdown", "html"):
            shown = call(place, name)
            assert plain_mean() in shown
            assert "plain pyperf suite" in shown


@pytest.mark.parametrize("content", ["hello", "{}", '{"version": "1.0", "benchmarks": []}'])
def test_file_that_is_no_suite_is_one_sentence(call, tmp_path, content):
    """With what would be one."""
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(SessionFileError, match="is not a whole pyperf suite") as caught:
        call("x.json", "terminal")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["[]", "null", "3"])
def test_json_of_another_kind_is_told_in_words(call, tmp_path, content):
    """Not by where it makes pyperf stumble."""
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(SessionFileError) as caught:
        call("x.json", "terminal")
    assert "Error" not in str(caught.value)
    assert "object" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", r"cannot be read: Not a gzipped file"),
        (PACKED[:-9], r"is not a whole pyperf suite \(EOFError: "),
        (PACKED[:10] + b"\xff" * 9, r"is not a whole pyperf suite \(error: "),
        (PACKED[:-8] + bytes(8), r"cannot be read: CRC check failed"),
    ],
    ids=["text", "cut off", "deflate", "checksum"],
)
def test_packed_file_that_is_no_suite_says_why(tmp_path, content, reason):
    """Not only what the system has a name for; a whole one is read."""
    (tmp_path / "x.json.gz").write_bytes(content)
    with pytest.raises(SessionFileError, match=reason):
        load_plain_suite(tmp_path / "x.json.gz")
    (tmp_path / "y.json.gz").write_bytes(PACKED)
    assert load_plain_suite(tmp_path / "y.json.gz").get_benchmark_names()


def test_session_of_nothing_is_a_page(tmp_path):
    """Interrupted in its calibration."""
    page = SessionReport(make_session(make_plan(), [], ending=Ending.INTERRUPTED), tmp_path).html()
    assert "No cell has a valid value, so there is no answer." in page
    assert "it was interrupted" in page


def test_terminal_that_knows_ascii_only_gets_ascii(crawlbench):
    """Bars at least; the rest is ASCII or the micro sign."""
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii:replace", "COLUMNS": "120"}
    outcome = crawlbench("report", REFERENCE, env=ascii_only)
    assert outcome.returncode == 0, outcome.stderr
    assert re.search(r"\[-*o-*\]", outcome.stdout)
    assert UNICODE.point not in outcome.stdout
