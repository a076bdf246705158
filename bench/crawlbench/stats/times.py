"""The values of one session's cells, for comparison with other sessions (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity
from crawlbench.stats.anchors import State, read_state
from crawlbench.stats.competition import find_others_shares
from crawlbench.stats.doubts import bound_shifts, find_nuisances
from crawlbench.stats.index import Index, reading_of
from crawlbench.stats.interval import Estimate, estimate_mean
from crawlbench.stats.lengths import find_failures, index_for
from crawlbench.stats.midmean import midmean
from crawlbench.stats.pairing import Side, log_ratios, log_ratios_of_means
from crawlbench.stats.question import has_cpu_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crawlbench.base.records import Cell, Control, Doubt, Failure, Session
    from crawlbench.stats.doubts import Nuisances


@dataclass(frozen=True, slots=True)
class Loss:
    """What a doubt makes up of a cell's own value."""

    share: float
    """Share of its time, from 0 to 1."""
    shift: float
    """How far taking it off moves the value, in the unit of the quantity."""


class SessionTimes:
    """The values of one session's cells by one quantity, by round, plain and normalised.

    They are logarithms of seconds; for the cost to begin, seconds.
    """

    def __init__(
        self, session: Session, quantity: Quantity = Quantity.TIME, index: Index | None = None
    ) -> None:
        """Take a judged session, and the index of its rounds if there is one already."""
        self.session = session
        self.quantity = quantity
        is_read = not quantity.is_cpu or has_cpu_clock(session)
        longs = session.plan.long_names
        self.cells = {  # a cell that has one length, such as a limit, has no time per page
            cell.name: cell
            for cell in session.plan.own_cells
            if is_read and not cell.control and (cell.name in longs or not quantity.is_of_lengths)
        }
        self.summaries = {summary.cell: summary for summary in session.summaries}
        self._index = index or Index(session.rounds)
        self._indexes: dict[str, Index] = {}
        self._reading = reading_of(quantity)
        self._failures = find_failures(session, quantity)
        self._twins = session.plan.twins
        self._shifts = {
            # Whichever of the two is compared with the other, a bound has no direction.
            frozenset((one.cell, one.baseline)): bound_shifts(size.shift for size in one.doubts)
            for one in session.comparisons
            if one.quantity is quantity
        }
        self._controls = {one.group: one for one in session.controls if one.quantity is quantity}
        self._nuisances: dict[str, Nuisances] = {}
        self._half = self._find_half()

    def by(self, quantity: Quantity) -> SessionTimes:
        """Return the same session, read by another quantity."""
        return SessionTimes(self.session, quantity, self._index)

    def is_baseline(self, cell: Cell) -> bool:
        """Return whether others of the group are compared with this cell."""
        return cell.name == self.baseline(cell)

    def baseline(self, cell: Cell) -> str:
        """Return the name of the cell with which others of the group are compared."""
        return self.session.plan.baselines[cell.group]

    def plain(self, cell: Cell, *, by_means: bool = False) -> Estimate | None:
        """Return the cell's own value; for the baseline, that of both twins.

        Args:
            cell: the cell.
            by_means: whether the laps of a round are summed up by their mean, in which rare slow
                ones count in full, instead of their midmean; here and below.
        """
        names = self._own(cell)
        if not names:
            return None
        index = self._read(cell.group)
        by_round = index.means_by_round if by_means else index.by_round
        return estimate_mean(by_round(names, self._reading))

    def normalised(self, cell: Cell, *, by_means: bool = False) -> Estimate | None:
        """Return the cell's value relative to its group's twins; None for the baseline.

        The cost to begin has no ratio; it is given in crawls of the baseline, so that the machine's
        speed cancels as well.
        """
        twins = self._present(cell.group)
        if self.is_baseline(cell) or not twins:
            return None
        if not self.quantity.has_ratio:
            return estimate_mean(self._in_crawls(cell, twins, fmean if by_means else midmean))
        return self._ratio(cell, twins, by_means=by_means)

    def beside(self, cell: Cell, other: Cell, *, by_means: bool = False) -> Estimate | None:
        """Return the log ratio of two cells of one group."""
        return self._ratio(cell, (other.name,), by_means=by_means)

    def crawl_s(self, group: str) -> float | None:
        """Return how long a crawl of a group's baseline typically takes."""
        return self._index.typical_s(self._present(group))

    def amplify(self, cell: Cell) -> float:
        """Return the factor by which an error in a crawl's logarithm moves the cell's value."""
        return self._read(cell.group).amplify(cell.name, self._reading)

    def state(self, group: str) -> State | None:
        """Return the machine's state while a group was measured."""
        return read_state(self.session, group)

    def has_samples(self, group: str) -> bool:
        """Return whether any cell of a group was measured, and the machine's state with it."""
        cells = (cell for cell in self.session.plan.cells if cell.group == group)
        return any(self._index.samples(cell.name) for cell in cells)

    def shift(self, cell: Cell) -> float:
        """Return how far doubts could move the normalised value, in the unit of the quantity."""
        return self._shifts.get(frozenset((cell.name, self.baseline(cell))), 0.0)

    def shift_beside(self, cell: Cell, other: Cell) -> float:
        """Return how far doubts could move the log ratio of two cells.

        Cells that were not compared with each other were both compared with the baseline.
        """
        through = self.shift(cell) + self.shift(other)
        return self._shifts.get(frozenset((cell.name, other.name)), through)

    def twins_differ(self, group: str) -> float:
        """Return by how much a group's twins differ, in the unit of the quantity.

        0 if they may well be equal; see `Control.widening`.
        """
        control = self.control(group)
        return control.widening if control else 0.0

    def control(self, group: str) -> Control | None:
        """Return what a group's control shows; None if it has none."""
        return self._controls.get(group)

    def losses(self, cell: Cell) -> dict[Doubt, Loss]:
        """Return what each doubt makes up of the plain value; empty if there is none."""
        names = self._own(cell)
        if cell.group not in self._nuisances:
            found = find_nuisances(self.session, cell, self.quantity, self._others)
            self._nuisances[cell.group] = found
        nuisances, index = self._nuisances[cell.group], self._read(cell.group)
        whole = index.by_round(names, nuisances.plain)
        if not whole:
            return {}
        rest = {doubt: nuisances.without((doubt,)) for doubt in nuisances.kinds}
        return {
            doubt: Loss(share, fmean(index.by_round(names, rest[doubt])) - fmean(whole))
            for doubt, share in nuisances.shares(index, Side(cell.name, names)).items()
        }

    def obstacle(self, cell: Cell) -> tuple[Obstacle, str] | None:
        """Return why a cell's value cannot be compared across sessions, and what that concerns."""
        failure = self._failures.get(cell.name)
        if failure:
            return Obstacle.FAILED, failure.reason
        facts = self.session.plan.operation(cell)
        if facts and facts.whole_ms:
            return Obstacle.TIMERS, ""
        found, detail = self._read(cell.group).find_obstacle(
            (cell.name, *self._present(cell.group))
        )
        if found:
            return found, detail
        if cell.name in self._half:
            return Obstacle.HALF, ""
        baseline = self.baseline(cell)
        if baseline in self._half:
            return Obstacle.HALF, baseline
        return None

    def failure(self, cell: Cell) -> Failure | None:
        """Return why a cell has no value, or None if it has one."""
        return self._failures.get(cell.name)

    @cached_property
    def _others(self) -> dict[str, float]:
        """By cell, the share of its waits for a CPU that others caused."""
        return find_others_shares(self.session, self._index)

    def _find_half(self) -> set[str]:
        """Return the cells of which a doubt makes up half of the time or more."""
        found = set()
        for one in self.session.against_baseline(self.quantity):
            if one.obstacle is Obstacle.HALF:
                cell = self.session.plan.cell(one.cell)
                # What is too much does not depend on who caused the waits: nobody is named.
                most = find_nuisances(self.session, cell, self.quantity, {}).most
                for size in one.doubts:
                    sides = (one.cell, size.cell_share), (one.baseline, size.baseline_share)
                    found |= {name for name, share in sides if share >= most(size.doubt)}
        return found

    def _ratio(self, cell: Cell, others: tuple[str, ...], *, by_means: bool) -> Estimate | None:
        """Return the log ratio of a cell to others of its group, which count as one."""
        sides = Side(cell.name, (cell.name,)), Side(others[0], others)
        ratios = log_ratios_of_means if by_means else log_ratios
        return estimate_mean(ratios(self._read(cell.group), *sides, self._reading))

    def _in_crawls(
        self, cell: Cell, twins: tuple[str, ...], sum_up: Callable[[list[float]], float]
    ) -> list[float]:
        """Return, per round, the cell's seconds over those of the baseline's crawl in its laps."""
        pairs = zip(self._read(cell.group).laps((cell.name,)), self._index.laps(twins), strict=True)
        rounds = [
            [seconds / math.exp(crawls[lap]) for lap, seconds in laps.items() if lap in crawls]
            for laps, crawls in pairs
        ]
        return [sum_up(laps) for laps in rounds if laps]

    def _read(self, group: str) -> Index:
        """Return the index by which a group's cells are compared."""
        if group not in self._indexes:
            self._indexes[group] = index_for(self.session, self._index, group, self.quantity)
        return self._indexes[group]

    def _own(self, cell: Cell) -> tuple[str, ...]:
        """Return the cells of which a plain value consists."""
        return self._present(cell.group) if self.is_baseline(cell) else (cell.name,)

    def _present(self, group: str) -> tuple[str, ...]:
        return tuple(name for name in self._twins[group] if name not in self._failures)


def have_anchors(pair: Sequence[SessionTimes], groups: Iterable[str]) -> bool:
    """Return whether sessions have anchors in all groups that all of them measured.

    Format 1 has none at all; a group that failed as a whole has none because it has no laps.
    """
    measured = [group for group in groups if all(side.has_samples(group) for side in pair)]
    return all(side.state(group) for side in pair for group in measured)
