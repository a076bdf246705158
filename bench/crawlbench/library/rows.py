"""What a session holds, one plain object per row (floor 5).

Names and meanings are those of the published JSON (`docs/results.schema.json`), so that a DataFrame
from Python and one from the file are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of a session; None where there is no value."""

    cell: str
    """Unique key; everything in the name is also a field of its own."""
    role: str
    """`contestant`, `baseline`, `control` or `reference`."""
    site: str
    """Empty for an operation, as are network, strategy and parser."""
    network: str
    strategy: str
    event_loop: str | None
    """None for a strategy that is not `async`."""
    parser: str
    concurrency: int
    operation: str
    """Empty for a crawl."""
    environment: str
    baseline: str
    """The cell that the ratio refers to."""
    verdict: str | None
    """`faster`, `slower`, `same`, `unclear`, `invalid` or `not supported`; None for a baseline, a
    control and a reference."""
    reason: str
    """Why the cell is invalid, not supported or unclear; empty otherwise."""
    values: int
    """How many were taken, without warmups."""
    seconds: float | None
    """Typical time per crawl, or per call of the operation; it agrees with the ratio."""
    seconds_error: float | None
    """Half-width of its interval at the session's confidence."""
    per_s: float | None
    """Pages, or what the operation counts, per second."""
    ratio: float | None
    """Time over the baseline's; below 1 is faster."""
    ratio_low: float | None
    ratio_high: float | None
    cpu_ratio: float | None
    """CPU time over the baseline's; None where no exact clock was read."""
    cpu_ratio_low: float | None
    cpu_ratio_high: float | None
    cpu_verdict: str | None
    cpu_user_s: float | None
    """Per crawl or call, as are all that follow up to the mark."""
    cpu_system_s: float | None
    parse_s: float | None
    wait_s: float | None
    peak_rss_bytes: int | None
    wire_bytes: float | None
    connections: float | None
    mark: str
    """Such as `server-bound`, if the row measures more than the client."""
    http: str
    """HTTP version that was spoken; empty where that is not known."""
    leading: str
    """The quantity that orders the group: `per page` if two lengths were measured, else `time`."""
    pages: int | None
    """Pages of the short crawl; None, like all that follows, where one length was measured."""
    long_pages: int | None
    per_page_s: float | None
    """Seconds that each further page adds."""
    per_page_error_s: float | None
    per_page_ratio: float | None
    per_page_ratio_low: float | None
    per_page_ratio_high: float | None
    per_page_verdict: str | None
    cpu_per_page_s: float | None
    """CPU seconds that each further page adds; None also where no exact clock was read."""
    cpu_per_page_ratio: float | None
    cpu_per_page_ratio_low: float | None
    cpu_per_page_ratio_high: float | None
    cpu_per_page_verdict: str | None
    to_begin_s: float | None
    """Seconds of a crawl without its pages' share."""
    to_begin_error_s: float | None
    to_begin_more_s: float | None
    """How many seconds that is more than the baseline's."""
    to_begin_more_low_s: float | None
    to_begin_more_high_s: float | None
    to_begin_verdict: str | None
    middle_pages: int | None
    """Pages of the middle length, which tests the line; None without one."""
    middle_s: float | None
    """Seconds of its crawl."""
    long_s: float | None
    """Seconds of the longest crawl."""
    is_bent: bool | None
    """Whether the three do not lie on a line, so that there is no cost per page or to begin."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cells of one group, compared in the same laps."""

    cell: str
    other: str
    quantity: str
    """`time`, `CPU`, `per page`, `to begin` or `CPU per page`."""
    verdict: str
    reason: str
    """Why there is no answer; empty if there is one."""
    rounds: int
    ratio: float | None
    """The cell's time over the other's; below 1 is faster. None for the cost to begin."""
    ratio_low: float | None
    ratio_high: float | None
    more_s: float | None
    """Seconds that the cell takes more than the other to begin; None for other quantities."""
    more_low_s: float | None
    more_high_s: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """One cell on two sides; None where there is no value."""

    cell: str
    base_seconds: float | None
    head_seconds: float | None
    ratio: float | None
    """Head over base; below 1 is faster. If there is a plain and a normalised ratio, the plain
    one."""
    ratio_low: float | None
    """Lower end of the interval, or of the union of the plain and the normalised one."""
    ratio_high: float | None
    verdict: str
    quantity: str = "time"
    """`time`, `CPU`, `per page`, `to begin` or `CPU per page`, which the seconds refer to."""
    more_s: float | None = None
    """Seconds that the head takes more than the base to begin; None for other quantities, which
    have a ratio."""
    more_low_s: float | None = None
    more_high_s: float | None = None


def copy_rows(kind: type[T], sources: Iterable[object]) -> tuple[T, ...]:
    """Return rows of a kind, with each field taken from the source's field of the same name."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return tuple(kind(**{name: _plain(getattr(one, name)) for name in names}) for one in sources)


def _plain(value: object) -> object:
    """Return an enum's text as a plain string, which is shown and compared like any other."""
    return str(value) if isinstance(value, str) else value
