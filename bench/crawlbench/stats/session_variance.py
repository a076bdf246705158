"""How far sessions of the same code differ from each other (floor 2; pure).

A session's interval holds for that session only. A comparison of sessions also needs the variance
between sessions: it comes from the sessions kept on this machine, with a measured default
(docs/method.md) as the prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, variance
from typing import TYPE_CHECKING

from crawlbench.stats.change import Way
from crawlbench.stats.interval import Estimate, add_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.base.records import Cell
    from crawlbench.stats.times import SessionTimes

DEFAULTS = {Way.PLAIN: 0.02, Way.NORMALISED: 0.02, Way.KIN: 0.004}
"""Standard deviation from session to session of a log ratio that has not changed
(docs/method.md)."""
WITHOUT_ANCHORS = 0.05
"""The same for plain times of sessions that have no anchors."""
BELIEF = 12.0
"""How many sessions the default counts for: the degrees of freedom of the prior."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard deviation from session to session, and how well it is known."""

    deviation: float
    freedom: float
    """Degrees of freedom of the deviation."""
    sessions: int
    """Sessions of this machine that it is based on, besides the default."""


def find_spread(default: float, *kinds: Sequence[Sequence[float]]) -> Spread:
    """Return the spread between sessions, pooled over cells.

    Args:
        default: standard deviation to assume without any sessions.
        kinds: for the sessions of each code, and there for each cell, the values that they found;
            these include the noise within each session, so that the result errs on the careful
            side.
    """
    # A scaled inverse chi-squared prior: the default enters as a sum of squares of its own, so that
    # it weighs less with each session that is known.
    squares, freedom, sessions = BELIEF * default**2, BELIEF, 0
    for series in kinds:
        known = [values for values in series if len(values) >= 2]
        if known:
            # Cells of one session move together, so pooling them does not make the variance better
            # known.
            count = max(len(values) for values in known)
            squares += (count - 1) * sum(variance(values) for values in known) / len(known)
            freedom, sessions = freedom + count - 1, sessions + count
    return Spread(math.sqrt(squares / freedom), freedom, sessions)


def between_sessions(found: Estimate, spread: Spread) -> Estimate:
    """Return the difference of two sessions, with the variance between sessions in its error."""
    # Each of the two sessions has its own deviation.
    between = 2 * spread.deviation**2, spread.freedom
    error, freedom = add_errors([(found.error**2, found.freedom), between])
    return Estimate(found.count, found.mean, error, freedom)


def mean_of_sessions(found: Sequence[Estimate], spread: Spread) -> Estimate:
    """Return the mean of what some sessions found, with the variance between sessions in its error.

    The mean of k sessions has a k-th of the variance between them.

    Args:
        found: one estimate from each session, at least one.
        spread: the spread between sessions, which a few sessions alone do not show.
    """
    count = len(found)
    withins = [((one.error / count) ** 2, one.freedom) for one in found]
    error, freedom = add_errors([*withins, (spread.deviation**2 / count, spread.freedom)])
    return Estimate(count, fmean([one.mean for one in found]), error, freedom)


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
        way: find_spread(size, *(series[way] for series in found)) for way, size in default.items()
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
        usable = _with(others, two)
        both = [side for side in _with(others, one) if side in usable]
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
