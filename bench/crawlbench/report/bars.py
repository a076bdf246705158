"""Ratios as bars of characters, for terminals and plain text (floor 3; pure).

A bar is only as fine as a column of text: an interval narrower than that is a point, and nothing is
drawn longer than it is. All rows of a group share one scale, on which equal factors have equal
length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.report.numbers import MIN_SPAN, WIDEST
from crawlbench.report.tables import Ratio, ratio_of

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView

MIN_BAR, MAX_BAR = 14, 40
"""Columns: fewer would show nothing, more would add nothing."""


@dataclass(frozen=True, slots=True)
class _Signs:
    """Characters, each one column wide."""

    line: str
    left: str
    right: str
    point: str
    one: str
    margin: str


UNICODE = _Signs("─", "├", "┤", "●", "┊", "·")
ASCII = _Signs("-", "[", "]", "o", ":", ".")


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a group's table."""

    scale: str
    """The line above them: the ends of the scale, and 1."""
    rows: tuple[str, ...]
    """In the order of the group's table, all of the same length."""


def draw_bars(
    group: GroupView, margin: float, width: int, *, is_ascii: bool = False
) -> Bars | None:
    """Return the bars of a group, or None if nothing in it was compared.

    Args:
        group: the group whose rows to draw.
        margin: the plan's margin, as a log ratio; it is drawn on both sides of 1.
        width: the width of a bar, in columns.
        is_ascii: whether only ASCII can be shown.
    """
    # The table says in words that such an interval is too wide, and drawn it would press all others
    # into a few columns.
    ratios = [ratio_of(row) for row in group.rows]
    drawn = [r for r in ratios if r.low is not None and r.high is not None]
    drawn = [r for r in drawn if (r.high or 0.0) - (r.low or 0.0) <= WIDEST]
    if not drawn:
        return None
    low = min(-MIN_SPAN, *(r.low for r in drawn if r.low is not None))
    high = max(MIN_SPAN, *(r.high for r in drawn if r.high is not None))
    canvas = _Canvas(low, high, width, margin, ASCII if is_ascii else UNICODE)
    return Bars(canvas.scale(), tuple(canvas.bar(r if r in drawn else None) for r in ratios))


@dataclass(frozen=True, slots=True)
class _Canvas:
    """A row of columns on a scale."""

    first: float
    last: float
    width: int
    margin: float
    signs: _Signs

    def place(self, log_ratio: float) -> int:
        """Return the column of a ratio."""
        # The margin may lie outside the scale, which reaches as far as the intervals.
        share = (log_ratio - self.first) / (self.last - self.first)
        return max(0, min(self.width - 1, round(share * (self.width - 1))))

    def scale(self) -> str:
        """Return the scale: 1 in its place, and the ends where there is room."""
        text = [" "] * self.width
        one = self.place(0.0)
        ends = [f"{math.exp(end):.2g}" for end in (self.first, self.last)]
        if len(ends[0]) < one:
            text[: len(ends[0])] = ends[0]
        if one < self.width - len(ends[1]) - 1:
            text[self.width - len(ends[1]) :] = ends[1]
        text[one] = "1"
        return "".join(text)

    def bar(self, ratio: Ratio | None) -> str:
        """Return one row."""
        signs, text = self.signs, [" "] * self.width
        # In this order, because each covers what was drawn before it.
        for place in range(self.place(-self.margin), self.place(self.margin) + 1):
            text[place] = signs.margin
        text[self.place(0.0)] = signs.one
        if ratio and ratio.low is not None and ratio.high is not None:
            left, right = self.place(ratio.low), self.place(ratio.high)
            if left < right:
                text[left : right + 1] = signs.line * (right - left + 1)
                text[left], text[right] = signs.left, signs.right
            text[self.place(ratio.estimate or 0.0)] = signs.point
        return "".join(text)
