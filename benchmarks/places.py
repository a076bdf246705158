"""Fills places in documents: text between two comments that a command writes."""

from __future__ import annotations

import re


def fill_place(text: str, name: str, content: str) -> str:
    """Return a document with a place's content replaced; unchanged if it has no such place.

    Args:
        text: the document's text.
        name: the place's name, which is in both comments.
        content: whole lines of Markdown, or nothing.
    """
    between = f"\n{content.strip()}\n\n" if content.strip() else ""
    return _find(name).sub(lambda found: found[1] + between + found[3], text)


def read_place(text: str, name: str) -> str:
    """Return the content of a place, without the comments around it; empty if there is none."""
    found = _find(name).search(text)
    return found[2].strip() if found else ""


def _find(name: str) -> re.Pattern[str]:
    first, last = rf"<!-- {name}: made by `[^`]+` -->\n", rf"<!-- end of {name} -->"
    return re.compile(f"({first})(.*?)({last})", re.DOTALL)
