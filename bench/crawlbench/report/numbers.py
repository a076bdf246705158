"""Numbers as text, rounded by their uncertainty (floor 3; pure)."""

from __future__ import annotations

import math

__all__ = ["format_bytes", "format_interval", "format_percent", "format_ratio", "format_seconds"]

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_PLAIN_DIGITS = 3  # where no uncertainty is known
_MOST_DECIMALS = 4
WIDEST = math.log(10)
"""An interval whose ends are further apart than tenfold tells nothing: it is not printed."""


def format_seconds(seconds: float, error: float | None = None) -> str:
    """Return a time in the unit that suits it, with two digits of its error at the most."""
    scale, unit = next(((s, u) for s, u in _UNITS if seconds >= s), _UNITS[-1])
    decimals = _decimals(error / scale) if error else _plain_decimals(seconds / scale)
    return f"{seconds / scale:.{min(decimals, 2)}f} {unit}"


def format_ratio(log_ratio: float, low: float, high: float) -> str:
    """Return a ratio of times, with two digits of its interval at the most."""
    if high - low > WIDEST:
        return "-"
    return f"{math.exp(log_ratio):.{_ratio_decimals(low, high)}f}"


def format_interval(low: float, high: float) -> str:
    """Return the interval of a ratio from its ends as logarithms."""
    if high - low > WIDEST:
        return "too wide"
    decimals = _ratio_decimals(low, high)
    return f"{math.exp(low):.{decimals}f} to {math.exp(high):.{decimals}f}"


def format_percent(log_ratio: float) -> str:
    """Return a log ratio as the percentage by which a time is longer."""
    return f"{math.expm1(log_ratio) * 100:.1f} %"


def format_bytes(size: float | None) -> str:
    """Return mebibytes, or a dash where the size is not known."""
    return "-" if size is None else f"{size / 2**20:.1f} MiB"


def _ratio_decimals(low: float, high: float) -> int:
    return _decimals((math.exp(high) - math.exp(low)) / 2)


def _decimals(error: float) -> int:
    """Return the decimals that show two digits of an error."""
    if error <= 0:
        return _MOST_DECIMALS
    return min(_MOST_DECIMALS, max(0, 1 - math.floor(math.log10(error))))


def _plain_decimals(value: float) -> int:
    digits = math.floor(math.log10(value)) + 1 if value > 0 else 1
    return max(0, _PLAIN_DIGITS - digits)
