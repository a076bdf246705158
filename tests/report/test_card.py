"""The card to share: its size, its words, and what has none."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from crawlbench.base.records import Sweep
from crawlbench.cli.app import main
from crawlbench.measure.store import load_session
from crawlbench.report import card
from crawlbench.report.repeat import repeat_command
from crawlbench.report.view import SessionView
from tests.report.sessions import concluded

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.fixture(scope="module")
def session():
    """Return a judged session."""
    return load_session(REFERENCE)


def texts(svg):
    """Return the words of a card and where each line ends at most, if letters are wide."""
    root = etree.fromstring(svg)
    return {one.text: one for one in root.iter("{*}text")}


def test_card_says_what_where_when_and_how(session):
    """All in one picture, which is passed on without its page."""
    found = texts(card.render_card(SessionView(session)))
    whole = " ".join(found)
    assert session.machine.cpu_model in whole
    assert session.created[:10] in whole
    assert f"$ {repeat_command(session)}" in whole
    assert "aiohttp-gather" in whole


def test_words_of_others_do_nothing_on_a_card(session):
    """An escape code is no XML, and a mark could turn the line around; two spaces stay two."""
    machine = replace(session.machine, cpu_model="AMD \x1b[2J  <b> \u202eCPYE")
    svg = card.render_card(SessionView(replace(session, machine=machine)))
    assert any(text.startswith(r"AMD \x1b[2J  <b> \u202eCPYE, ") for text in texts(svg))


def lines_below(svg, top=555):
    """Return the lines below a place, with their distance from the top and their sizes."""
    found = (
        (int(one.get("y")), int(one.get("font-size")), text) for text, one in texts(svg).items()
    )
    return [one for one in found if one[0] > top]


@pytest.mark.parametrize("spelling", [1, 60, 95, 200, 350, 480])
def test_command_of_any_length_is_whole_and_fits(spelling, session, monkeypatch):
    """In smaller letters and on several lines, but never over the rim."""
    words = "run --long-form 'a b'" + " -s x" * ((spelling - 20) // 5)
    monkeypatch.setattr(card, "again_command", lambda view: words)
    found = lines_below(card.render_card(SessionView(session)))
    assert " ".join(text for _, _, text in found) == f"$ {words}"
    assert all(y + size * 0.3 <= card.HEIGHT - 6 for y, size, _ in found)
    assert all(y - size > 546 for y, size, _ in found)  # nor over what is above it
    assert all(len(text) * size * 0.53 <= card.WIDTH - 144 for _, size, text in found)


@pytest.mark.parametrize("words", ["", "run" + " -s x" * 200, "run " + "x" * 400])
def test_card_has_no_command_that_would_repeat_something_else(words, session, monkeypatch):
    """A part of one would; and a sweep has none."""
    monkeypatch.setattr(card, "again_command", lambda view: words)
    assert lines_below(card.render_card(SessionView(session))) == []


def test_command_on_the_card_is_that_of_the_session():
    """Not `run` of the suite's name, which for a sweep or `ab` is no suite to run."""
    kept = concluded()
    sweep = replace(kept.plan, suite="sweep-latency", sweep=Sweep("latency", "", {}))
    svg = card.render_card(SessionView(replace(kept, plan=sweep)))
    assert lines_below(svg) == []
    assert "$" not in svg
    own = card.render_card(SessionView(kept, bundled="make reference PART=far"))
    assert [text for *_, text in lines_below(own)] == ["$ make reference PART=far"]


@pytest.mark.parametrize("count", [1, 12, 60, 400])
def test_headline_of_any_length_has_room(count, session, monkeypatch):
    """In smaller letters, and at the end cut; never over what is below it."""
    sentence = card.find_answer(SessionView(session))[0]
    long = replace(sentence, text=" ".join(["word-of-it"] * count))
    monkeypatch.setattr(card, "find_answer", lambda view: (long,))
    lines = [
        (int(one.get("y")), int(one.get("font-size")), words)
        for words, one in texts(card.render_card(SessionView(session))).items()
        if "word" in words
    ]
    assert max(y for y, _, _ in lines) < 510
    assert all(len(words) * size * 0.53 <= card.WIDTH for _, size, words in lines)


def test_strangers_words_stay_words(session):
    """A machine's name is theirs."""
    machine = replace(session.machine, cpu_model="<script>alert(1)</script>" * 9)
    svg = card.render_card(SessionView(replace(session, machine=machine)))
    assert "<script" not in svg
    assert any(words.endswith(" ...") for words in texts(svg))


def test_card_is_a_picture_of_the_size_that_is_asked_for(monkeypatch, tmp_path):
    """By the command; the extra `report` draws it."""
    pytest.importorskip("vl_convert")
    file = tmp_path / "card.png"
    typed = ["crawlbench", "report", str(REFERENCE), "--format", "card", "-o", str(file)]
    monkeypatch.setattr("sys.argv", typed)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (1200, 630)
