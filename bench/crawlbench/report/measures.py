"""A comparison's numbers as text: ratios, or differences where none exist (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.report.numbers import (
    WIDEST,
    format_change,
    format_difference,
    format_interval,
    format_ratio,
    format_seconds,
    format_size,
    format_size_span,
    format_span,
)

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Control, Summary
    from crawlbench.stats.change import Change

TOO_UNCERTAIN = "too uncertain to say by how much"
"""What a sentence says in place of numbers that say nothing."""


def mention(quantity: Quantity, words: str) -> str:
    """Return words with a quantity in place of `{}`; empty for time, which needs no mention."""
    return "" if quantity is Quantity.TIME else words.format(quantity.words)


def is_wide(low: float, high: float, quantity: Quantity, crawl: Summary | None = None) -> bool:
    """Return whether an interval is so wide that it says nothing.

    Args:
        low: its lower end.
        high: its upper end.
        quantity: what is compared.
        crawl: of which the time to begin is a part: an interval that is wider says nothing of it.
    """
    if quantity.has_ratio:
        return high - low > WIDEST
    return crawl is not None and high - low > crawl.seconds


def tell_numbers(found: Comparison | Control | Change) -> tuple[str, str]:
    """Return the ratio or difference and its interval; dashes where there is none."""
    if found.estimate is None or found.low is None or found.high is None:
        return "-", "-"
    return tell_range(found.estimate, found.low, found.high, found.quantity)


def tell_range(estimate: float, low: float, high: float, quantity: Quantity) -> tuple[str, str]:
    """Return a ratio or difference and its interval."""
    tell = format_ratio if quantity.has_ratio else format_difference
    return tell(estimate, low, high), tell_interval(low, high, quantity)


def tell_interval(low: float, high: float, quantity: Quantity) -> str:
    """Return an interval from its ends."""
    return format_interval(low, high) if quantity.has_ratio else format_span(low, high)


def tell_size(value: float, quantity: Quantity) -> str:
    """Return how far apart two times are: in percent or as a factor, or else in seconds."""
    return format_size(value) if quantity.has_ratio else format_seconds(abs(value))


def tell_size_span(least: float, most: float, quantity: Quantity) -> str:
    """Return how far apart several pairs of times are: one size, or the smallest and the largest.

    The unit stands once, at the end.
    """
    if quantity.has_ratio:
        return format_size_span(least, most)
    low, high = (format_seconds(abs(value)) for value in (least, most))
    return high if low == high else f"{low} to {high}"


def tell_signed(value: float, quantity: Quantity) -> str:
    """Return how much longer one time is than another, with its sign."""
    return format_change(value) if quantity.has_ratio else format_difference(value, value, value)
