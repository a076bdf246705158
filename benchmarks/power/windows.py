"""Finds overlapping windows of consecutive things, each about the same number of seconds long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENOUGH = 0.9
"""The share of a window that the last one must fill."""


def find_windows(lengths: Sequence[float], seconds: float) -> Iterator[slice]:
    """Yield the slice of each window; every window shares half of its seconds with the next.

    A window ends where the next thing would not fit, as a session does.

    Args:
        lengths: the seconds that each thing takes.
        seconds: the seconds that a window may take.
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
        is_full = end < len(lengths) or begins[end] - began >= ENOUGH * seconds
        if end > first and is_full:
            last = began
            yield slice(first, end)
