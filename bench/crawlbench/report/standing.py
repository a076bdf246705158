"""Which cell of a group is best, and which cannot be told from it (floor 3; pure).

Everything comes from the verdicts on pairs, which were measured in the same laps. Whether two
intervals overlap says nothing about the pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict
from crawlbench.base.text import count_of
from crawlbench.report.measures import (
    TOO_UNCERTAIN,
    is_wide,
    tell_numbers,
    tell_size,
    tell_size_span,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crawlbench.base.records import Comparison
    from crawlbench.report.view import GroupView, Row

TIMES_FROM = math.log(1.5)
"""Log ratio beyond which a factor is clearer than a percentage."""
MAX_NAMED = 4
"""Most names in one list of a sentence; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Held:
    """A contestant compared with the best one."""

    row: Row
    found: Comparison
    """The comparison, which has an estimate."""

    @property
    def behind(self) -> float:
        """The estimate: positive if the contestant takes longer than the best."""
        return self.found.estimate or 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A group's contestants relative to the best of them; in each list the nearest comes first."""

    quantity: Quantity
    best: Row
    same: tuple[Held, ...]
    unsettled: tuple[Held, ...]
    slower: tuple[Held, ...]
    unjudged: tuple[Row, ...]
    """Not compared with the best, because there are too many cells for all pairs."""

    @property
    def leaders(self) -> tuple[Row, ...]:
        """The best cell, and those that are the same."""
        return (self.best, *(held.row for held in self.same))


def find_standing(group: GroupView, quantity: Quantity | None = None) -> Standing | None:
    """Return the standing by one quantity, or by the leading one; None if nothing is compared."""
    quantity = quantity or group.leading
    rows = sorted(
        (row for row in group.contestants if _ratio(group, row, quantity) is not None),
        key=lambda row: _ratio(group, row, quantity) or 0.0,
    )
    if len(rows) < 2:
        return None
    best = _choose(group, rows, quantity)
    others = [row for row in rows if row is not best]
    pairs = [(row, group.compare(row.cell.name, best.cell.name, quantity)) for row in others]
    held = [Held(row, found) for row, found in pairs if found and found.estimate is not None]

    def only(*verdicts: Verdict) -> tuple[Held, ...]:
        found = [one for one in held if one.found.verdict in verdicts]
        return tuple(sorted(found, key=lambda one: one.behind))

    known = {one.row.cell.name for one in held}
    return Standing(
        quantity,
        best,
        same=only(Verdict.SAME),
        # Nobody is faster than the best, unless the pairs run in a circle: see `_choose`.
        unsettled=only(Verdict.UNCLEAR, Verdict.FASTER),
        slower=only(Verdict.SLOWER),
        unjudged=tuple(row for row in others if row.cell.name not in known),
    )


def _ratio(group: GroupView, row: Row, quantity: Quantity) -> float | None:
    # The baseline is not compared with itself, and yet it may be the best.
    if row.cell.name == group.baseline:
        return 0.0
    found = row.found.get(quantity)
    return found.estimate if found else None


def _choose(group: GroupView, rows: Sequence[Row], quantity: Quantity) -> Row:
    """Return the row with the lowest ratio, unless a pair says that another cell is faster."""
    for row in rows:
        pairs = (
            group.compare(other.cell.name, row.cell.name, quantity)
            for other in rows
            if other is not row
        )
        if not any(found and found.verdict is Verdict.FASTER for found in pairs):
            return row
    # The pairs run in a circle (A before B, B before C, C before A): then the lowest ratio decides.
    return rows[0]


def tell_standing(group: GroupView, standing: Standing) -> str:
    """Return the standing in one line: "best: A; the same: B; not settled: C (up to 1.8 %)"."""
    best = standing.best.name
    parts = [f"best: {best}"]
    if standing.same:
        parts.append(f"the same: {join_names(group, [one.row for one in standing.same])}")
    if standing.unsettled:
        parts.append(f"not settled against it: {_sized(group, standing.unsettled, reach_of)}")
    if standing.slower:
        word = "more" if standing.quantity in (Quantity.CPU, Quantity.BEGIN) else "slower"
        parts.append(f"{word}: {_sized(group, standing.slower, _by)}")
    if standing.unjudged:
        parts.append(f"not compared with it: {count_of(len(standing.unjudged), 'other')}")
    return "; ".join(parts)


def reach_of(held: Sequence[Held]) -> str:
    """Return how far from the best the unsettled ones may be."""
    ends = [end for end in map(reach_to, held) if math.isfinite(end)]
    quantity = held[0].found.quantity
    if not ends or is_wide(-max(ends), max(ends), quantity):
        return "too uncertain to say"
    return f"up to {tell_size(max(ends), quantity)}"


def reach_to(held: Held) -> float:
    """Return the farther end of an interval from 0; infinite if there is no interval."""
    low, high = held.found.low, held.found.high
    return math.inf if low is None or high is None else max(abs(low), abs(high))


def _by(held: Sequence[Held]) -> str:
    span = span_of(held)
    return span if span.endswith("times") else f"by {span}"


def span_of(held: Sequence[Held]) -> str:
    """Return how much slower the slower ones are: one number, or the least and the most."""
    sizes = [one.behind for one in held]
    return tell_size_span(min(sizes), max(sizes), held[0].found.quantity)


def held_by_work(held: Iterable[Held]) -> list[list[Held]]:
    """Return a list for each work: those that differ only by event loop stand in one."""
    works: dict[str, list[Held]] = {}
    for one in held:
        works.setdefault(one.row.work, []).append(one)
    return list(works.values())


def _sized(group: GroupView, held: Sequence[Held], size: Callable[[Sequence[Held]], str]) -> str:
    """Return names, each followed by a size; those that differ only by event loop share one."""
    words = [
        f"{join_names(group, [one.row for one in found])} {_bracket(size(found))}"
        for found in held_by_work(held)
    ]
    return list_words(words)


def _bracket(size: str) -> str:
    return size if size.startswith("by ") else f"({size})"


def join_names(group: GroupView, rows: Sequence[Row], most: int = MAX_NAMED) -> str:
    """Return names as a list, in which a strategy on both event loops appears once."""
    every = _by_work(group.contestants)
    names = [
        _name(found, {row.cell.event_loop for row in every[work]})
        for work, found in _by_work(rows).items()
    ]
    return list_words(names, most)


def _by_work(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of each work: those that differ only by event loop stand in one list."""
    works: dict[str, list[Row]] = {}
    for row in rows:
        works.setdefault(row.work, []).append(row)
    return works


def _name(rows: Sequence[Row], loops: set[str | None]) -> str:
    """Return a common name for the rows of one strategy."""
    if len(rows) == 1:
        return rows[0].name
    work = rows[0].work
    if {row.cell.event_loop for row in rows} == loops and len(loops) == len(rows):
        return f"{work} on {'either' if len(rows) == 2 else 'every'} loop"
    return f"{work} on {list_words([str(row.cell.event_loop) for row in rows])}"


def list_words(words: Sequence[str], most: int = MAX_NAMED) -> str:
    """Return words as a list; if there are many, the rest are counted."""
    # A single name more is written out: "1 more" would be no shorter.
    if len(words) > most + 1:
        words = [*words[:most], f"{len(words) - most} more"]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def loop_pairs(
    group: GroupView, quantity: Quantity | None = None
) -> Iterator[tuple[Row, Row, Comparison]]:
    """Yield the pairs of a group that differ only by event loop; the plan's first is the base."""
    for rows in _by_work(group.contestants).values():
        for place, one in enumerate(rows):
            for two in rows[place + 1 :]:
                found = group.pair(one.cell.name, two.cell.name, quantity)
                if found and found.estimate is not None:
                    head, base = (one, two) if found.cell == one.cell.name else (two, one)
                    yield head, base, found


def tell_loops(group: GroupView, quantity: Quantity) -> list[str]:
    """Return a line for each pair that differs only by event loop."""
    lines = []
    for head, base, found in loop_pairs(group, quantity):
        if is_wide(found.low or 0.0, found.high or 0.0, quantity, base.summary):
            lines.append(
                f"{head.work}: {head.cell.event_loop} against {base.cell.event_loop}, by "
                f"{quantity.words}: {found.verdict}, {TOO_UNCERTAIN}"
            )
            continue
        number, interval = tell_numbers(found)
        of = f"{number} of" if quantity.has_ratio else f"{number} against"
        lines.append(
            f"{head.work}: {head.cell.event_loop} takes {of} {base.cell.event_loop}'s "
            f"{quantity.words} ({interval}): {found.verdict}"
        )
    return lines
