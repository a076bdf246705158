"""One machine's estimates for each cell, in the form that is merged over machines (floor 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle
from crawlbench.cluster.merging import MERGED
from crawlbench.cluster.records import CellEstimate, ControlEstimate
from crawlbench.stats.comparability import explain_between
from crawlbench.stats.doubts import reach_of
from crawlbench.stats.index import Index, reading_of
from crawlbench.stats.interval import estimate_mean
from crawlbench.stats.lengths import find_failures, index_for
from crawlbench.stats.pairing import Side, log_ratios, log_ratios_of_means

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.records import Comparison, Control, Quantity, Session
    from crawlbench.stats.index import Reading
    from crawlbench.stats.interval import Estimate


class Estimates:
    """Means over rounds, for each quantity that is judged over machines."""

    def __init__(self, session: Session) -> None:
        """Take a judged session."""
        self._session = session
        self._twins = session.plan.twins
        self._failures = {quantity: find_failures(session, quantity) for quantity in MERGED}
        index = Index(session.rounds)
        self._indexes = {
            (group, quantity): index_for(session, index, group, quantity)
            for group in session.plan.baselines
            for quantity in MERGED
            if group in session.plan.long_forms or not quantity.is_of_lengths
        }

    def cells(self) -> tuple[CellEstimate, ...]:
        """Return the comparison of each cell with its baseline."""
        groups = {cell.name: cell.group for cell in self._session.plan.own_cells}
        return tuple(
            self._cell(groups[found.cell], found)
            for quantity in MERGED
            for found in self._session.against_baseline(quantity)
        )

    def controls(self) -> tuple[ControlEstimate, ...]:
        """Return what each group's control shows."""
        return tuple(
            map(self._control, (c for c in self._session.controls if c.quantity in MERGED))
        )

    def _cell(self, group: str, said: Comparison) -> CellEstimate:
        found = means = None
        # Other obstacles, such as noise, leave a mean that more machines can settle. But where half
        # of the time is not the client's, the mean is not about the client.
        if said.estimate is not None and said.obstacle is not Obstacle.HALF:
            failures = self._failures[said.quantity]
            # As the judge does it: if one twin failed, the other alone is the baseline.
            present = tuple(name for name in self._twins[group] if name not in failures)
            sides = Side(said.cell, (said.cell,)), Side(said.baseline, present)
            # The session's own interval holds at any look; merging needs the plain standard error.
            found = self._mean(group, said.quantity, *sides)
            means = self._mean(group, said.quantity, *sides, log_ratios_of_means)
        reach = reach_of(one.shift for one in said.doubts)
        return CellEstimate(
            cell=said.cell,
            rounds=found.count if found else said.rounds,
            mean=found.mean if found else None,
            error=found.error if found else None,
            verdict=said.verdict,
            reason="" if found else _explain(said),
            quantity=said.quantity,
            of_means=means.mean if means else None,
            of_means_error=means.error if means else None,
            moved_down=reach.low if found else 0.0,
            moved_up=reach.high if found else 0.0,
        )

    def _control(self, said: Control) -> ControlEstimate:
        found = None
        if said.estimate is not None:
            baseline, twin, *_ = self._twins[said.group]
            sides = Side(twin, (twin,)), Side(baseline, (baseline,))
            found = self._mean(said.group, said.quantity, *sides)
        return ControlEstimate(
            group=said.group,
            rounds=found.count if found else said.rounds,
            mean=found.mean if found else None,
            error=found.error if found else None,
            noise=found.half_width(self._session.plan.confidence) if found else None,
            widening=said.widening if found else 0.0,
            quantity=said.quantity,
        )

    def _mean(
        self,
        group: str,
        quantity: Quantity,
        side: Side,
        other: Side,
        read: Callable[[Index, Side, Side, Reading], list[float]] = log_ratios,
    ) -> Estimate | None:
        return estimate_mean(
            read(self._indexes[group, quantity], side, other, reading_of(quantity))
        )


def _explain(said: Comparison) -> str:
    """Return why there is no number; within a session, half of the time names a doubt instead."""
    detail = "" if said.obstacle is Obstacle.HALF else said.detail
    return explain_between(said.obstacle, detail) or said.detail
