"""Latencies in HdrHistograms: 1 microsecond to an hour, three significant digits (floor 4).

All histograms have the same bounds and digits, so adding their counts merges them exactly: the
result is the histogram that would have come from all values.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING

from crawlbench.base.errors import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hdrh.histogram import HdrHistogram

LONGEST_US = 3_600_000_000
DIGITS = 3
PERCENTILES = {"p50": 0.50, "p90": 0.90, "p99": 0.99, "p99.9": 0.999}
"""The percentiles that are reported for every run, as fractions."""

Percentiles = dict[str, float | None]
"""Seconds by name; None where so many requests failed that there is no such time."""


def count_seconds(counts: dict[int, int], seconds: float) -> None:
    """Count one latency, in whole microseconds: cheap, unlike `record_value`."""
    key = int(seconds * 1e6 + 0.5)
    counts[key] = counts.get(key, 0) + 1


def _new() -> HdrHistogram:
    from hdrh.histogram import HdrHistogram  # noqa: PLC0415  (an extra)

    return HdrHistogram(1, LONGEST_US, DIGITS)


def encode_counts(counts: Mapping[int, int]) -> str:
    """Return counts by microseconds as a histogram in its text form (V2, compressed, base 64)."""
    histogram = _new()
    for key, count in counts.items():
        # The histogram would leave out what is longer than its bound.
        histogram.record_value(min(max(key, 1), LONGEST_US), count)
    text: bytes = histogram.encode()
    return text.decode("ascii")


def merge(texts: Iterable[str]) -> HdrHistogram:
    """Return one histogram of all that the texts hold; an empty text is an empty histogram."""
    from hdrh.histogram import HdrHistogram  # noqa: PLC0415  (an extra)

    merged = _new()
    for text in texts:
        if text:
            merged.add(HdrHistogram.decode(text))
    return merged


def quantile(histogram: HdrHistogram, fraction: float, failed: int = 0) -> float | None:
    """Return the time in seconds within which this fraction of all requests was answered.

    A failed request counts as slower than all that were answered.

    Args:
        histogram: the latencies of the answered requests.
        fraction: a number from 0 to 1.
        failed: how many were not answered.

    Returns:
        Seconds; None if there are no requests, or the fraction reaches into the failed ones.
    """
    answered = histogram.get_total_count()
    # A product that should be whole may come out a little above it, and would give the next rank.
    rank = max(1, math.ceil(fraction * (answered + failed) - 1e-9))
    if rank > answered:
        return None
    # A quarter of a rank less: the library adds half a rank and cuts off the fraction. A whole
    # number could come out a little too small by rounding there, and give the value before.
    value: int = histogram.get_value_at_percentile((rank - 0.25) / answered * 100)
    return value / 1e6


def require_histograms() -> None:
    """Raise if latencies cannot be kept.

    Raises:
        NotInstalledError: HdrHistogram's library is missing; the message has the command to install
        it.
    """
    if find_spec("hdrh") is None:
        raise NotInstalledError(
            "load keeps latencies with hdrhistogram, which is not installed here; "
            "it comes with crawlbench's extra 'cluster'"
        )
