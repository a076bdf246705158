"""Numbers as text, rounded by their uncertainty (floor 3; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))
_PLAIN_DIGITS = 3  # where no uncertainty is known
_TIME_DECIMALS = 2  # at most, so that columns stay narrow
_MAX_LOG = math.log(1000)
"""Beyond this, a factor is no longer informative, and has no room in a sentence."""
_RATIO_DECIMALS = 3  # at most; a thousandth is finer than any margin
WIDEST = math.log(10)
"""An interval whose ends differ by more than tenfold says nothing and is not printed."""
WIDEST_S = 600.0
"""The same for the ends of a difference of times: nobody asks whether a start takes ten minutes."""
_DUST = 1e-9
"""A share below this is an error of rounding, such as 1e-17 where two sides are the same."""
MIN_SPAN = math.log(1.05)
"""Log ratio on each side of 1 that is always drawn, so that noise alone does not look large."""


def format_seconds(seconds: float, error: float | None = None) -> str:
    """Return a time in a suitable unit, with at most two digits of its error."""
    return _format_time(
        seconds,
        lambda value, scale: _choose_decimals(value, error and error / scale, _TIME_DECIMALS),
    )


def format_difference(seconds: float, low: float, high: float) -> str:
    """Return a difference of times with its sign, and at most two digits of its interval."""
    if high - low > WIDEST_S:
        return "-"
    scale, unit = _unit_of(low, high)
    decimals = _difference_decimals(low, high, scale)
    return f"{round(seconds / scale, decimals):+z.{max(decimals, 0)}f} {unit}"


def format_span(low: float, high: float) -> str:
    """Return the interval of a difference of times from its ends."""
    if high - low > WIDEST_S:
        return "too wide"
    scale, unit = _unit_of(low, high)
    decimals = _difference_decimals(low, high, scale)
    ends = (f"{round(end / scale, decimals):+z.{max(decimals, 0)}f}" for end in (low, high))
    return f"{' to '.join(ends)} {unit}"


def format_part(seconds: float | None) -> str:
    """Return a part of a time in six columns: whole from 10 on, else with two digits.

    What is not known (None) is shown as `-`.
    """
    if seconds is None:
        return "-"
    return _format_time(seconds, lambda value, _: max(0, _decimals(value, 2)))


def format_ratio(log_ratio: float, low: float, high: float) -> str:
    """Return a ratio of times, with at most two digits of its interval."""
    if high - low > WIDEST:
        return "-"
    return _format_number(math.exp(log_ratio), _ratio_decimals(low, high))


def format_interval(low: float, high: float) -> str:
    """Return the interval of a ratio from its ends as logarithms."""
    if high - low > WIDEST:
        return "too wide"
    decimals = _ratio_decimals(low, high)
    return " to ".join(_format_number(math.exp(end), decimals) for end in (low, high))


def format_percent(log_ratio: float, decimals: int = 1) -> str:
    """Return a log ratio as the percentage by which a time is longer."""
    if log_ratio > _MAX_LOG:
        return f"over {math.expm1(_MAX_LOG) * 100:.0f} %"
    return f"{math.expm1(log_ratio) * 100:z.{decimals}f} %"


def format_change(log_ratio: float) -> str:
    """Return a log ratio as the signed percentage by which a time is longer."""
    text = format_percent(log_ratio)
    return text if text.startswith(("-", "over")) else f"+{text}"


def format_size(log_ratio: float) -> str:
    """Return how far apart two times are: in percent, or as a factor if it is two or more."""
    log_ratio = abs(log_ratio)
    # The limits lie where rounding carries over: 1.996 is 2.0 times rather than 100 %, and 9.96 %
    # is 10 % rather than 10.0 %.
    if log_ratio >= math.log(1.995):
        return f"{_format_factor(log_ratio)} times"
    percent = math.expm1(log_ratio) * 100
    return f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %"


def format_size_span(least: float, most: float) -> str:
    """Return how far apart several pairs of times are: one size, or the range, in one unit.

    Args:
        least: the smallest log ratio, not below 0.
        most: the largest one.
    """
    low, high = format_size(least), format_size(most)
    if high.endswith(" times"):  # "98 % to 2.1 times" would look as if it fell
        return format_factors(least, most)
    return high if low == high else f"{low.removesuffix(' %')} to {high}"


def format_factors(least: float, most: float) -> str:
    """Return how many times as long several things take, from the smallest to the largest."""
    low, high = map(_format_factor, (least, most))
    return f"{high} times" if low == high else f"{low} to {high} times"


def _format_factor(log_ratio: float) -> str:
    if log_ratio > _MAX_LOG:  # after two rounds, say, there is hardly a limit
        return f"over {math.exp(_MAX_LOG):,.0f}"
    ratio = math.exp(log_ratio)
    return f"{ratio:.1f}" if ratio >= 1.095 else f"{ratio:.2f}"  # 1.04 is not 1.0


def format_share(share: float) -> str:
    """Return a share in percent: whole from 10 on, else with one more digit; never a false 0."""
    if 0 < share < _DUST:
        return f"under {_DUST * 100:.7f} %"
    if 0 < share < 0.0005:
        return f"{share * 100:.{_decimals(share * 100, 1)}f} %"
    return f"{share * 100:.0f} %" if share >= 0.0995 else f"{share * 100:.1f} %"


def format_length(seconds: float) -> str:
    """Return about how long something takes, in words."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def format_count(count: float) -> str:
    """Return a mean of counts: whole from 10 on, else with two digits."""
    return f"{count:.0f}" if count >= 10 else f"{count:.2g}"


def format_bytes(size: float | None) -> str:
    """Return kibi-, mebi- or gibibytes, or a dash if the size is not known."""
    if size is None:
        return "-"
    for scale, unit in ((2**10, "KiB"), (2**20, "MiB")):
        text = f"{size / scale:.1f}"
        if float(text) < 1024:
            return f"{text} {unit}"
    return f"{size / 2**30:.1f} GiB"


def _format_time(seconds: float, choose_decimals: Callable[[float, float], int]) -> str:
    """Return a time in a suitable unit; decimals are chosen from its value and unit."""
    if not seconds:
        return "0 s"  # the clock is too coarse
    text = ""
    for scale, unit in _UNITS:
        value = seconds / scale
        number = _format_number(value, choose_decimals(value, scale))
        text = f"{number} {unit}"
        if abs(float(number)) < 1000:  # after rounding: 999.96 ms are 1.00 s
            break
    return text


def _unit_of(low: float, high: float) -> tuple[float, str]:
    """Return the unit that suits both ends of a difference."""
    largest = max(abs(low), abs(high))
    # From 999.5 on, rounding to whole numbers would print 1000 of this unit.
    return next(((scale, unit) for scale, unit in _UNITS if largest / scale < 999.5), _UNITS[-1])


def _difference_decimals(low: float, high: float, scale: float) -> int:
    """Return the decimals that show two digits of half an interval, which may contain 0."""
    half_width = (high - low) / 2 / scale
    # Where `tell_signed` shows a number without an interval, both ends are that number.
    return max(0, min(_decimals(half_width, 2), _TIME_DECIMALS)) if half_width else 1


def _ratio_decimals(low: float, high: float) -> int:
    half_width = (math.exp(high) - math.exp(low)) / 2
    # By the upper end. The lower one is a tenth of it or more (see `WIDEST`), so two digits of the
    # upper one leave at least one of the lower one, and neither is printed as 0.
    return _choose_decimals(math.exp(high), half_width, _RATIO_DECIMALS)


def _choose_decimals(value: float, error: float | None, most: int) -> int:
    """Return the decimals that show two digits of an error, or some of a value without one.

    At most `most`, but always enough for two digits of the value itself, so that neither a tiny
    value nor one that is smaller than its error becomes zero.
    """
    least = _decimals(value, 2)
    if error is None:
        wanted = _decimals(value, _PLAIN_DIGITS)
    else:
        wanted = _decimals(error, 2) if error else most
    return max(least, min(wanted, most))


def _decimals(value: float, digits: int) -> int:
    """Return the decimals that show so many digits of a value; negative for tens and hundreds."""
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])  # after rounding, unlike log10
    return digits - 1 - exponent


def _format_number(value: float, decimals: int) -> str:
    return f"{round(value, decimals):.{max(decimals, 0)}f}"
