"""What environments changed: each cell against itself in the first one (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.stats.compare import Change

if TYPE_CHECKING:
    from crawlbench.records import Session

__all__ = ["find_changes"]


def find_changes(session: Session) -> tuple[Change, ...]:
    """Return the comparisons of a session of environments, with both times, in the plan's order.

    All were taken in the same laps, so that nothing needs to be normalised.
    """
    seconds = {summary.cell: summary.seconds for summary in session.summaries}
    return tuple(
        Change(
            cell=found.cell,
            base_s=seconds.get(found.baseline),
            head_s=seconds.get(found.cell),
            rounds=found.rounds,
            estimate=found.estimate,
            low=found.low,
            high=found.high,
            verdict=found.verdict,
            reason=found.reason,
        )
        for found in session.comparisons
    )
