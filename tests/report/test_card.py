"""The card to share: its size, its words, and what has none."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from crawlbench.cli.app import main
from crawlbench.measure.store import load_session
from crawlbench.report import card
from crawlbench.report.view import SessionView

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
    assert f"$ crawlbench run {session.plan.suite}" in whole
    assert "aiohttp-gather" in whole


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
