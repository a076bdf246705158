"""Strangers' words made fit to show: in one line, with nothing that moves a cursor (floor 3; pure).

Names of plug-ins, reasons of failures and hand-edited files reach every format; marks that turn the
direction of writing, escape codes and lone surrogates are shown as escapes, not obeyed.
"""

from __future__ import annotations

__all__ = ["many_lines", "one_line"]


def one_line(text: str) -> str:
    """Return text in one line, with escapes for what is not printable."""
    characters = " ".join(text.split())
    if characters.isprintable():
        return characters
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in characters)


def many_lines(text: str) -> str:
    """Return text in its own lines, with escapes for what is not printable."""
    lines = text.expandtabs(4).splitlines()
    return "\n".join("".join(c if c.isprintable() else repr(c)[1:-1] for c in x) for x in lines)
