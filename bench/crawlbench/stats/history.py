"""Many sessions in order of time: where did a cell's ratio change? (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Verdict
from crawlbench.stats.claims import judge_family
from crawlbench.stats.interval import Estimate, Interval, estimate_mean
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.shifts import MIN_SIDE, find_shifts
from crawlbench.stats.times import SessionTimes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawlbench.base.records import Cell, OwnFile, Session

__all__ = [
    "Break",
    "ChangePoint",
    "History",
    "Jump",
    "LeftOut",
    "Line",
    "Point",
    "make_history",
]

MIN_BEFORE = 3
"""Sessions before the newest: of fewer it cannot be said what was to be expected."""


@dataclass(frozen=True, slots=True)
class Point:
    """One cell in one session."""

    session: str
    """Name of its folder."""
    created: str
    """UTC, ISO 8601."""
    estimate: float
    """Log time relative to the group's twins, baseline and control averaged."""
    interval: Interval
    """At the session's confidence, over its rounds."""
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
    interval: Interval
    """Held for all places that were looked at."""
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
class Jump:
    """The newest session lies where those before it would not have let expect it."""

    session: str
    cell: str
    shift: float
    """Log ratio of the newest to the mean of those before."""
    interval: Interval
    """Of the shift: a prediction's, so that one odd session needs to be odd enough."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell of a session that has no point."""

    session: str
    cell: str
    obstacle: Obstacle
    detail: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What many sessions say together."""

    sessions: tuple[str, ...]
    """In order of time."""
    lines: tuple[Line, ...]
    breaks: tuple[Break, ...]
    left_out: tuple[LeftOut, ...]
    jumps: tuple[Jump, ...] = ()
    unjudged: tuple[str, ...] = ()
    """Cells of which too few sessions of one machine are there to tell a change."""


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
    points, groups, left_out = _collect(ordered, eras)
    places = sum(max(0, len(found) - 2 * MIN_SIDE + 1) for found in points.values())
    level = (1 - confidence) / max(1, places)
    lines = tuple(
        Line(cell, groups[cell], tuple(found), _changes(found, margin, level, dict(ordered)))
        for cell, found in points.items()
    )
    newest = {cell: _newest_stretch(found, ordered[-1][0]) for cell, found in points.items()}
    return History(
        sessions=tuple(name for name, _ in ordered),
        lines=lines,
        breaks=breaks,
        left_out=tuple(left_out),
        jumps=_jumps(newest, margin, confidence),
        unjudged=tuple(cell for cell, found in newest.items() if len(found) <= MIN_BEFORE),
    )


def _collect(
    ordered: Sequence[tuple[str, Session]], eras: Sequence[int]
) -> tuple[dict[str, list[Point]], dict[str, str], list[LeftOut]]:
    """Return each cell's points, each cell's group, and what has no point."""
    points: dict[str, list[Point]] = {}
    groups: dict[str, str] = {}
    left_out: list[LeftOut] = []
    newest_files = {n: file for _, session in ordered for n, file in session.plan.files.items()}
    for (name, session), era in zip(ordered, eras, strict=True):
        for cell, found in _read(session, newest_files):
            groups.setdefault(cell.name, cell.group)
            if isinstance(found, Estimate):
                interval = Interval(*found.interval(session.plan.confidence))
                point = Point(name, session.created, found.mean, interval, era)
                points.setdefault(cell.name, []).append(point)
            else:
                left_out.append(LeftOut(name, cell.name, *found))
    return points, groups, left_out


def _read(
    session: Session, newest: Mapping[str, OwnFile]
) -> Iterator[tuple[Cell, Estimate | tuple[Obstacle, str]]]:
    """Yield the cells that are compared, with their normalised time or why there is none.

    Args:
        session: one of many.
        newest: users' files as the last session that has them knows them: two sites of one name are
            one only if their content is.
    """
    times = SessionTimes(session)
    files = session.plan.files
    others = {n for n, file in files.items() if file.content != newest[n].content}
    for cell in times.cells.values():
        if times.is_baseline(cell) or cell.strategy == REFERENCE:
            continue
        obstacle = times.obstacle(cell)
        if cell.site in others:
            obstacle = Obstacle.OTHER_SITE, ""
        estimate = None if obstacle else times.normalised(cell)
        yield cell, estimate or obstacle or (Obstacle.FEW_ROUNDS, "")


def _newest_stretch(points: Sequence[Point], session: str) -> list[Point]:
    """Return the points of the newest machine, if the newest session has one."""
    last = points[-1]
    return [point for point in points if point.era == last.era] if last.session == session else []


def _jumps(
    newest: Mapping[str, Sequence[Point]], margin: float, confidence: float
) -> tuple[Jump, ...]:
    """Return the cells whose newest session lies beyond what those before it let expect.

    Source: the prediction interval of one more value, mean and deviation estimated (Hahn & Meeker,
    "Statistical Intervals", 1991, section 4.8). Holm over all cells.
    """
    estimates, sessions = {}, {}
    for cell, points in newest.items():
        before = [point.estimate for point in points[:-1]]
        usual = estimate_mean(before) if len(before) >= MIN_BEFORE else None
        if usual:
            error = usual.error * math.sqrt(usual.count + 1)
            shift = points[-1].estimate - usual.mean
            estimates[cell] = Estimate(usual.count, shift, error, usual.freedom)
            sessions[cell] = points[-1].session
    judged = judge_family(estimates, margin, confidence)
    return tuple(
        Jump(sessions[cell], cell, estimates[cell].mean, one.interval)
        for cell, one in judged.items()
        if one.verdict in (Verdict.FASTER, Verdict.SLOWER)
    )


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
        for place, estimate in find_shifts([point.estimate for point in stretch], margin, level):
            before, after = stretch[place - 1], stretch[place]
            interval = Interval(*estimate.interval(1 - level))
            versions = _changed_versions(sessions[before.session], sessions[after.session])
            name, created = after.session, after.created
            change = ChangePoint(name, created, before.session, estimate.mean, interval, versions)
            found.append(change)
    return tuple(found)


def _changed_versions(before: Session, after: Session) -> tuple[str, ...]:
    old, new = before.machine.versions, after.machine.versions
    names = sorted({*old, *new}, key=str.lower)
    return tuple(
        f"{name} {old.get(name, 'absent')} to {new.get(name, 'absent')}"
        for name in names
        if old.get(name) != new.get(name)
    )
