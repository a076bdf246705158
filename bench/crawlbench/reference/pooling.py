"""What several sessions of one scenario say together (floor 4; pure).

A session's interval holds for that session. A figure of the table is the mean of three sessions or
more, and its interval holds from session to session: the variance between them is pooled over the
cells of the scenario (`stats/between.py`). Two questions are asked, each with a family that is
fixed beforehand: how each cell compares with the baseline, and which pairs can be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Comparison, Obstacle, Quantity, Verdict
from crawlbench.reference.pairs import Rules, judge_pairs
from crawlbench.stats.alike import explain_between
from crawlbench.stats.between import DEFAULTS, find_spread, mean_of_sessions
from crawlbench.stats.change import Way
from crawlbench.stats.claims import judge_family
from crawlbench.stats.doubts import bound_shifts
from crawlbench.stats.index import Index, reading_of
from crawlbench.stats.interval import Estimate, Interval, estimate_mean
from crawlbench.stats.lengths import find_failures, index_for
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.pairing import Side, log_ratios
from crawlbench.stats.question import has_cpu_clock

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crawlbench.base.records import Cell, Doubt, Failure, Session
    from crawlbench.reference.pairs import Pair

MARGIN = 0.04879016416943204
"""Log ratio of 5 %, set before anything was measured: nothing smaller is called a difference."""
CONFIDENCE = 0.95
QUANTITIES = (Quantity.TIME, Quantity.CPU, Quantity.PAGE)
"""Quantities that are compared; the cost to begin is only given in seconds."""
MIN_SESSIONS = 3
"""Sessions that a figure needs; with fewer it is preliminary, and has no verdict."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A cell against the baseline, over sessions."""

    estimate: float | None
    """Log ratio; None if there is none."""
    interval: Interval | None
    verdict: Verdict
    sessions: int
    reason: str = ""
    """Why the verdict does not answer the question; empty if it does."""

    @property
    def is_preliminary(self) -> bool:
        """Whether only sessions are missing for a verdict."""
        return self.verdict is Verdict.UNCLEAR and 0 < self.sessions < MIN_SESSIONS


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a cell stands among all cells of its scenario, by wall time."""

    rank: int
    """One more than the number of cells that are faster."""
    same: int
    """How many other cells cannot be told apart from it."""


class _Part:
    """One session's part in a scenario."""

    def __init__(self, session: Session, group: str, outdated: Collection[str]) -> None:
        cells = [cell for cell in session.plan.own_cells if cell.group == group]
        is_usable = session.plan.baselines[group] not in outdated
        self.cells = {
            cell.name: cell
            for cell in cells
            if is_usable and not cell.control and cell.name not in outdated
        }
        self._failures = {quantity: find_failures(session, quantity) for quantity in QUANTITIES}
        self.baseline = session.plan.baselines[group]
        controls = [cell.name for cell in cells if cell.control]
        self._twins = (self.baseline, *controls)
        index, has_lengths = Index(session.rounds), group in session.plan.long_forms
        has_cpu = has_cpu_clock(session)
        self._indexes = {
            quantity: index_for(session, index, group, quantity)
            for quantity in QUANTITIES
            if (has_lengths or not quantity.is_of_lengths) and (has_cpu or not quantity.is_cpu)
        }
        self.widenings = {
            one.quantity: one.widening for one in session.controls if one.group == group
        }
        self.found: dict[tuple[str, Quantity], Comparison] = {
            (one.cell, one.quantity): one
            for one in session.comparisons
            if one.baseline == self.baseline
        }

    def failure(self, cell: str, quantity: Quantity) -> Failure | None:
        """Return why a cell is invalid, or None. Per page, its long form counts too."""
        return self._failures[quantity].get(cell)

    def ratio(self, cell: str, other: str, quantity: Quantity) -> Estimate | None:
        """Return the log ratio of two cells in this session; the baseline is both of its twins."""
        failed = self._failures[quantity].keys()
        # A baseline that failed is replaced by its twin.
        if {cell, other} & failed - {self.baseline}:
            return None
        twins = tuple(name for name in self._twins if name not in failed)
        one, two = (
            Side(name, twins if name == self.baseline else (name,)) for name in (cell, other)
        )
        if not (one.cells and two.cells):
            return None
        # Where more pages took no more time, or the times do not lie on a line, a page has no cost.
        index = self._indexes.get(quantity)
        if index is None or index.find_obstacle((*one.cells, *two.cells))[0]:
            return None
        return estimate_mean(log_ratios(index, one, two, reading_of(quantity)))

    def widening(self, cell: str, other: str, quantity: Quantity) -> float:
        """Return how far doubts and the twins' difference could move the log ratio of two cells."""
        mine, theirs = (self._shifts(name, quantity) for name in (cell, other))
        doubts = {*mine, *theirs}
        # A doubt that moves both cells alike moves nothing between them.
        moves = [mine.get(doubt, 0.0) - theirs.get(doubt, 0.0) for doubt in doubts]
        return bound_shifts(moves) + self.widenings.get(quantity, 0.0)

    def _shifts(self, cell: str, quantity: Quantity) -> dict[Doubt, float]:
        """Return how far each doubt moves a cell's log ratio to the baseline."""
        found = self.found.get((cell, quantity))
        return {one.doubt: one.shift for one in found.doubts} if found else {}

    def is_half(self, cell: str, quantity: Quantity) -> bool:
        """Return whether half of a cell's time was not the client's own."""
        found = self.found.get((cell, quantity))
        return found is not None and found.obstacle is Obstacle.HALF


class Pool:
    """The sessions of one scenario on one machine."""

    def __init__(
        self,
        sessions: Sequence[Session],
        group: str,
        least_sessions: int = MIN_SESSIONS,
        outdated: Sequence[Collection[str]] = (),
    ) -> None:
        """Take judged sessions that have this group, all with the same baseline.

        Args:
            sessions: at least one.
            group: the group of cells.
            least_sessions: how many a verdict needs.
            outdated: for each session the cells that were another thing then, which do not count;
                if the baseline is one of them, none does. Empty if all count.
        """
        left_out = outdated or [()] * len(sessions)
        self._parts = [
            _Part(session, group, names) for session, names in zip(sessions, left_out, strict=True)
        ]
        self._least = least_sessions
        self.baseline = self._parts[0].baseline
        self.cells: dict[str, Cell] = {}
        for part in self._parts:
            self.cells.update(part.cells)

    def has(self, name: str) -> list[bool]:
        """Return for each session whether a cell counts there."""
        return [name in part.cells for part in self._parts]

    @cached_property
    def contestants(self) -> tuple[str, ...]:
        """All cells that are compared, including failed ones, with the baseline first."""
        others = [
            name
            for name, cell in self.cells.items()
            if name != self.baseline and cell.strategy != REFERENCE
        ]
        return (self.baseline, *others)

    def ratios(self, quantity: Quantity) -> dict[str, Ratio]:
        """Return each cell against the baseline, without the baseline itself."""
        others = self.contestants[1:]
        found = {name: self._estimates(name, self.baseline, quantity) for name in others}
        usable = {name: values for name, values in found.items() if values}
        means = [[one.mean for one in values] for values in usable.values()]
        spread = find_spread(DEFAULTS[Way.NORMALISED], means)
        pooled = {name: mean_of_sessions(values, spread) for name, values in usable.items()}
        wide = {name: self._widening(name, self.baseline, quantity) for name in pooled}
        # As in a session, a cell that fails stays in the family: nobody gains power by failing.
        judged = judge_family(pooled, MARGIN, CONFIDENCE, wide, len(others))
        ratios = {}
        for name in others:
            count = len(found[name])
            obstacle = self._obstacle(name, quantity, count)
            if failure := self.failure(name, quantity):
                verdict = Verdict.UNSUPPORTED if failure.is_refusal else Verdict.INVALID
                # Not even the numbers of those sessions are shown in which it worked.
                ratios[name] = Ratio(None, None, verdict, count, obstacle)
                continue
            if name not in judged:
                ratios[name] = Ratio(None, None, Verdict.UNCLEAR, count, obstacle)
                continue
            one = judged[name]
            verdict = Verdict.UNCLEAR if obstacle else one.verdict
            reason = obstacle or (OPEN if verdict is Verdict.UNCLEAR else "")
            ratios[name] = Ratio(pooled[name].mean, one.interval, verdict, count, reason)
        return ratios

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """Where each cell that has a figure stands; its rank follows from the pairs."""
        names = [
            name
            for name in self.contestants
            if not self._obstacle(name, Quantity.TIME, self._count(name))
        ]
        slower = dict.fromkeys(names, 0)
        apart = dict.fromkeys(names, 0)
        for (one, two), pair in self.pairs.items():
            if pair.sign:
                slower[one if pair.sign > 0 else two] += 1
                apart[one] += 1
                apart[two] += 1
        return {n: Standing(1 + slower[n], len(names) - 1 - apart[n]) for n in names}

    def share_told(self) -> tuple[int, int]:
        """Return how many pairs are told apart, and how many there are."""
        names = list(self.standings)
        apart = sum(len(names) - 1 - one.same for one in self.standings.values())
        return apart // 2, len(names) * (len(names) - 1) // 2

    @cached_property
    def pairs(self) -> dict[tuple[str, str], Pair]:
        """All pairs of cells that did not fail, by wall time; too few sessions give the sign 0."""
        names = [n for n in self.contestants if not self.failure(n, Quantity.TIME)]
        # Cells with too few sessions are told apart from nobody: their pairs are not in the family.
        whole = sum(self._count(name) >= self._least for name in self.contestants)
        found = {
            pair: values
            for pair in combinations(names, 2)
            if (values := self._estimates(*pair, Quantity.TIME))
        }
        return judge_pairs(
            found,
            {pair for pair in found if self._are_kin(*pair)},
            {pair: self._widening(*pair, Quantity.TIME) for pair in found},
            {name for name in names if self._is_half(name, Quantity.TIME)},
            Rules(MARGIN, CONFIDENCE, self._least, whole * (whole - 1) // 2),
        )

    def _are_kin(self, one: str, two: str) -> bool:
        """Return whether two cells differ only by event loop."""
        first, second = (replace(self.cells[name], event_loop=None) for name in (one, two))
        return first == second

    def _estimates(self, cell: str, other: str, quantity: Quantity) -> list[Estimate]:
        parts = (part for part in self._parts if part.cells.keys() >= {cell, other})
        found = (part.ratio(cell, other, quantity) for part in parts)
        return [one for one in found if one]

    def _count(self, name: str) -> int:
        return sum(self.has(name))

    def _widening(self, name: str, other: str, quantity: Quantity) -> float:
        return fmean(
            part.widening(name, other, quantity)
            for part in self._parts
            if part.cells.keys() >= {name, other}
        )

    def failure(self, name: str, quantity: Quantity) -> Failure | None:
        """Return why a cell failed in one of the sessions, or None if it did not."""
        parts = (part for part in self._parts if name in part.cells)
        return next(filter(None, (part.failure(name, quantity) for part in parts)), None)

    def _is_half(self, name: str, quantity: Quantity) -> bool:
        return any(part.is_half(name, quantity) for part in self._parts if name in part.cells)

    def _obstacle(self, name: str, quantity: Quantity, count: int) -> str:
        if failure := self.failure(name, quantity):
            return failure.reason
        if self._is_half(name, quantity):
            return explain_between(Obstacle.HALF)
        if count < self._least:
            return f"preliminary: {count} of {self._least} sessions"
        return ""


OPEN = "the interval reaches across the margin of 5 %"
