"""Many sessions in order of time: where did a cell's ratio change? (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.stats.interval import Estimate, difference, estimate_mean
from crawlbench.stats.normal import contestants, normalised, obstacle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.records import Session

__all__ = ["Break", "ChangePoint", "History", "LeftOut", "Line", "Point", "make_history"]

LEAST_SIDE = 3
"""Sessions on each side of a change: fewer do not tell a change from an odd session."""


@dataclass(frozen=True, slots=True)
class Point:
    """One cell in one session."""

    session: str
    """Name of its folder."""
    created: str
    """UTC, ISO 8601."""
    estimate: float
    """Log time relative to the group's twins, baseline and control averaged."""
    low: float
    high: float
    """Interval at the session's confidence, over its rounds."""
    era: int
    """From 0; the next begins where the machine changes."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """From this session on a cell's ratio is another."""

    session: str
    created: str
    before: str
    """Name of the session before it."""
    shift: float
    """Log ratio of what came after to what was before."""
    low: float
    high: float
    """Interval, held for all places that were looked at."""
    versions: tuple[str, ...]
    """Packages that changed with it, such as `uvloop 0.21.0 to 0.23.0`."""


@dataclass(frozen=True, slots=True)
class Line:
    """One cell over time."""

    cell: str
    group: str
    points: tuple[Point, ...]
    changes: tuple[ChangePoint, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """The machine is another from this session on: nothing is compared across."""

    session: str
    created: str
    what: tuple[str, ...]
    """Such as `python: CPython 3.11.7 to CPython 3.13.0`."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell of a session that has no point."""

    session: str
    cell: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """What many sessions say together."""

    sessions: tuple[str, ...]
    """In order of time."""
    lines: tuple[Line, ...]
    breaks: tuple[Break, ...]
    left_out: tuple[LeftOut, ...]


def make_history(sessions: Mapping[str, Session], margin: float, confidence: float) -> History:
    """Draw each cell through all sessions and find where it changed.

    Each session counts once, by its cell's mean over rounds; the spread between sessions is what a
    change has to exceed. Where two stretches of one era differ by more than the margin, held for
    all places that were looked at (Bonferroni), there is a change; then each side is searched again
    (binary segmentation: Scott & Knott, Biometrics 30, 1974).

    Args:
        sessions: judged, by a name that the result uses.
        margin: log ratio up to which changes do not matter.
        confidence: of all changes together.
    """
    ordered = sorted(sessions.items(), key=lambda pair: (pair[1].created, pair[0]))
    eras, breaks = _eras(ordered)
    points: dict[str, list[Point]] = {}
    groups: dict[str, str] = {}
    left_out = []
    for (name, session), era in zip(ordered, eras, strict=True):
        for cell in contestants(session).values():
            groups.setdefault(cell.name, cell.group)
            reason = obstacle(session, cell, "").removeprefix(": ")
            estimate = None if reason else estimate_mean(normalised(session, cell))
            if estimate is None:
                reason = reason or "fewer than two rounds give no interval"
                left_out.append(LeftOut(name, cell.name, reason))
                continue
            ends = estimate.interval(session.plan.confidence)
            point = Point(name, session.created, estimate.mean, *ends, era)
            points.setdefault(cell.name, []).append(point)
    places = sum(max(0, len(found) - 2 * LEAST_SIDE + 1) for found in points.values())
    level = (1 - confidence) / max(1, places)
    lines = tuple(
        Line(cell, groups[cell], tuple(found), _changes(found, margin, level, dict(ordered)))
        for cell, found in points.items()
    )
    return History(tuple(name for name, _ in ordered), lines, breaks, tuple(left_out))


def _eras(ordered: Sequence[tuple[str, Session]]) -> tuple[list[int], tuple[Break, ...]]:
    """Return the era of each session, and where a new one begins."""
    eras: list[int] = []
    breaks: list[Break] = []
    before: dict[str, object] = {}
    for name, session in ordered:
        now = _fingerprint(session)
        what = [f"{key}: {before[key]} to {now[key]}" for key in before if before[key] != now[key]]
        if what:
            breaks.append(Break(name, session.created, tuple(what)))
        eras.append(len(breaks))
        before = now
    return eras, tuple(breaks)


def _fingerprint(session: Session) -> dict[str, object]:
    machine = session.machine
    return {
        "machine": machine.hostname,
        "CPU": machine.cpu_model,
        "CPUs": machine.cpu_count,
        "platform": machine.platform,
        "python": machine.python,
        "crawlbench": session.tool,
    }


def _changes(
    points: Sequence[Point], margin: float, level: float, sessions: Mapping[str, Session]
) -> tuple[ChangePoint, ...]:
    found: list[ChangePoint] = []
    for era in dict.fromkeys(point.era for point in points):
        stretch = [point for point in points if point.era == era]
        for place, estimate in sorted(_split(stretch, 0, margin, level)):
            before, after = stretch[place - 1], stretch[place]
            low, high = estimate.interval(1 - level)
            versions = _changed_versions(sessions[before.session], sessions[after.session])
            name, created = after.session, after.created
            change = ChangePoint(name, created, before.session, estimate.mean, low, high, versions)
            found.append(change)
    return tuple(found)


def _split(
    points: Sequence[Point], start: int, margin: float, level: float
) -> list[tuple[int, Estimate]]:
    """Return the places in a stretch where it changes, and by how much."""
    values = [point.estimate for point in points]
    best: tuple[float, int, Estimate] | None = None
    for place in range(LEAST_SIDE, len(values) - LEAST_SIDE + 1):
        left, right = estimate_mean(values[:place]), estimate_mean(values[place:])
        assert left
        assert right
        shift = difference(left, right)
        p_value = shift.p_beyond(margin)
        distance = abs(shift.mean) / shift.error if shift.error else math.inf
        if p_value <= level and (best is None or distance > best[0]):
            best = (distance, place, shift)
    if best is None:
        return []
    _, place, shift = best
    return [
        (start + place, shift),
        *_split(points[:place], start, margin, level),
        *_split(points[place:], start + place, margin, level),
    ]


def _changed_versions(before: Session, after: Session) -> tuple[str, ...]:
    old, new = before.machine.versions, after.machine.versions
    names = sorted({*old, *new}, key=str.lower)
    return tuple(
        f"{name} {old.get(name, 'absent')} to {new.get(name, 'absent')}"
        for name in names
        if old.get(name) != new.get(name)
    )
