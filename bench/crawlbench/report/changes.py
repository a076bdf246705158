"""Changes from a base to a head, as tables and notes (floor 3; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle
from crawlbench.report.numbers import format_interval, format_ratio, format_seconds
from crawlbench.report.table import Column, Table
from crawlbench.stats.change import Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawlbench.stats.change import Change, Seen
    from crawlbench.stats.compare import SessionComparison

__all__ = ["changes_table", "comparison_notes", "kin_table", "tell_comparison"]

_SEEN = (Column("ratio", is_number=True), Column("interval"))
_HEAD = (Column("cell"), Column("base", is_number=True), Column("head", is_number=True))
_PAIRED = (*_HEAD, *_SEEN, Column("verdict"))
_BOTH = (
    *_HEAD,
    Column("plain", is_number=True),
    Column("interval"),
    Column("normalised", is_number=True),
    Column("interval"),
    Column("verdict"),
)
_KIN = (Column("cell"), Column("beside"), *_SEEN, Column("verdict"))


def changes_table(
    changes: Sequence[Change],
    names: Mapping[str, str] | None = None,
    title: str = "head against base",
) -> Table:
    """Return a row per cell that both have, the largest change first, invalid ones last.

    Args:
        changes: of two sessions or two environments.
        names: what to call a cell, by its name; None for the names themselves.
        title: of the table.
    """
    ordered = sorted(changes, key=_size, reverse=True)
    is_paired = all(seen.way is Way.PAIRED for change in changes for seen in change.ways)
    ways = (Way.PAIRED,) if is_paired else (Way.PLAIN, Way.NORMALISED)
    rows = [_row(change, ways) for change in ordered]
    if names is not None:
        rows = [(names[change.cell], *row[1:]) for change, row in zip(ordered, rows, strict=True)]
    return Table(title, _PAIRED if is_paired else _BOTH, tuple(rows))


def kin_table(found: SessionComparison) -> Table:
    """Return a row per pair of cells that differ only in their event loop."""
    rows = tuple((one.cell, one.other, *_seen(one.seen), one.seen.verdict) for one in found.kin)
    return Table("how the ratios between event loops changed", _KIN, rows)


def comparison_notes(found: SessionComparison) -> Iterator[str]:
    """Yield what a reader of two sessions' tables has to know."""
    for change in found.changes:
        if text := _why(change):
            yield f"{change.cell}: {text}"
    for name in found.only_base:
        yield f"{name}: only in the base"
    for name in found.only_head:
        yield f"{name}: only in the head"
    if found.machines:
        yield f"the two sessions ran on different machines ({'; '.join(found.machines)})"
    if not found.has_anchors:
        yield (
            "one of the sessions has no anchors (format 1), so plain times cannot be corrected for "
            "the machine's state: they can show a slowdown, but never `same` or `faster`"
        )
    spreads = ", ".join(
        f"{way} {spread.deviation * 100:.1f} % ({_origin(spread.sessions)})"
        for way, spread in found.spreads.items()
    )
    yield f"the intervals include the variance between sessions: {spreads}"
    yield (
        "plain is the head's time over the base's, corrected by the machine's anchors; normalised "
        "is the same after dividing each by its own baseline; a verdict needs both, and holds on "
        "this machine from session to session"
    )


def tell_comparison(found: SessionComparison) -> dict[str, object]:
    """Return what two sessions say, for scripts: ratios are the head's time over the base's."""
    return {
        "format": 1,
        "changes": [_tell_change(change) for change in sorted(found.changes, key=_size)[::-1]],
        "loops": [
            {"cell": one.cell, "other": one.other, **_tell_seen(one.seen)} for one in found.kin
        ],
        "only_base": found.only_base,
        "only_head": found.only_head,
        "machines": found.machines,
        "notes": list(comparison_notes(found)),
    }


def _tell_change(change: Change) -> dict[str, object]:
    return {
        "cell": change.cell,
        "base_s": change.base_s,
        "head_s": change.head_s,
        "rounds": change.rounds,
        "verdict": change.verdict.value,
        "reason": _why(change),
        "ways": {seen.way.value: _tell_seen(seen) for seen in change.ways},
    }


def _tell_seen(seen: Seen) -> dict[str, object]:
    return {
        "ratio": math.exp(seen.estimate),
        "ratio_low": math.exp(seen.interval.low),
        "ratio_high": math.exp(seen.interval.high),
        "verdict": seen.verdict.value,
    }


def _origin(sessions: int) -> str:
    return f"{sessions} other sessions and the usual one" if sessions else "the usual one"


def _why(change: Change) -> str:
    if change.obstacle is Obstacle.PLAIN:
        return f"unclear: the normalised time changed, but only relative to {change.detail}"
    if change.obstacle is None:
        return ""
    texts = {
        Obstacle.FAILED: change.detail,
        Obstacle.TIMERS: "its time is set by timers, so it has no ratio",
        Obstacle.HALF: "half of its time or more was not the client's own",
        Obstacle.FEW_ROUNDS: "fewer than two rounds give no interval",
    }
    return f"{change.verdict}: {texts[change.obstacle]}" if change.obstacle in texts else ""


def _size(change: Change) -> float:
    return max((abs(seen.estimate) for seen in change.ways), default=-math.inf)


def _row(change: Change, ways: Sequence[Way]) -> tuple[str, ...]:
    times = [format_seconds(s) if s is not None else "-" for s in (change.base_s, change.head_s)]
    by_way = {seen.way: seen for seen in change.ways}
    shown = [text for way in ways for text in _seen(by_way.get(way))]
    return (change.cell, *times, *shown, change.verdict.value)


def _seen(seen: Seen | None) -> tuple[str, str]:
    if seen is None:
        return "-", "-"
    ratio = format_ratio(seen.estimate, seen.interval.low, seen.interval.high)
    return ratio, format_interval(seen.interval.low, seen.interval.high)
