"""The rows of two sessions by one quantity, and how they get their verdicts (floor 2; pure).

A question is one group and one quantity: Holm is applied to all its rows, in each way to see them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.stats.change import Change, Seen, Way, seconds_of
from crawlbench.stats.claims import judge_family
from crawlbench.stats.differences import Differences
from crawlbench.stats.lengths import find_margin
from crawlbench.stats.session_variance import Spread, find_spreads, kin_pairs
from crawlbench.stats.times import have_anchors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawlbench.base.records import Cell
    from crawlbench.stats.claims import ClaimRow, Judged
    from crawlbench.stats.times import SessionTimes

    _Named = tuple[Cell, ...]
    """The cell that a row is about; by event loop, the one beside it as well."""

NO_ROUNDS = (Obstacle.FEW_ROUNDS, "")


@dataclass(frozen=True, slots=True)
class Margin:
    """Differences up to which changes do not matter."""

    log_ratio: float
    begin_s: float | None = None
    """Margin to begin, in seconds; None to apply the log ratio to the baseline's crawl."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Two cells that differ only by event loop, and how their ratio changed."""

    cell: str
    other: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Compared:
    """What one quantity says about two sessions."""

    quantity: Quantity
    changes: tuple[Change, ...]
    kin: tuple[Kin, ...]
    """Empty if the quantity has no ratio."""
    spreads: dict[Way, Spread]
    """The spread of a crawl between sessions, by the way to look at a change."""
    lost: tuple[str, ...] = ()
    """Cells with a value in the base that the head lacks."""


def compare_rows(
    pair: tuple[SessionTimes, SessionTimes],
    cells: Sequence[Cell],
    margin: Margin,
    others: Sequence[Sequence[SessionTimes]],
) -> Compared:
    """Judge the cells of two sessions.

    Args:
        pair: base and head, read by one quantity.
        cells: those that both have.
        margin: differences up to which changes do not matter.
        others: further sessions, those of each code together, read by the whole quantity
            (`Quantity.whole`).
    """
    rows = _Rows(pair, cells, margin, others)
    kin = rows.kin() if pair[0].quantity.has_ratio else ()
    return Compared(pair[0].quantity, rows.changes(), kin, rows.spreads, tuple(_find_lost(*pair)))


class _Rows:
    """The rows of a comparison."""

    def __init__(
        self,
        pair: tuple[SessionTimes, SessionTimes],
        cells: Sequence[Cell],
        margin: Margin,
        others: Sequence[Sequence[SessionTimes]],
    ) -> None:
        self._pair = pair
        self._quantity = pair[0].quantity
        self._cells = cells
        self._margin = margin
        self._confidence = pair[1].session.plan.confidence
        self._has_anchors = have_anchors(pair, {cell.group for cell in cells})
        self._differences = Differences(pair, self._spread, has_anchors=self._has_anchors)
        # Without those that have an obstacle: the first of a kind stands in all of its pairs, and
        # would take them with it.
        self._kin_pairs = tuple(kin_pairs([cell for cell in cells if not self._obstacle(cell)]))
        self.spreads = find_spreads(cells, self._kin_pairs, others, has_anchors=self._has_anchors)

    def changes(self) -> tuple[Change, ...]:
        """Return the change of each cell."""
        obstacles = {cell.name: self._obstacle(cell) for cell in self._cells}
        free = [cell for cell in self._cells if obstacles[cell.name] is None]
        judged = self._judge(Way.PLAIN, [(cell,) for cell in free])
        plain = {cell.name: self._careful(seen) for (cell,), seen in judged.items()}
        judged = self._judge(Way.NORMALISED, [(cell,) for cell in free])
        relative = {cell.name: seen for (cell,), seen in judged.items()}
        return tuple(
            self._change(cell, obstacles[cell.name], plain, relative) for cell in self._cells
        )

    def kin(self) -> tuple[Kin, ...]:
        """Return how the ratios of cells that differ only by event loop changed."""
        judged = self._judge(Way.KIN, [(two, one) for one, two in self._kin_pairs])
        return tuple(Kin(cell.name, other.name, seen) for (cell, other), seen in judged.items())

    def _change(
        self,
        cell: Cell,
        obstacle: tuple[Obstacle, str] | None,
        plain: dict[str, Seen],
        relative: dict[str, Seen],
    ) -> Change:
        base_s, head_s = (
            seconds_of(one.summaries.get(cell.name), self._quantity) for one in self._pair
        )
        ways = tuple(seen[cell.name] for seen in (plain, relative) if cell.name in seen)
        # An obstacle forbids all ways, and a side with fewer than two rounds gives none.
        if not ways:
            kind, detail = obstacle or NO_ROUNDS
            failures = [f for side in self._pair if (f := side.failure(side.cells[cell.name]))]
            verdict = Verdict.UNCLEAR
            if failures:
                is_refused = all(failure.is_refusal for failure in failures)
                verdict = Verdict.UNSUPPORTED if is_refused else Verdict.INVALID
            return Change(cell.name, base_s, head_s, 0, verdict, (), kind, detail, self._quantity)
        rounds = min(len(side.session.rounds) for side in self._pair)
        baseline = self._pair[0].session.plan.baselines[cell.group]
        verdict = _agree(ways, plain.get(baseline))
        found, detail = None, ""
        if verdict is Verdict.UNCLEAR:
            # Only the second way sees a change: perhaps the baseline changed, in the other
            # direction.
            is_relative = len(ways) == 2 and ways[1].verdict in (Verdict.FASTER, Verdict.SLOWER)
            found = Obstacle.PLAIN if is_relative else _find_obstacle(ways)
            detail = baseline if is_relative else self._find_detail(found, cell)
        return Change(
            cell.name, base_s, head_s, rounds, verdict, ways, found, detail, self._quantity
        )

    def _find_detail(self, found: Obstacle, cell: Cell) -> str:
        """Return which of the two sessions has the twins that a row depends on."""
        if found is not Obstacle.CONTROL:
            return ""
        sides = zip(("base", "head"), self._pair, strict=True)
        return " and ".join(name for name, side in sides if side.twins_differ(cell.group))

    def _obstacle(self, cell: Cell) -> tuple[Obstacle, str] | None:
        for name, side in zip(("base", "head"), self._pair, strict=True):
            found = side.obstacle(side.cells[cell.name])
            if found:
                kind, detail = found
                # The detail of these two is the name of a cell already.
                is_name = kind in (Obstacle.BENT, Obstacle.HALF)
                about = detail if is_name else f"{cell.name}: {detail}"
                return kind, f"{name}: {about}" if detail else ""
        if self._find_margin(cell.group) is None:
            baseline = self._pair[0].baseline(cell)
            failure = self._pair[0].failure(self._pair[0].cells[baseline])
            detail = f"the margin depends on base: {baseline}: "
            return (Obstacle.FAILED, f"{detail}{failure.reason}") if failure else NO_ROUNDS
        return None

    def _find_margin(self, group: str) -> float | None:
        crawl_s, asked = self._pair[0].crawl_s(group), self._margin
        return find_margin(asked.log_ratio, self._quantity, crawl_s, asked.begin_s)

    def _careful(self, seen: Seen) -> Seen:
        """Make a plain time without anchors unclear, unless it shows a slowdown."""
        is_bold = seen.verdict in (Verdict.SAME, Verdict.FASTER)
        # Without anchors nobody knows whether the machine was faster this time.
        if self._has_anchors or not is_bold:
            return seen
        return replace(seen, verdict=Verdict.UNCLEAR)

    def _judge(self, way: Way, asked: Iterable[_Named]) -> dict[_Named, Seen]:
        """Judge the rows of each group as one family."""
        groups: dict[str, dict[_Named, ClaimRow]] = {}
        for named in asked:
            row = self._differences.row(way, named)
            if row:
                groups.setdefault(named[0].group, {})[named] = row
        seen = {}
        for group, family in groups.items():
            margin, count = self._find_margin(group), self._count(way, group)
            assert margin is not None  # or its rows would have an obstacle
            judged = judge_family(family, margin, self._confidence, count)
            for named, one in judged.items():
                seen[named] = self._seen(way, family[named], one)
        return seen

    def _seen(self, way: Way, row: ClaimRow, found: Judged) -> Seen:
        means_high = row.means.interval(self._confidence)[1] if row.means else None
        return Seen(
            way, row.typical.mean, found.interval, found.verdict, means_high, found.obstacle
        )

    def _spread(self, way: Way, cell: Cell) -> Spread:
        """Return how much a cell's value differs between sessions of the same code.

        A value from two lengths is moved by errors of both; `amplify` says by which factor.
        """
        spread = self.spreads[way]
        return replace(spread, deviation=spread.deviation * self._pair[0].amplify(cell))

    def _count(self, way: Way, group: str) -> int:
        """Return the size of a family: rows without a value stay in it.

        Nobody gains power by failing. What both sides refuse was never in it.
        """
        cells = [x for x in self._cells if x.group == group and not self._is_refused(x)]
        if way is Way.KIN:
            return sum(1 for _ in kin_pairs(cells))
        return sum(way is Way.PLAIN or not self._pair[0].is_baseline(cell) for cell in cells)

    def _is_refused(self, cell: Cell) -> bool:
        """Return whether a cell is refused on both sides."""
        failures = [side.failure(cell) for side in self._pair]
        return all(failure is not None and failure.is_refusal for failure in failures)


def _find_lost(base: SessionTimes, head: SessionTimes) -> list[str]:
    """Return the cells that have a value in the base and are not in the head."""
    found = {name: seconds_of(base.summaries.get(name), base.quantity) for name in base.cells}
    return [name for name, value in found.items() if name not in head.cells and value is not None]


def _find_obstacle(ways: Sequence[Seen]) -> Obstacle:
    """Return why a change is unclear: what took a verdict from a way, or that none had support."""
    took = (seen.obstacle for seen in ways if seen.obstacle not in (None, Obstacle.OPEN))
    return next(filter(None, took), Obstacle.OPEN)


def _agree(ways: Sequence[Seen], baseline: Seen | None) -> Verdict:
    """Return the verdict that both ways give; for a cell that has only one way, its own.

    If the normalised time is the same and the baseline changed as the cell did, everything changed:
    that is no contradiction.
    """
    first, *rest = ways
    if not rest:
        return first.verdict
    second = rest[0]
    if first.verdict is second.verdict:
        return first.verdict
    is_common = (
        second.verdict is Verdict.SAME
        and baseline is not None
        and baseline.verdict is first.verdict
    )
    return first.verdict if is_common else Verdict.UNCLEAR
