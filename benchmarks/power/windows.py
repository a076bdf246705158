"""Stretches of things that follow each other, each about so many seconds long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["find_windows"]

ENOUGH = 0.9
"""Of a stretch that the last one has to fill."""


def find_windows(lengths: Sequence[float], seconds: float) -> Iterator[slice]:
    """Yield where each stretch lies; every one shares half of its seconds with the next.

    Args:
        lengths: seconds that each thing takes.
        seconds: that a stretch may take.
    """
    begins: list[float] = [0.0]
    for one in lengths:
        begins.append(begins[-1] + one)
    last = -seconds
    for first, began in enumerate(begins[:-1]):
        if began - last < seconds / 2:
            continue
        end = first
        while end < len(lengths) and begins[end + 1] - began <= seconds:
            end += 1
        if end > first and begins[end] - began >= ENOUGH * seconds:
            last = began
            yield slice(first, end)
