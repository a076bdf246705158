"""Finds where a cell's ratio changed over many sessions, in order of time (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.stats.claims import ClaimRow, judge_family
from crawlbench.stats.comparability import Newest, tell_worker_cpus
from crawlbench.stats.interval import Estimate, Interval, estimate_mean
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.shifts import MIN_SIDE, find_shifts
from crawlbench.stats.timeline import Break, CellHistory, ChangePoint, History, Jump, LeftOut, Point
from crawlbench.stats.times import SessionTimes
from crawlbench.stats.twins import bound_twins, find_twins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawlbench.base.records import Cell, Session

MIN_BEFORE = 3
"""Sessions that must come before the newest one: fewer do not show what to expect of it."""


def make_history(sessions: Mapping[str, Session], margin: float, confidence: float) -> History:
    """Follow each cell through all sessions and find where it changed, by everything measured.

    Each session counts once, with its cell's mean over rounds, and a change must exceed the spread
    between sessions. There is a change where two stretches of one era differ by more than the
    margin, at a level that allows for all places that were looked at (Bonferroni); then each side
    is searched again (binary segmentation: Scott & Knott, Biometrics 30, 1974).

    Args:
        sessions: judged sessions, each by the name that the result uses for it.
        margin: log ratio up to which changes do not matter.
        confidence: that of all changes by one quantity together.
    """
    ordered = sorted(sessions.items(), key=lambda pair: (pair[1].created, pair[0]))
    times = {name: SessionTimes(session) for name, session in ordered}
    eras, breaks = _eras(ordered)
    whole, *further = (
        _draw({name: one.by(quantity) for name, one in times.items()}, eras, margin, confidence)
        for quantity in Quantity
    )
    others = (replace(one, breaks=breaks) for one in further if one.lines)
    return replace(whole, breaks=breaks, further=tuple(others))


def _draw(
    times: Mapping[str, SessionTimes], eras: Mapping[str, int], margin: float, confidence: float
) -> History:
    """Return what the sessions say by one quantity; they come in order of time."""
    sessions = {name: one.session for name, one in times.items()}
    quantity = next((one.quantity for one in times.values()), Quantity.TIME)
    points, groups, left_out = _collect(times, eras)
    # Where a change could be, if there were one era; several eras have fewer places, never more.
    places = sum(max(0, len(found) - 2 * MIN_SIDE + 1) for found in points.values())
    level = (1 - confidence) / max(1, places)
    # The cost to begin is kept in crawls of the baseline until everything is found.
    most = margin if quantity.has_ratio else math.expm1(margin)
    lines = [
        CellHistory(cell, groups[cell], tuple(found), _changes(found, most, level, sessions))
        for cell, found in points.items()
    ]
    last = [*times][-1]
    newest = {line.cell: _newest_stretch(line, last) for line in lines}
    missing = sum(one.session == last and one.cell in newest for one in left_out)
    scales = {} if quantity.has_ratio else _scales(times)
    return History(
        sessions=tuple(name for name, one in times.items() if one.cells),
        lines=tuple(_scaled(line, scales.get(line.group, 1.0)) for line in lines),
        breaks=(),
        left_out=tuple(left_out),
        jumps=tuple(
            _scaled_jump(one, scales.get(groups[one.cell], 1.0))
            for one in _jumps(newest, most, confidence, missing)
        ),
        # Not below: the newest session is one of them.
        unjudged=tuple(cell for cell, found in newest.items() if len(found) <= MIN_BEFORE),
        absent=tuple(cell for cell, found in newest.items() if not found),
        quantity=quantity,
    )


def _scales(times: Mapping[str, SessionTimes]) -> dict[str, float]:
    """Return, by group, the seconds of the baseline's crawl in the newest session that has one."""
    return {
        group: crawl_s
        for one in times.values()
        for group in one.session.plan.baselines
        if (crawl_s := one.crawl_s(group)) is not None
    }


def _scaled(line: CellHistory, scale: float) -> CellHistory:
    """Return a line in another unit."""
    return replace(
        line,
        points=tuple(
            replace(
                one,
                estimate=one.estimate * scale,
                interval=one.interval.scaled(scale),
                twins=one.twins.scaled(scale),
                doubt=one.doubt * scale,
            )
            for one in line.points
        ),
        changes=tuple(
            replace(one, shift=one.shift * scale, interval=one.interval.scaled(scale))
            for one in line.changes
        ),
    )


def _scaled_jump(jump: Jump, scale: float) -> Jump:
    return replace(jump, shift=jump.shift * scale, interval=jump.interval.scaled(scale))


def _collect(
    times: Mapping[str, SessionTimes], eras: Mapping[str, int]
) -> tuple[dict[str, list[Point]], dict[str, str], list[LeftOut]]:
    """Return each cell's points, each cell's group, and what has no point."""
    points: dict[str, list[Point]] = {}
    groups: dict[str, str] = {}
    left_out: list[LeftOut] = []
    newest = Newest.of([one.session for one in times.values()])
    for name, one in times.items():
        for cell, found in _read(one, newest):
            groups.setdefault(cell.name, cell.group)
            if isinstance(found, Estimate):
                points.setdefault(cell.name, []).append(_point(name, eras[name], one, cell, found))
            else:
                left_out.append(LeftOut(name, cell.name, *found))
    return points, groups, left_out


def _point(name: str, era: int, times: SessionTimes, cell: Cell, found: Estimate) -> Point:
    # Doubts about what it costs to begin are seconds, and the points crawls of the baseline.
    crawl_s = 1.0 if times.quantity.has_ratio else times.crawl_s(cell.group)
    doubt = times.shift(cell) / crawl_s if crawl_s else 0.0
    twins, session = find_twins(times, cell.group), times.session
    ends = Interval(*found.interval(session.plan.confidence)).widened(twins.widening + doubt)
    return Point(name, session.created, found.mean, ends, era, twins, doubt)


def _read(
    times: SessionTimes, newest: Newest
) -> Iterator[tuple[Cell, Estimate | tuple[Obstacle, str]]]:
    """Yield the cells of a session that are compared, with their normalised value or why not."""
    # The cells of whole crawls, because one that lacks the second length must be named, not missed.
    for cell in times.by(times.quantity.whole).cells.values():
        if times.is_baseline(cell) or cell.strategy == REFERENCE:
            continue
        other = newest.find_obstacle(times.session, cell, times.quantity)
        if other:
            yield cell, (other, "")
        elif cell.name in times.cells:
            obstacle = times.obstacle(cell)
            estimate = None if obstacle else times.normalised(cell)
            yield cell, estimate or obstacle or (Obstacle.FEW_ROUNDS, "")


def _newest_stretch(line: CellHistory, session: str) -> list[Point]:
    """Return the points that show what to expect of the newest session, and its own.

    They are those of the newest era, or since the last change if enough came between: a known
    change would hide another one. None are returned if the newest session has no point.
    """
    last = line.points[-1]
    if last.session != session:
        return []
    stretch = [point for point in line.points if point.era == last.era]
    changed = {change.session for change in line.changes}
    starts = [place for place, point in enumerate(stretch) if point.session in changed]
    after = stretch[max(starts, default=0) :]
    return after if len(after) > MIN_BEFORE else stretch


def _jumps(
    newest: Mapping[str, Sequence[Point]], margin: float, confidence: float, missing: int
) -> tuple[Jump, ...]:
    """Return the cells whose newest session lies outside what those before it predict.

    Source: the prediction interval of one more value, where mean and deviation are estimated (Hahn
    & Meeker, "Statistical Intervals", 1991, section 4.8). Holm is applied to all cells.

    Args:
        newest: by cell, its points up to the newest session.
        margin: a jump up to this does not matter.
        confidence: that of all jumps together.
        missing: cells that the newest session was to measure and has no value of. Nobody gains
            power by failing.
    """
    rows, sessions = {}, {}
    for cell, points in newest.items():
        before = [point.estimate for point in points[:-1]]
        usual = estimate_mean(before) if len(before) >= MIN_BEFORE else None
        if usual:
            # The spread of one session, s, and the error of the mean together: s * sqrt(1 + 1 / n).
            error = usual.error * math.sqrt(usual.count + 1)
            shift = points[-1].estimate - usual.mean
            found = Estimate(usual.count, shift, error, usual.freedom)
            # A jump is one of typical times: nobody learns here what is the same.
            rows[cell] = _row(found, points[:-1], points[-1:])
            sessions[cell] = points[-1].session
    judged = judge_family(rows, margin, confidence, len(rows) + missing)
    return tuple(
        Jump(sessions[cell], cell, rows[cell].typical.mean, one.interval)
        for cell, one in judged.items()
        if one.verdict in (Verdict.FASTER, Verdict.SLOWER)
    )


def _eras(ordered: Sequence[tuple[str, Session]]) -> tuple[dict[str, int], tuple[Break, ...]]:
    """Return the era of each session, and where a new one begins."""
    eras: dict[str, int] = {}
    breaks: list[Break] = []
    before: dict[str, object] = {}
    for name, session in ordered:
        now = _fingerprint(session)
        what = [f"{key}: {before[key]} to {now[key]}" for key in before if before[key] != now[key]]
        if what:
            breaks.append(Break(name, session.created, tuple(what)))
        eras[name] = len(breaks)
        before = now
    return eras, tuple(breaks)


def _fingerprint(session: Session) -> dict[str, object]:
    machine = session.machine
    return {
        "machine": machine.hostname,
        "CPU": machine.cpu_model,
        "CPUs": machine.cpu_count,
        "worker CPUs": tell_worker_cpus(session),
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
        shifts = find_shifts([point.estimate for point in stretch], margin, level)
        ends = [0, *(place for place, _ in shifts), len(stretch)]
        for start, (place, shift), end in zip(ends, shifts, ends[2:], strict=False):
            row = _row(shift, stretch[start:place], stretch[place:end])
            if row.verdict(margin, 1 - level, level) is Verdict.UNCLEAR:
                continue  # it may be a change of the twins, or of what disturbed the sessions
            before, after = stretch[place - 1], stretch[place]
            versions = _changed_versions(sessions[before.session], sessions[after.session])
            name, created = after.session, after.created
            interval = row.interval(1 - level)
            change = ChangePoint(name, created, before.session, shift.mean, interval, versions)
            found.append(change)
    return tuple(found)


def _row(shift: Estimate, before: Sequence[Point], after: Sequence[Point]) -> ClaimRow:
    """Return what is known about the shift between two stretches.

    Nobody knows which part of a doubt is real, but it moves a mean by no more than the mean of the
    doubts. Bounds have no direction, so those of the two stretches add up.
    """
    doubt = sum(fmean(one.doubt for one in stretch) for stretch in (before, after))
    return ClaimRow(shift, shift, Interval(-doubt, doubt), bound_twins(before, after))


def _changed_versions(before: Session, after: Session) -> tuple[str, ...]:
    old, new = before.machine.versions, after.machine.versions
    names = sorted({*old, *new}, key=str.lower)
    return tuple(
        f"{name} {old.get(name, 'absent')} to {new.get(name, 'absent')}"
        for name in names
        if old.get(name) != new.get(name)
    )
