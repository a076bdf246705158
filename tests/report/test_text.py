"""Strangers' words made fit to show."""

from __future__ import annotations

import pytest

from crawlbench.report.text import many_lines, one_line


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
