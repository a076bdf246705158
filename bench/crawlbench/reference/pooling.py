"""What several sessions of one scenario say together (floor 4; pure).

A session's interval holds for that session. A figure of the table is the mean of three sessions or
more, and its interval holds from session to session: the variance between them is pooled over the
cells of the scenario (`stats/session_variance.py`). Two questions are asked, each with a family
that is fixed beforehand: how each cell compares with the baseline, and which pairs can be told
apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.reference.contribution import Contribution
from crawlbench.reference.pairs import Rules, judge_pairs
from crawlbench.stats.change import Way
from crawlbench.stats.claims import ClaimRow, judge_family
from crawlbench.stats.comparability import explain_between, tell_open
from crawlbench.stats.interval import Estimate, Interval
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.session_variance import DEFAULTS, find_spread, mean_of_sessions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crawlbench.base.records import Cell, Failure, Session
    from crawlbench.reference.pairs import Pair
    from crawlbench.stats.session_variance import Spread

MARGIN = 0.04879016416943204
"""Log ratio of 5 %, set before anything was measured: nothing smaller is called a difference."""
CONFIDENCE = 0.95
MIN_SESSIONS = 3
"""Sessions that a figure needs; with fewer it is preliminary, and has no verdict."""


@dataclass(frozen=True, slots=True)
class PooledRatio:
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
class PooledStanding:
    """Where a cell stands among all cells of its scenario, by wall time."""

    rank: int
    """One more than the number of cells that are faster."""
    same: int
    """How many other cells cannot be told apart from it."""


class SessionPool:
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
            Contribution(session, group, names)
            for session, names in zip(sessions, left_out, strict=True)
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

    def ratios(self, quantity: Quantity) -> dict[str, PooledRatio]:
        """Return each cell against the baseline, without the baseline itself."""
        others = self.contestants[1:]
        found = {name: self._estimates(name, self.baseline, quantity) for name in others}
        usable = {name: values for name, values in found.items() if values}
        means = [[one.mean for one in values] for values in usable.values()]
        spread = find_spread(DEFAULTS[Way.NORMALISED], means)
        pooled = {name: mean_of_sessions(values, spread) for name, values in usable.items()}
        rows = {name: self._row(name, quantity, one, spread) for name, one in pooled.items()}
        # As in a session, a cell that fails stays in the family: nobody gains power by failing.
        judged = judge_family(rows, MARGIN, CONFIDENCE, len(others))
        ratios = {}
        for name in others:
            count = len(found[name])
            obstacle = self._obstacle(name, quantity, count)
            if failure := self.failure(name, quantity):
                verdict = Verdict.UNSUPPORTED if failure.is_refusal else Verdict.INVALID
                # Not even the numbers of those sessions are shown in which it worked.
                ratios[name] = PooledRatio(None, None, verdict, count, obstacle)
                continue
            if name not in judged:
                ratios[name] = PooledRatio(None, None, Verdict.UNCLEAR, count, obstacle)
                continue
            one = judged[name]
            verdict = Verdict.UNCLEAR if obstacle else one.verdict
            reason = obstacle or explain_between(one.obstacle)
            if one.obstacle and not reason:
                words = tell_open(one.interval.low, one.interval.high, MARGIN)
                reason = f"the interval {words.format(margin='5 %')}"
            ratios[name] = PooledRatio(pooled[name].mean, one.interval, verdict, count, reason)
        return ratios

    def _row(self, name: str, quantity: Quantity, found: Estimate, spread: Spread) -> ClaimRow:
        """Return what is known about a cell against the baseline, `found` by its typical times."""
        means = self._estimates(name, self.baseline, quantity, by_means=True)
        bound, twins = self._bounds(name, self.baseline, quantity)
        return ClaimRow(found, mean_of_sessions(means, spread), Interval(-bound, bound), twins)

    @cached_property
    def standings(self) -> dict[str, PooledStanding]:
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
        return {n: PooledStanding(1 + slower[n], len(names) - 1 - apart[n]) for n in names}

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
            {pair: sum(self._bounds(*pair, Quantity.TIME)) for pair in found},
            {name for name in names if self._is_half(name, Quantity.TIME)},
            Rules(MARGIN, CONFIDENCE, self._least, whole * (whole - 1) // 2),
        )

    def _are_kin(self, one: str, two: str) -> bool:
        """Return whether two cells differ only by event loop."""
        first, second = (replace(self.cells[name], event_loop=None) for name in (one, two))
        return first == second

    def _estimates(
        self, cell: str, other: str, quantity: Quantity, *, by_means: bool = False
    ) -> list[Estimate]:
        parts = (part for part in self._parts if part.cells.keys() >= {cell, other})
        found = (part.ratio(cell, other, quantity, by_means=by_means) for part in parts)
        return [one for one in found if one]

    def _count(self, name: str) -> int:
        return sum(self.has(name))

    def _bounds(self, name: str, other: str, quantity: Quantity) -> tuple[float, float]:
        """Return how far doubts, and the twins' difference, could move the log ratio of two."""
        parts = [part for part in self._parts if part.cells.keys() >= {name, other}]
        return (
            fmean(part.bound_doubts(name, other, quantity) for part in parts),
            fmean(part.twins(quantity) for part in parts),
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
