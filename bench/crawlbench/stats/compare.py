"""Compares two sessions, cell by cell, in plain and in normalised time (floor 2; pure).

Each way has its weakness: plain time knows the machine's mood, normalised time the baseline's own
change. A verdict needs both; where only the normalised time speaks, the change is relative to the
baseline, and the row says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Obstacle, Session, Verdict
from crawlbench.stats.alike import check_alike, describe_sites, machine_differences
from crawlbench.stats.anchors import expected_shift
from crawlbench.stats.between import (
    DEFAULTS,
    WITHOUT_ANCHORS,
    Spread,
    between_sessions,
    find_spread,
)
from crawlbench.stats.change import Change, Seen, Way
from crawlbench.stats.claims import judge_family
from crawlbench.stats.interval import Estimate, difference
from crawlbench.stats.times import SessionTimes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.base.records import Cell, Summary

K = TypeVar("K")

__all__ = ["Kin", "SessionComparison", "compare_sessions"]


@dataclass(frozen=True, slots=True)
class Kin:
    """Two cells that differ by event loop alone, and how their ratio changed."""

    cell: str
    other: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class SessionComparison:
    """Two sessions against each other."""

    changes: tuple[Change, ...]
    kin: tuple[Kin, ...]
    only_base: tuple[str, ...]
    """Cells that the head does not have."""
    only_head: tuple[str, ...]
    spreads: dict[Way, Spread]
    """Between sessions, by the way to see a change."""
    machines: tuple[str, ...] = ()
    """In what the machines differ, such as `CPU: A to B`; empty if they are one."""
    has_anchors: bool = False


def compare_sessions(
    base: Session, head: Session, margin: float, others: Sequence[Session] = ()
) -> SessionComparison:
    """Compare the cells that both sessions have, the baselines and references among them.

    Both sets of rounds are independent (Welch); the variance between sessions is added; Holm goes
    over all rows of each way. Verdicts hold "on this machine, from session to session".

    Args:
        base: judged.
        head: judged.
        margin: log ratio up to which changes do not matter.
        others: sessions of the same code on the same machine, neither of the two; from them comes
            the variance between sessions.

    Raises:
        UsageError: the sessions have no cell in common, or come from different crawlbenches,
            networks or baselines.
    """
    check_alike(base, head)
    pair = SessionTimes(base), SessionTimes(head)
    mine, theirs = pair[0].cells, pair[1].cells
    shared = [cell for name, cell in mine.items() if name in theirs]
    if not shared:
        raise UsageError(
            f"the sessions have no cell in common: {describe_sites(base)} against "
            f"{describe_sites(head)}; "
            "compare sessions of one suite"
        )
    rows = _Rows(pair, shared, margin, [SessionTimes(one) for one in others])
    return SessionComparison(
        changes=rows.changes(),
        kin=rows.kin(),
        only_base=tuple(name for name in mine if name not in theirs),
        only_head=tuple(name for name in theirs if name not in mine),
        spreads=rows.spreads,
        machines=machine_differences(base, head),
        has_anchors=rows.has_anchors,
    )


class _Rows:
    """The rows of a comparison on their way to their verdicts."""

    def __init__(
        self,
        pair: tuple[SessionTimes, SessionTimes],
        cells: Sequence[Cell],
        margin: float,
        others: Sequence[SessionTimes],
    ) -> None:
        self._pair = pair
        self._cells = cells
        self._margin = margin
        self._confidence = pair[1].session.plan.confidence
        groups = dict.fromkeys(cell.group for cell in cells)
        self.has_anchors = all(side.state(group) for side in pair for group in groups)
        self.spreads = self._find_spreads(others)

    def changes(self) -> tuple[Change, ...]:
        """Return the change of each cell."""
        obstacles = {cell.name: self._obstacle(cell) for cell in self._cells}
        free = [cell for cell in self._cells if obstacles[cell.name] is None]
        plain = self._judge(Way.PLAIN, {cell.name: self._plain(cell) for cell in free})
        relative = self._judge(Way.NORMALISED, {cell.name: self._normalised(cell) for cell in free})
        plain = {name: self._careful(seen) for name, seen in plain.items()}
        return tuple(
            self._change(cell, obstacles[cell.name], plain, relative) for cell in self._cells
        )

    def kin(self) -> tuple[Kin, ...]:
        """Return how the ratios of cells that differ by event loop alone changed."""
        pairs: dict[tuple[str, str], Estimate | None] = {}
        for one, two in self._kin_pairs():
            found = [side.beside(two, one) for side in self._pair]
            if found[0] and found[1]:
                pairs[two.name, one.name] = difference(found[0], found[1])
        judged = self._judge(Way.KIN, pairs)
        return tuple(Kin(cell, other, seen) for (cell, other), seen in judged.items())

    def _change(
        self,
        cell: Cell,
        obstacle: tuple[Obstacle, str] | None,
        plain: dict[str, Seen],
        relative: dict[str, Seen],
    ) -> Change:
        base_s, head_s = (_seconds(side.summaries.get(cell.name)) for side in self._pair)
        ways = tuple(seen[cell.name] for seen in (plain, relative) if cell.name in seen)
        if not ways:
            kind, detail = obstacle or (Obstacle.FEW_ROUNDS, "")
            failures = [f for side in self._pair if (f := side.failure(side.cells[cell.name]))]
            verdict = Verdict.UNCLEAR
            if failures:
                is_refused = all(failure.is_refusal for failure in failures)
                verdict = Verdict.UNSUPPORTED if is_refused else Verdict.INVALID
            return Change(cell.name, base_s, head_s, 0, verdict, (), kind, detail)
        rounds = min(len(side.session.rounds) for side in self._pair)
        baseline = self._pair[0].session.plan.baselines[cell.group]
        verdict = _agree(ways, plain.get(baseline))
        obstacle_found, detail = None, ""
        if verdict is Verdict.UNCLEAR:
            # Only the second way sees a change: it may be the baseline that changed, the other way.
            is_relative = len(ways) == 2 and ways[1].verdict in (Verdict.FASTER, Verdict.SLOWER)
            obstacle_found = Obstacle.PLAIN if is_relative else Obstacle.OPEN
            detail = baseline if is_relative else ""
        return Change(cell.name, base_s, head_s, rounds, verdict, ways, obstacle_found, detail)

    def _obstacle(self, cell: Cell) -> tuple[Obstacle, str] | None:
        for name, side in zip(("base", "head"), self._pair, strict=True):
            found = side.obstacle(side.cells[cell.name])
            if found:
                kind, detail = found
                return kind, f"{name}: {cell.name}: {detail}" if detail else ""
        return None

    def _plain(self, cell: Cell) -> Estimate | None:
        """Return the change of plain time, less what the machine's state explains."""
        found = [side.plain(cell) for side in self._pair]
        if not found[0] or not found[1]:
            return None
        change = difference(found[0], found[1])
        parts = self._pair[0].summaries.get(cell.name)
        states = [side.state(cell.group) for side in self._pair]
        if not self.has_anchors or parts is None or not states[0] or not states[1]:
            return change
        mean = change.mean - expected_shift(states[0], states[1], parts)
        return Estimate(change.count, mean, change.error, change.freedom)

    def _normalised(self, cell: Cell) -> Estimate | None:
        found = [side.normalised(cell) for side in self._pair]
        return difference(found[0], found[1]) if found[0] and found[1] else None

    def _careful(self, seen: Seen) -> Seen:
        """Without anchors plain time may show a slowdown, but never claims `same` or `faster`."""
        is_bold = seen.verdict in (Verdict.SAME, Verdict.FASTER)
        if self.has_anchors or not is_bold:
            return seen
        return replace(seen, verdict=Verdict.UNCLEAR)

    def _judge(self, way: Way, found: dict[K, Estimate | None]) -> dict[K, Seen]:
        """Judge the rows of each group as one family."""
        groups: dict[str, dict[K, Estimate]] = {}
        for key, estimate in found.items():
            if estimate:
                family = groups.setdefault(self._cell(key).group, {})
                family[key] = between_sessions(estimate, self.spreads[way])
        seen = {}
        for family in groups.values():
            widenings = {
                key: sum(side.shift(self._cell(key)) for side in self._pair) for key in family
            }
            judged = judge_family(family, self._margin, self._confidence, widenings)
            for key, one in judged.items():
                seen[key] = Seen(way, family[key].mean, one.interval, one.verdict)
        return seen

    def _cell(self, key: object) -> Cell:
        """Return the cell of a row's key: its name, or its name and its kin's."""
        name = key if isinstance(key, str) else key[0]  # type: ignore[index]
        return self._pair[0].cells[name]

    def _kin_pairs(self) -> Iterator[tuple[Cell, Cell]]:
        """Yield the cells that differ by event loop alone, and can be compared."""
        seen: dict[tuple[object, ...], Cell] = {}
        for cell in self._cells:
            if cell.event_loop is None or self._obstacle(cell):
                continue
            axes = (cell.group, cell.strategy, cell.parser, cell.concurrency, cell.environment)
            if axes in seen:
                yield seen[axes], cell
            seen.setdefault(axes, cell)

    def _find_spreads(self, others: Sequence[SessionTimes]) -> dict[Way, Spread]:
        default = DEFAULTS if self.has_anchors else {**DEFAULTS, Way.PLAIN: WITHOUT_ANCHORS}
        series: dict[Way, list[list[float]]] = {way: [] for way in default}
        for cell in self._cells:
            series[Way.NORMALISED].append(
                _means(one.normalised(cell) for one in _with(others, cell))
            )
            # With anchors the others' plain times would have to be corrected, each pair anew; what
            # is left after the correction was measured once, and stands in the default.
            if not self.has_anchors:
                series[Way.PLAIN].append(_means(one.plain(cell) for one in _with(others, cell)))
        for one, two in self._kin_pairs():
            both = [side for side in _with(others, one) if two.name in side.cells]
            series[Way.KIN].append(_means(side.beside(two, one) for side in both))
        return {way: find_spread(default[way], found) for way, found in series.items()}


def _agree(ways: Sequence[Seen], baseline: Seen | None) -> Verdict:
    """Return the verdict that both ways give; of a cell that has one way, its own.

    Where the normalised time is the same and the baseline changed as the cell did, all of it
    changed: that is no contradiction.
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


def _with(others: Sequence[SessionTimes], cell: Cell) -> list[SessionTimes]:
    return [one for one in others if cell.name in one.cells and not one.obstacle(cell)]


def _means(found: Iterator[Estimate | None]) -> list[float]:
    return [one.mean for one in found if one]


def _seconds(summary: Summary | None) -> float | None:
    return summary.seconds if summary else None
