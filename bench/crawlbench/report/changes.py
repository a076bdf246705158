"""Changes from a base to a head, as tables and notes (floor 3; pure)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity
from crawlbench.report.cellresult import numbers_of
from crawlbench.report.lengths import tell_pages
from crawlbench.report.measures import mention, tell_range
from crawlbench.report.numbers import format_seconds
from crawlbench.report.table import Table, columns_of
from crawlbench.stats.change import Way
from crawlbench.stats.comparability import explain_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.stats.change import Change, Seen
    from crawlbench.stats.compare import SessionComparison, Unlike
    from crawlbench.stats.rows import Compared, Kin

_COLUMNS = columns_of("cell, base:, head:, plain:, interval, normalised:, interval, verdict")
_KIN = columns_of("cell, beside, ratio:, interval, verdict")
ONE = "the base and the head hold the same rounds, which were measured once"
"""What is said where a session is compared with itself or with a copy."""


def comparison_tables(found: SessionComparison) -> list[Table]:
    """Return a table for each quantity, and one of the pairs of event loops if there are any."""
    tables = []
    for quantity, one in found.by.items():
        of = mention(quantity, ", {}")
        tables.append(changes_table(one.changes, f"head against base{of}"))
        if one.kin:
            title = f"how the ratios between event loops changed{of}"
            tables.append(Table(title, _KIN, tuple(_kin_row(kin, quantity) for kin in one.kin)))
    return tables


def changes_table(changes: Sequence[Change], title: str) -> Table:
    """Return a row per cell that both have, the largest change first, invalid ones last."""
    return Table(title, _COLUMNS, tuple(map(_row, _ordered(changes))))


def comparison_notes(found: SessionComparison) -> Iterator[str]:
    """Yield what a reader of two sessions' tables has to know."""
    yield from dict.fromkeys(_reasons(found))
    for one in found.unlike:
        yield _tell_unlike(one)
    if found.without_cpu:
        yield f"the {found.without_cpu} has no exact CPU time, so CPU time is not compared"
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
    if any(quantity.is_of_lengths for quantity in found.by):
        yield (
            "times per page and to begin come from two crawls, whose variances between sessions "
            "add up; what it costs to begin is compared by its difference, and normalised to the "
            "speed that the baseline had in the base"
        )


def why_not_compared(found: SessionComparison, quantity: Quantity) -> str:
    """Return why a quantity could not be compared everywhere; empty if it was."""
    if quantity.is_of_lengths and found.unlike:
        return "; ".join(map(_tell_unlike, found.unlike))
    if quantity in found.by:
        return ""
    # CPU time per page needs both clocks and lengths: if the lengths are missing, these are named.
    has_lengths = Quantity.PAGE in found.by or not quantity.is_of_lengths
    if quantity.is_cpu and has_lengths:
        side = f"the {found.without_cpu}" if found.without_cpu else "neither session"
        return f"{side} has {'no' if found.without_cpu else 'an'} exact CPU time"
    return "both sessions crawled one length of each site"


def tell_comparison(found: SessionComparison) -> dict[str, object]:
    """Return what two sessions say, as JSON for scripts; ratios are head over base."""
    return {
        "format": 1,
        **{f"{one.prefix}changes": _tell_changes(found.by.get(one)) for one in Quantity},
        "loops": _tell_kin(found.by[Quantity.TIME]),
        "loops_per_page": _tell_kin(found.by.get(Quantity.PAGE)),
        "only_base": found.only_base,
        "only_head": found.only_head,
        "machines": found.machines,
        "notes": list(comparison_notes(found)),
    }


def _tell_changes(found: Compared | None) -> list[dict[str, object]]:
    return [_tell_change(change) for change in _ordered(found.changes if found else ())]


def _tell_kin(found: Compared | None) -> list[dict[str, object]]:
    return [
        {"cell": one.cell, "other": one.other, **_tell_seen(one.seen, found.quantity)}
        for one in (found.kin if found else ())
        if found
    ]


def _tell_change(change: Change) -> dict[str, object]:
    return {
        "cell": change.cell,
        "base_s": change.base_s,
        "head_s": change.head_s,
        "rounds": change.rounds,
        "verdict": change.verdict.value,
        "reason": _why(change),
        "ways": {seen.way.value: _tell_seen(seen, change.quantity) for seen in change.ways},
    }


def _tell_seen(seen: Seen, quantity: Quantity) -> dict[str, object]:
    numbers = numbers_of(seen.estimate, seen.interval.low, seen.interval.high, quantity)
    return {**numbers, "verdict": seen.verdict.value}


def _origin(sessions: int) -> str:
    return f"{sessions} other sessions and the default" if sessions else "the default"


def _reasons(found: SessionComparison) -> Iterator[str]:
    """Yield why cells have no answer; a failure concerns every quantity but is told once."""
    if found.is_one:
        yield f"{ONE}, so this says nothing about a change"
    for quantity, one in found.by.items():
        of = mention(quantity, " ({})")
        for change in one.changes:
            if text := _why(change):
                # Without its quantity, so that all have the same sentence, which is told once.
                about = "" if change.obstacle is Obstacle.FAILED else of
                yield f"{change.cell}{about}: {text}"


def _tell_unlike(one: Unlike) -> str:
    """Return which lengths of a group the two sessions crawled, if they are not the same."""
    sides = {"base": one.base, "head": one.head}
    single = next((name for name, lengths in sides.items() if not lengths), "")
    what = (
        f"the {single} crawled one length"
        if single
        else f"the base crawled {tell_pages(one.base)}, and the head {tell_pages(one.head)}"
    )
    return f"{one.group}: {what}, so nothing is compared per page or to begin"


def _kin_row(one: Kin, quantity: Quantity) -> tuple[str, ...]:
    return (one.cell, one.other, *_seen(one.seen, quantity), one.seen.verdict.value)


def _why(change: Change) -> str:
    if change.obstacle is Obstacle.PLAIN:
        return f"unclear: the normalised time changed, but only relative to {change.detail}"
    text = explain_between(change.obstacle, change.detail)
    return f"{change.verdict}: {text}" if text else ""


def _ordered(changes: Iterable[Change]) -> list[Change]:
    """Return the largest changes first, and those of equal size as they come."""
    return sorted(changes, key=_size, reverse=True)


def _size(change: Change) -> float:
    return max((abs(seen.estimate) for seen in change.ways), default=-math.inf)


def _row(change: Change) -> tuple[str, ...]:
    times = [_tell_seconds(seconds) for seconds in (change.base_s, change.head_s)]
    by_way = {seen.way: seen for seen in change.ways}
    plain, normalised = (
        _seen(by_way.get(way), change.quantity) for way in (Way.PLAIN, Way.NORMALISED)
    )
    return (change.cell, *times, *plain, *normalised, change.verdict.value)


def _tell_seconds(seconds: float | None) -> str:
    return "-" if seconds is None else format_seconds(seconds)


def _seen(seen: Seen | None, quantity: Quantity) -> tuple[str, str]:
    if seen is None:
        return "-", "-"
    return tell_range(seen.estimate, seen.interval.low, seen.interval.high, quantity)
