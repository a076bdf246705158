"""How cells changed from a base to a head (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.stats.interval import Interval

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Session, Summary


class Way(StrEnum):
    """A way to look at a change."""

    PAIRED = "paired"
    """Both sides took the same laps: `ab`."""
    PLAIN = "plain"
    """Time against time, corrected by the machine's anchors."""
    NORMALISED = "normalised"
    """Each side's time relative to its own baseline: the machine's speed cancels, and so does a
    change of the baseline."""
    KIN = "kin"
    """A cell's time relative to its kin, a cell that differs from it only by event loop."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A change seen in one way, as log ratios; for the cost to begin, in seconds."""

    way: Way
    estimate: float
    interval: Interval
    """At the session's confidence; between sessions it includes the variance between them."""
    verdict: Verdict
    means_high: float | None = None
    """Upper end of the interval of the means, in which rare slow laps count in full; None where
    nobody knows it."""
    obstacle: Obstacle | None = None
    """Why this way by itself has no verdict; None if it has one."""


@dataclass(frozen=True, slots=True)
class Change:
    """One cell on two sides."""

    cell: str
    base_s: float | None
    """Typical seconds per crawl (or per page, or to begin), not normalised; None for a side without
    values."""
    head_s: float | None
    rounds: int
    """Rounds of the side that has fewer."""
    verdict: Verdict
    ways: tuple[Seen, ...] = ()
    obstacle: Obstacle | None = None
    detail: str = ""
    quantity: Quantity = Quantity.TIME

    @property
    def estimate(self) -> float | None:
        """Log ratio head / base, or the difference; if there are two ways, by the first."""
        return self.ways[0].estimate if self.ways else None

    @property
    def low(self) -> float | None:
        """Lower end of the union over all ways."""
        return min((way.interval.low for way in self.ways), default=None)

    @property
    def high(self) -> float | None:
        """Upper end of the union over all ways."""
        return max((way.interval.high for way in self.ways), default=None)


def seconds_of(summary: Summary | None, quantity: Quantity) -> float | None:
    """Return a cell's typical time by a quantity; None if it is not known."""
    if summary is None:
        return None
    return {
        Quantity.TIME: summary.seconds,
        Quantity.CPU: summary.cpu_user_s + summary.cpu_system_s,
        Quantity.PAGE: summary.per_page_s,
        Quantity.BEGIN: summary.to_begin_s,
        Quantity.CPU_PAGE: summary.cpu_per_page_s,
    }[quantity]


def find_changes(session: Session, quantity: Quantity = Quantity.TIME) -> tuple[Change, ...]:
    """Return, in the plan's order, how each cell of `ab` changed from the first environment.

    All were measured in the same laps, so nothing needs to be normalised.
    """
    seconds = {summary.cell: seconds_of(summary, quantity) for summary in session.summaries}
    return tuple(
        Change(
            cell=found.cell,
            base_s=seconds.get(found.baseline),
            head_s=seconds.get(found.cell),
            rounds=found.rounds,
            verdict=found.verdict,
            ways=_ways(found),
            obstacle=found.obstacle,
            detail=found.detail,
            quantity=quantity,
        )
        for found in session.against_baseline(quantity)
    )


def _ways(found: Comparison) -> tuple[Seen, ...]:
    if found.estimate is None or found.low is None or found.high is None:
        return ()
    ends = Interval(found.low, found.high)
    numbers = found.estimate, ends, found.verdict, found.means_high, found.obstacle
    return (Seen(Way.PAIRED, *numbers),)
