"""What environments change: each cell against itself in the first environment (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.stats.change import Change, Seen, Way, seconds_of
from crawlbench.stats.interval import Interval

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Session


def find_changes(session: Session, quantity: Quantity = Quantity.TIME) -> tuple[Change, ...]:
    """Return, in the plan's order, each cell's change from the first environment to its own.

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
    return (Seen(Way.PAIRED, found.estimate, Interval(found.low, found.high), found.verdict),)
