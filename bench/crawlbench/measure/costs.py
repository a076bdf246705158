"""What the parts of the next round will cost, judged by those before it (floor 3; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.measure.calibration import find_every
from crawlbench.stats.rounds import find_around_s, find_groups, fit_around, time_values

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from crawlbench.base.records import Cell, Session


@dataclass(frozen=True, slots=True)
class Costs:
    """What a round costs, in seconds."""

    around_s: float
    """The start, the warmups and the end of all workers."""
    values: dict[str, list[tuple[float, int]]]
    """By group, for each of its cells, the time of a value with everything around it, and the n of
    which the cell takes part in every n-th lap."""
    last_s: dict[str, float] = field(default_factory=dict)
    """What the values of these cells took in the last round that has some, by group."""

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
    """Return what the parts of the next round will cost; None if that is not known.

    It is judged by the last round, and for cells that took no part in it, because they were asleep
    or had left, by the last one that has values of them.
    """
    times = _find_last_times(session, {cell.name for cell in cells})
    if not times:
        return None
    every = find_every(session, cells)
    costs = Costs(_expect_around_s(session, cells), {})
    for cell in cells:
        if cell.name in times:
            one = fmean(times[cell.name]), every.get(cell.name, 1)
            costs.values.setdefault(cell.group, []).append(one)
            spent_s = costs.last_s.get(cell.group, 0.0) + sum(times[cell.name])
            costs.last_s[cell.group] = spent_s
    return costs


def _find_last_times(session: Session, names: Collection[str]) -> dict[str, list[float]]:
    """Return, by cell, what its values took in the last round that has some.

    Empty if the last round does not say what laps took, or took none.
    """
    found: dict[str, list[float]] = {}
    for record in reversed(session.rounds):
        times = time_values(record)
        if record.laps_s is None or not (found or times):
            break
        found = times | found  # what was found in later rounds stays
        if found.keys() >= set(names):
            break
    return found


def _expect_around_s(session: Session, cells: Sequence[Cell]) -> float:
    """Return what the next round costs around its laps: what the last did, but with its groups."""
    last = session.rounds[-1]
    more = len({cell.group for cell in cells}) - len(find_groups(session, last))
    if not more:
        return find_around_s(last)
    known = [record for record in session.rounds if record.laps_s is not None]
    counts = [len(find_groups(session, record)) for record in known]
    _, each_s = fit_around(counts, [find_around_s(record) for record in known])
    return max(0.0, find_around_s(last) + more * each_s)


def expect_round_s(session: Session, cells: Sequence[Cell]) -> float:
    """Return how long the next round will take: as long as the last, or by what its parts cost.

    The parts count if laps may have changed since, or if cells return that the last round lacked.
    """
    last = session.rounds[-1]
    returning = {cell.name for cell in cells} - {sample.cell for sample in last.samples}
    costs = find_costs(session, cells) if session.plan.is_paced or returning else None
    if costs is None:
        return last.seconds
    laps = {group: session.passes[group] * session.plan.laps for group in costs.values}
    return costs.around_s + costs.laps_s(laps)
