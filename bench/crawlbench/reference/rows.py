"""The rows of the table: what it says about one cell, or one scenario (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.reference.pooling import MIN_SESSIONS
from crawlbench.report.numbers import format_interval, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.reference.pairs import Pair
    from crawlbench.reference.pooling import PooledRatio


@dataclass(frozen=True, slots=True)
class TableRow:
    """One cell of one matrix."""

    matrix: str
    scenario: str
    strategy: str
    loop: str
    """Event loop; `-` for a strategy without one."""
    parser: str
    python: str
    machine: str
    first: str
    """Day of the first session on which the row is based; `last` is that of the last one."""
    last: str
    library: str
    """Library, with its version."""
    model: str
    seconds: float | None
    """Typical seconds per crawl; None if it is invalid."""
    per_page: float | None
    """Seconds that a page adds, from two lengths; with only one, the crawl's time over its
    pages."""
    begin: float | None
    """Seconds of a crawl without its pages; None if there is only one length."""
    page: PooledRatio | None
    cpu_per_page: float | None
    """CPU seconds that a page adds, from the same lengths as `per_page`; with only one length the
    crawl's CPU seconds over its pages, start-up included. None where either could not be told."""
    has_lengths: bool
    """Whether two lengths were measured, so that a page's cost is without its crawl's start-up."""
    memory: int | None
    """Bytes beyond what the worker had before."""
    time: PooledRatio | None
    """Ratio to the baseline; None for the baseline itself and for the reference."""
    verdict: str
    """Verdict against the baseline of its scenario, or what takes its place."""
    reason: str
    cpu: PooledRatio | None
    rank: int | None
    same: int | None
    """How many others cannot be told apart from it."""
    sessions: str
    """Places in the table's list of sessions, separated by commas."""
    tuned: bool
    reviewed: str
    """Who reviewed it; empty for nobody."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the same row in all matrices."""
        return self.scenario, self.strategy, self.loop, self.parser

    @property
    def part(self) -> str:
        """The part of a matrix, or the suite, to which its scenario belongs."""
        return self.scenario.partition(":")[0]

    @property
    def is_whole(self) -> bool:
        """Whether it rests on as many sessions as a verdict needs."""
        return len(self.sessions.split(",")) >= MIN_SESSIONS


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of one scenario of one matrix was answered."""

    matrix: str
    scenario: str
    baseline: str
    unclear: int
    """Comparisons with the baseline that are unclear."""
    compared: int
    """Comparisons with the baseline, without preliminary ones."""
    preliminary: int
    apart: int
    """Pairs that were told apart."""
    pairs: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs of one scenario of one matrix."""

    matrix: str
    scenario: str
    members: tuple[tuple[str, str, str], ...]
    """Strategy, event loop and parser, as in rows."""
    found: dict[tuple[int, int], Pair]
    """Pairs by their places among the members, the lower place first."""


def newest_last(rows: Iterable[TableRow]) -> list[TableRow]:
    """Return rows, given the oldest first, so that the last of those that are alike is to be shown.

    That is the newest one that is whole. A matrix takes days: what it has begun is preliminary, and
    does not take the place of the matrix before it. Only where no row is whole is it shown.
    """
    return sorted(rows, key=lambda row: row.is_whole)


def days_of(rows: Iterable[TableRow]) -> str:
    """Return the first and the last day on which rows were measured, or the only one."""
    days = sorted({day for row in rows for day in (row.first, row.last)})
    return " to ".join(dict.fromkeys((days[0], days[-1])))


def ratio_text(ratio: PooledRatio | None) -> str:
    """Return a ratio as text, `-` if there is none."""
    if ratio is None or ratio.estimate is None or ratio.interval is None:
        return "-"
    return format_ratio(ratio.estimate, ratio.interval.low, ratio.interval.high)


def interval_text(ratio: PooledRatio | None) -> str:
    """Return the interval of a ratio as text, `-` if there is none."""
    if ratio is None or ratio.interval is None:
        return "-"
    return format_interval(ratio.interval.low, ratio.interval.high)
