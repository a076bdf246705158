"""Numbers in sentences, and text that can be written (floor 0; pure)."""

from __future__ import annotations

__all__ = ["count_of", "encodable"]


def count_of(number: int, noun: str) -> str:
    """Return `1 page` or `2 pages`.

    Args:
        number: how many there are.
        noun: for one of them; its plural ends in s.
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def encodable(text: str) -> str:
    """Return text that can be encoded: a plug-in's error may hold half a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()
