"""The series of a sweep, and the knee of each (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.stats.change import seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Cell, Session, Summary

KNEE_SHARE = 0.95
"""Share of the best rate that is reached at the knee; going further can only gain the rest."""


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One cell of a series."""

    place: float
    """Its place on the sweep's axis."""
    pages_per_s: float
    error: float | None
    """Relative half-width of its interval; None for one round."""


@dataclass(frozen=True, slots=True)
class Series:
    """One strategy along the axis."""

    name: str
    points: tuple[SeriesPoint, ...]
    """In order of place, without cells that are invalid or have no values."""
    knee: float | None
    """Place from which the rate stays near its best; None if it never settles."""


def make_series(session: Session, quantity: Quantity = Quantity.TIME) -> list[Series]:
    """Return one series for each strategy, event loop and parser; none if the session is no sweep.

    Args:
        session: a judged session.
        quantity: the time of whole crawls, or the time per page. In the latter case a point is the
            rate of pages once a crawl has begun, and a cell without a time per page has no point.
    """
    sweep = session.plan.sweep
    if sweep is None:
        return []
    summaries = {summary.cell: summary for summary in session.summaries}
    lines: dict[str, list[SeriesPoint]] = {}
    for cell in session.plan.own_cells:
        place, summary = sweep.places.get(cell.name), summaries.get(cell.name)
        points = lines.setdefault(_name(session, cell), [])
        if place is not None and summary is not None:
            points += _find_point(place, summary, quantity)
    return [
        Series(name, tuple(ordered), find_knee(ordered))
        for name, points in lines.items()
        for ordered in [sorted(points, key=lambda point: point.place)]
    ]


def _find_point(place: float, summary: Summary, quantity: Quantity) -> list[SeriesPoint]:
    """Return the point of a cell; none if it has no such time."""
    is_page = quantity is Quantity.PAGE
    seconds = seconds_of(summary, quantity)
    if seconds is None:
        return []
    error_s = summary.per_page_error_s if is_page else summary.seconds_error
    rate = 1 / seconds if is_page else summary.per_s
    return [SeriesPoint(place, rate, None if error_s is None else error_s / seconds)]


def find_knee(points: Sequence[SeriesPoint]) -> float | None:
    """Return the first place from which every rate is near the best of all.

    A series that still rises at its last place, or that falls after its best, has no knee: the last
    step must gain little, and nothing that was gained may be lost.
    """
    if len(points) < 3:
        return None
    best = max(point.pages_per_s for point in points)
    near = [point.pages_per_s >= KNEE_SHARE * best for point in points]
    if not all(near[-2:]):
        return None
    last_far = max((at for at, is_near in enumerate(near) if not is_near), default=-1)
    return points[last_far + 1].place


def _name(session: Session, cell: Cell) -> str:
    parts = [cell.strategy]
    if cell.event_loop:
        parts.append(cell.event_loop)
    if len({other.parser for other in session.plan.cells}) > 1:
        parts.append(cell.parser)
    return "/".join(parts)
