"""The remarks below a group's table: what is best, what is open and why (floor 3; pure)."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.base.text import count_of, one_line
from crawlbench.report.measures import mention, tell_size
from crawlbench.report.names import unlike
from crawlbench.report.numbers import format_change, format_share
from crawlbench.report.reasons import doubt_of, explain_in, setting_of
from crawlbench.report.standing import find_standing, list_words, tell_loops, tell_standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crawlbench.base.records import Comparison, Doubt, DoubtSize
    from crawlbench.report.view import GroupView, SessionView

    _Pairs = Mapping[Quantity, tuple[Comparison, ...]]

STANDINGS = (*map(str, Quantity), "loops", "seen")
"""Labels of remarks on what was found; the others say how far to trust it."""
MAX_LINES = 8
"""Most lines for pairs that differ only by event loop."""
MAX_REASONS = 6
"""Most reasons given for one group."""


def find_remarks(
    view: SessionView, group: GroupView, *, is_brief: bool = False
) -> list[tuple[str, str]]:
    """Return labels and sentences on a group, in the order of the output.

    If they are to be brief and two lengths were measured, only the leading quantity counts.
    """
    pairs = group.pairs
    if is_brief and group.form:
        pairs = {quantity: pairs[quantity] for quantity in pairs if quantity is group.leading}
    found = [
        # Even a brief list says who is best by whole crawls, but nothing else of them.
        *_standings(group, [*pairs, *([Quantity.TIME] if len(pairs) < len(group.pairs) else [])]),
        *_loops(group, pairs),
        *_seen(pairs),
        *_unclear(view, [(group, pairs)]),
        *_control(group),
        *_slow_laps(view, group),
        *_doubts(view, group),
    ]
    return [(label, one_line(text)) for label, text in found]


def _standings(group: GroupView, quantities: Iterable[Quantity]) -> Iterator[tuple[str, str]]:
    for quantity in quantities:
        standing = find_standing(group, quantity)
        if standing:
            yield str(quantity), tell_standing(group, standing)


def _loops(group: GroupView, pairs: _Pairs) -> Iterator[tuple[str, str]]:
    for quantity in pairs:
        lines = tell_loops(group, quantity)
        yield from (("loops", line) for line in lines[:MAX_LINES])
        if len(lines) > MAX_LINES:
            yield (
                "loops",
                f"{count_of(len(lines) - MAX_LINES, 'more pair')}; the page and the JSON have all",
            )


def _seen(pairs: _Pairs) -> Iterator[tuple[str, str]]:
    """Yield how large a difference must have been to be found."""
    for quantity, found in pairs.items():
        sizes = sorted(one.detectable for one in found if one.detectable is not None)
        if not sizes:
            continue
        usual, most = tell_size(median(sizes), quantity), tell_size(sizes[-1], quantity)
        worst = f" ({most} in the noisiest pair)" if most != usual else ""
        of = mention(quantity, " in {}")
        yield (
            "seen",
            f"a difference{of} of {usual} or more would have been found in four out of "
            f"five sessions{worst}",
        )


def unclear_notes(view: SessionView, groups: Iterable[GroupView]) -> Iterator[tuple[str, str]]:
    """Yield each reason why pairs have no verdict, with the worst pair as the example."""
    yield from _unclear(view, [(group, group.pairs) for group in groups])


def _unclear(
    view: SessionView, groups: Iterable[tuple[GroupView, _Pairs]]
) -> Iterator[tuple[str, str]]:
    found: dict[tuple[Quantity, Obstacle, str, bool], list[tuple[GroupView, Comparison]]] = {}
    for group, by_quantity in groups:
        for quantity, pairs in by_quantity.items():
            for one in pairs:
                if one.verdict is Verdict.UNCLEAR and one.obstacle:
                    # What more rounds would settle is not told of what they would not.
                    is_lost = one.obstacle is Obstacle.OPEN and one.more_rounds is None
                    key = quantity, one.obstacle, one.detail, is_lost
                    found.setdefault(key, []).append((group, one))
    for number, ((quantity, *_), reasons) in enumerate(found.items()):
        if number == MAX_REASONS:
            yield (
                "unclear",
                f"{count_of(len(found) - MAX_REASONS, 'more reason')}; the page and the JSON have "
                "all",
            )
            return
        group, worst = max(reasons, key=lambda pair: _weight(pair[1]))
        which = name_first(name_pair(group, worst), len(reasons), "pair")
        by = mention(quantity, " ({})")
        yield "unclear", f"{which}{by}: {explain_in(view, worst)}"


def _weight(found: Comparison) -> float:
    """Return how much a comparison's reason weighs: the largest doubt, or the rounds it needs."""
    shifts = [abs(one.shift) for one in found.doubts if one.doubt == found.detail]
    return max(shifts, default=float(found.more_rounds or 0))


def name_pair(group: GroupView, found: Comparison) -> str:
    """Return the names of both sides."""
    names = {row.cell.name: row.name for row in group.rows}
    return f"{names[found.cell]} against {names[found.baseline]}"


def name_first(name: str, count: int, noun: str) -> str:
    """Return a name, or if there are several, their number with that name as an example."""
    return name if count == 1 else f"{count} {noun}s, such as {name}"


def _control(group: GroupView) -> Iterator[tuple[str, str]]:
    for quantity, control in group.controls.items():
        if control.widening:
            yield (
                "control",
                "the baseline and its twin, which run the same code, differ by "
                f"{tell_size(control.widening, quantity)} in {quantity.words}, beyond their own "
                "interval; every interval was widened by that much on both sides",
            )


def _slow_laps(view: SessionView, group: GroupView) -> Iterator[tuple[str, str]]:
    rows = [row for row in group.rows if row.summary and row.summary.excess > view.plan.margin]
    names = unlike(row.name for row in rows)
    found = [
        f"{name} {format_change(row.summary.excess)}"
        for name, row in zip(names, rows, strict=True)
        if row.summary
    ]
    if found:
        yield "slow laps", f"they lift the mean above the typical time of {list_words(found)}"


def _doubts(view: SessionView, group: GroupView) -> Iterator[tuple[str, str]]:
    """Yield what may not be due to the client yet changes no verdict, with its size."""
    largest: dict[Doubt, DoubtSize] = {}
    moved: dict[Doubt, float] = {}
    # A difference moves by seconds, and the sentence below speaks of percentages.
    for pairs in (found for quantity, found in group.pairs.items() if quantity.has_ratio):
        for one in (one for one in pairs if one.is_answered):
            for size in one.doubts:
                moved[size.doubt] = max(moved.get(size.doubt, 0.0), abs(size.shift))
                if size.doubt not in largest or _share(size) > _share(largest[size.doubt]):
                    largest[size.doubt] = size
    setting = setting_of(view, group)
    for doubt, size in largest.items():
        yield (
            "doubt",
            f"{doubt_of(size, setting)}; without that, ratios would move by up to "
            f"{format_share(math.expm1(moved[doubt]))}, and every verdict would stand",
        )


def _share(size: DoubtSize) -> float:
    return max(size.cell_share, size.baseline_share)
