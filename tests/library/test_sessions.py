"""What a kept session tells Python."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.stats.builders import BASELINE, other
from tests.stats.lengths import make_two_lengths

import crawlbench
from crawlbench.base.errors import NotInstalledError, SessionFileError, UsageError
from crawlbench.base.records import Ending, Verdict
from crawlbench.library import html
from crawlbench.report.cellresult import COLUMNS
from crawlbench.stats.judge import judge

REFERENCE = Path(__file__).resolve().parents[2] / "results" / "reference"


@pytest.fixture(scope="module")
def session():
    return crawlbench.load_session(REFERENCE)


def test_rows_say_what_the_published_json_says(session):
    """Field by field; a verdict is compared and shown like any other text."""
    published = json.loads(session.to_json())
    assert [asdict(row) for row in session.rows] == published["cells"]
    assert [asdict(pair) for pair in session.pairs] == published["pairs"]
    assert {f"{row.verdict}" for row in session.rows} <= {"faster", "slower", "same", "None"}
    assert {type(one) for one in (*session.rows, *session.pairs)} == {
        crawlbench.Row,
        crawlbench.Pair,
    }
    assert list(session.answer) == published["answer"]


def test_csv_and_markdown_are_those_of_the_report(session):
    """A row a cell, and the table that lies in the folder."""
    assert len(list(csv.DictReader(session.to_csv().splitlines()))) == len(session.rows)
    assert session.answer[0] in session.to_markdown()


def test_row_is_found_by_each_of_its_names(session):
    """A name of several cells is refused, with some of what can be said instead."""
    first = session.rows[2]
    assert session.row(first.cell) is first
    assert len(session.values(first.cell)) == first.values
    with pytest.raises(UsageError, match="2 cells are called 'aiohttp-gather/uvloop'"):
        session.row("aiohttp-gather/uvloop")
    with pytest.raises(UsageError, match=r"no cell is called 'x'.* and 9 more"):
        session.row("x")


def test_gate_tells_ratio_and_interval(session):
    """The widest gate passes; a narrow one names what is beyond it."""
    narrow, wide = session.hold_gate(5), session.hold_gate(50)
    assert (narrow.verdict, wide.verdict) == ("slower", "passed")
    assert not narrow
    assert wide
    row = session.rows[1]
    interval = f"{row.ratio_low:.3f} to {row.ratio_high:.3f}"
    assert f"{row.ratio:.3f} times the time ({interval}" in str(narrow)


def test_gate_gives_reasons_at_its_own_size(session):
    """What passes a wide gate needs no more rounds, whatever the margin is."""
    wide = str(session.hold_gate(50))
    assert "would settle" not in wide
    for percent in (1, 5, 12):
        told = str(session.hold_gate(percent))
        assert "margin of" not in told or f"margin of {percent}.0 %" in told


@pytest.mark.parametrize("ending", [one for one in Ending if one.is_early])
def test_gate_of_a_session_that_was_cut_short_says_nothing(session, ending):
    """However good it looks; a session that was killed has no ending."""
    from dataclasses import replace

    cut = crawlbench.Session(replace(session.record, ending=ending))
    assert cut.hold_gate(50).verdict == "invalid"


@pytest.mark.parametrize("percent", [-1, float("nan"), float("inf"), "5", True])
def test_gate_that_is_none_is_refused(session, percent):
    """With the value that was given."""
    with pytest.raises(UsageError, match="a gate of"):
        session.hold_gate(percent)


class Reader(HTMLParser):
    """Collects tags, and the attributes of pictures."""

    def __init__(self):
        super().__init__()
        self.tags, self.pictures = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs))


def test_notebook_shows_answer_picture_and_tables(session):
    """Without scripts, and without styles that would reach the rest of the notebook."""
    reader = Reader()
    shown = session._repr_html_()
    reader.feed(shown)
    assert {"p", "img", "table"} <= set(reader.tags)
    assert not {"script", "style", "link"} & set(reader.tags)
    assert reader.tags.count("p") == len(session.answer)
    (picture,) = reader.pictures
    assert picture["src"].startswith("data:image/svg+xml;base64,")
    assert picture["alt"]


def test_notebook_shows_the_numbers_where_nothing_can_draw(session, monkeypatch):
    """As in a core installation."""
    monkeypatch.setattr(html, "can_draw", lambda: False)
    shown = session._repr_html_()
    assert "<img" not in shown
    assert "0.830" in shown


def test_text_of_strangers_is_no_markup():
    """A strategy's name may hold anything."""
    assert "<b>" not in html.show_paragraphs(["<b>"])


def test_session_says_what_it_is(session):
    """As text its answer, as an object in one line."""
    assert str(session) == "\n".join(session.answer)
    assert repr(session).count("\n") == 0
    assert "8 rounds" in repr(session)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_rows_become_a_frame_or_a_sentence(session, library):
    """With a column per field where the library is here."""
    make = getattr(session, f"to_{library}")
    if find_spec(library) is None:
        with pytest.raises(NotInstalledError, match=f"needs {library}, which is not installed"):
            make()
        return
    frame = make()
    assert list(frame.columns) == list(COLUMNS)
    assert Verdict not in {type(verdict) for verdict in frame["verdict"]}
    assert list(frame["cell"]) == [row.cell for row in session.rows]


def test_session_compared_with_itself_has_not_changed(session):
    """By folder or as it is; without anchors, as of format 1, that is no `same`."""
    found = crawlbench.compare(REFERENCE, session)
    assert {change.ratio for change in found.changes} == {1.0}
    assert all(one.ratio_low < 1 < one.ratio_high for one in found.changes)
    assert any("variance between sessions" in note for note in found.notes)
    assert "<table>" in found._repr_html_()
    assert str(found).count("\n") == len(found.changes) - 1


@pytest.mark.parametrize("margin", [-1, "1"])
def test_margin_that_is_none_is_refused(session, margin):
    """Before anything is compared."""
    with pytest.raises(UsageError, match="margin_percent"):
        crawlbench.compare(session, session, margin_percent=margin)


def test_folder_without_a_session_is_an_error_of_ours(tmp_path):
    """One class to catch."""
    with pytest.raises(SessionFileError, match="is not a session"):
        crawlbench.load_session(tmp_path)
    assert issubclass(SessionFileError, crawlbench.BenchError)
    with pytest.raises(SessionFileError, match="is not a session: it is a file"):
        crawlbench.load_session(REFERENCE / "session.json")


@pytest.mark.parametrize("place", [5, None, b"results", "a\0b", ["results"]])
def test_what_is_no_path_is_refused(session, place):
    with pytest.raises(UsageError, match="cannot be used; give a path"):
        crawlbench.load_session(place)
    with pytest.raises(UsageError, match="cannot be used; give a path"):
        crawlbench.compare(session, session, others=[place])


def test_other_sessions_are_given_as_the_two_are(session):
    """By folder, or as they are."""
    by_folder = crawlbench.compare(session, session, others=[str(REFERENCE)])
    assert by_folder.changes == crawlbench.compare(session, session, others=[session]).changes


def test_session_of_two_lengths_shows_what_its_ratio_is_of(tmp_path):
    """Per page, and so beside the time per page; a row has both lengths' numbers."""
    record = judge(make_two_lengths({BASELINE: (0.01, 0.001), other("quick"): (0.02, 0.0003)}))
    session = crawlbench.Session(record, tmp_path)
    shown = session._repr_html_()
    assert "per page</th>" in shown
    assert "per crawl</th>" not in shown
    row = session.row("quick")
    assert row.leading == "per page"
    assert row.per_page_ratio == pytest.approx(0.3)
    assert row.to_begin_more_s == pytest.approx(0.01)
    assert row.ratio > 1
