"""A comparison's numbers as text: ratios, or differences where there are none (floor 3; pure)."""

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
    format_span,
)

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Control

__all__ = [
    "MEASURE",
    "has_ratio",
    "is_wide",
    "tell_interval",
    "tell_numbers",
    "tell_signed",
    "tell_size",
]

MEASURE = {
    Quantity.TIME: "time",
    Quantity.CPU: "CPU time",
    Quantity.PAGE: "time per page",
    Quantity.BEGIN: "time to begin",
}
"""What a quantity is called in a sentence."""


def has_ratio(quantity: Quantity) -> bool:
    """Tell whether a quantity's numbers are log ratios; if not, they are seconds."""
    return quantity is not Quantity.BEGIN


def is_wide(low: float, high: float, quantity: Quantity) -> bool:
    """Tell whether an interval is so wide that it says nothing."""
    return has_ratio(quantity) and high - low > WIDEST


def tell_numbers(found: Comparison | Control) -> tuple[str, str]:
    """Return the ratio or difference and its interval; dashes where there is none."""
    if found.estimate is None or found.low is None or found.high is None:
        return "-", "-"
    if has_ratio(found.quantity):
        number = format_ratio(found.estimate, found.low, found.high)
    else:
        number = format_difference(found.estimate, found.low, found.high)
    return number, tell_interval(found.low, found.high, found.quantity)


def tell_interval(low: float, high: float, quantity: Quantity) -> str:
    """Return an interval from its ends."""
    return format_interval(low, high) if has_ratio(quantity) else format_span(low, high)


def tell_size(value: float, quantity: Quantity) -> str:
    """Return how far apart two are."""
    return format_size(value) if has_ratio(quantity) else format_seconds(abs(value))


def tell_signed(value: float, quantity: Quantity) -> str:
    """Return by how much one is more than the other, with its sign."""
    return format_change(value) if has_ratio(quantity) else format_difference(value, value, value)
