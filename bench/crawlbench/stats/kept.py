"""How far kept sessions of the same code differ, in each way to see a change (floor 2; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.stats.between import DEFAULTS, WITHOUT_ANCHORS, find_spread_of_kinds
from crawlbench.stats.change import Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.base.records import Cell
    from crawlbench.stats.between import Spread
    from crawlbench.stats.interval import Estimate
    from crawlbench.stats.times import SessionTimes


def find_spreads(
    cells: Sequence[Cell],
    pairs: Sequence[tuple[Cell, Cell]],
    kinds: Iterable[Sequence[SessionTimes]],
    *,
    has_anchors: bool,
) -> dict[Way, Spread]:
    """Return the spread between sessions in each way to see a change.

    Args:
        cells: those that are compared.
        pairs: those of them that differ only by event loop.
        kinds: kept sessions, those of each code together.
        has_anchors: whether plain times are corrected by anchors.
    """
    default = DEFAULTS if has_anchors else {**DEFAULTS, Way.PLAIN: WITHOUT_ANCHORS}
    found = [_find_series(cells, pairs, others, has_anchors=has_anchors) for others in kinds]
    return {
        way: find_spread_of_kinds(size, [series[way] for series in found])
        for way, size in default.items()
    }


def _find_series(
    cells: Iterable[Cell],
    pairs: Iterable[tuple[Cell, Cell]],
    others: Sequence[SessionTimes],
    *,
    has_anchors: bool,
) -> dict[Way, list[list[float]]]:
    """Return, in each way, what sessions of one code found of each cell or pair."""
    series: dict[Way, list[list[float]]] = {Way.PLAIN: [], Way.NORMALISED: [], Way.KIN: []}
    for cell in cells:
        series[Way.NORMALISED].append(_means(one.normalised(cell) for one in _with(others, cell)))
        # With anchors the others' plain times would have to be corrected, pair by pair; what
        # remains after the correction was measured once, and is in the default.
        if not has_anchors:
            series[Way.PLAIN].append(_means(one.plain(cell) for one in _with(others, cell)))
    for one, two in pairs:
        both = [side for side in _with(others, one) if two.name in side.cells]
        series[Way.KIN].append(_means(side.beside(two, one) for side in both))
    return series


def kin_pairs(cells: Iterable[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """Yield the pairs of cells that differ only by event loop, the first of its kind in each."""
    seen: dict[tuple[object, ...], Cell] = {}
    for cell in cells:
        if cell.event_loop is None:
            continue
        axes = (cell.group, cell.strategy, cell.parser, cell.concurrency, cell.environment)
        if axes in seen:
            yield seen[axes], cell
        seen.setdefault(axes, cell)


def _with(others: Sequence[SessionTimes], cell: Cell) -> list[SessionTimes]:
    return [one for one in others if cell.name in one.cells and not one.obstacle(cell)]


def _means(found: Iterable[Estimate | None]) -> list[float]:
    return [one.mean for one in found if one]
