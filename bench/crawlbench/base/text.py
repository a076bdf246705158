"""Numbers in sentences (floor 0; pure)."""

from __future__ import annotations

__all__ = ["count_of"]


def count_of(number: int, noun: str) -> str:
    """Return `1 page` or `2 pages`.

    Args:
        number: how many there are.
        noun: for one of them; its plural ends in s.
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
