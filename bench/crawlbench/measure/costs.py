"""What the parts of a round cost, judged by the last one (floor 3; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.measure.calibration import find_every

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records import Cell, Session

__all__ = ["Costs", "expect_round_s", "find_costs"]


@dataclass(frozen=True, slots=True)
class Costs:
    """What a round costs, in seconds."""

    around_s: float
    """The start, the warmups and the end of all workers."""
    values: dict[str, list[tuple[float, int]]]
    """By group, for each of its cells, the time of a value with everything around it, and the n of
    which the cell takes part in every n-th lap."""
    last_s: dict[str, float] = field(default_factory=dict)
    """What the values of these cells took in the last round, by group."""

    def lap_s(self, group: str) -> float:
        """Return what a lap of a group takes on average."""
        return sum(seconds / every for seconds, every in self.values[group])

    def laps_s(self, laps: Mapping[str, int]) -> float:
        """Return what so many laps of each group take in a round."""
        return sum(self.group_s(group, count) for group, count in laps.items())

    def group_s(self, group: str, laps: int) -> float:
        """Return what a group's laps take, if it has so many in a round."""
        return sum(seconds * math.ceil(laps / every) for seconds, every in self.values[group])


def find_costs(session: Session, cells: Sequence[Cell]) -> Costs | None:
    """Return what the parts of the next round will cost, judged by the last; None if not known.

    What is done around each value, such as collecting garbage, is taken as the same for all values.
    """
    record = session.rounds[-1]
    values = [sample for sample in record.samples if not sample.warmup]
    if record.laps_s is None or not values:
        return None
    beside_s = max(0.0, record.laps_s - sum(s.seconds * s.loops for s in values)) / len(values)
    times: dict[str, list[float]] = {}
    for sample in values:
        times.setdefault(sample.cell, []).append(sample.seconds * sample.loops + beside_s)
    every = find_every(session, cells)
    costs = Costs(max(0.0, record.seconds - record.laps_s), {})
    for cell in cells:
        if cell.name in times:
            one = fmean(times[cell.name]), every.get(cell.name, 1)
            costs.values.setdefault(cell.group, []).append(one)
            spent_s = costs.last_s.get(cell.group, 0.0) + sum(times[cell.name])
            costs.last_s[cell.group] = spent_s
    return costs


def expect_round_s(session: Session, cells: Sequence[Cell]) -> float:
    """Return how long the next round will take: as long as the last, or by its laps' cost."""
    costs = find_costs(session, cells) if session.plan.is_paced else None
    if costs is None:
        return session.rounds[-1].seconds
    laps = {group: session.passes[group] * session.plan.laps for group in costs.values}
    return costs.around_s + costs.laps_s(laps)
