"""Numbers in sentences have the right noun, and strangers' words are fit to show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import crawlbench
from crawlbench.base.text import count_of, many_lines, one_line, tell_apart

ROOT = Path(crawlbench.__file__).parent


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 pages"), (1, "1 page"), (2, "2 pages"), (250, "250 pages")]
)
def test_only_one_is_no_plural(number, words):
    """As a native speaker counts."""
    assert count_of(number, "page") == words


def test_plurals_are_made_in_one_place():
    """A module that returns a plural itself would be a second helper."""
    own = re.compile(r"def _?(count_of|count|plural)\(\w+: int, noun")
    homes = {path.name for path in ROOT.rglob("*.py") if own.search(path.read_text("utf-8"))}
    assert homes == {"text.py"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 肖申克", "plain 肖申克"),
        ("a\n b\tc\u2028d", "a b c d"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202eabc\u200f", r"\u202eabc\u200f"),
        ("\ud800", r"\ud800"),
        ("", ""),
    ],
)
def test_one_line_moves_nothing(text, shown):
    """No cursor, no direction of writing, no line."""
    assert one_line(text) == shown


def test_many_lines_keeps_lines_and_indentation():
    """As a traceback needs."""
    assert many_lines("Traceback:\n  File 'x'\r\n\tdeep\x1b[2J\u202e") == (
        "Traceback:\n  File 'x'\n    deep\\x1b[2J\\u202e"
    )


@pytest.mark.parametrize(
    ("numbers", "form", "texts"),
    [
        ((1.24, 1.2), ".1f", ["1.24", "1.20"]),
        ((0.6000001, 0.6), ".1f", ["0.6000001", "0.6000000"]),
        ((3.0, 1.2), ".1f", ["3.0", "1.2"]),
        ((1.2, 1.2), ".1f", ["1.2", "1.2"]),
        ((0.1 + 0.2, 0.3), ".1f", ["0.3", "0.3"]),
        ((1234.5, 1230.0), ",.3g", ["1,234", "1,230"]),
        ((5.0,), ".3g", ["5"]),
        ((1.0, 1.0, 1.01), ".1f", ["1.00", "1.00", "1.01"]),
    ],
)
def test_numbers_that_differ_do_not_look_alike(numbers, form, texts):
    """With no more digits than that takes; equal ones look equal, whatever a computer adds."""
    assert tell_apart(*numbers, form=form) == texts
