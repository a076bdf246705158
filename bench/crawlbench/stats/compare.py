"""Compares two sessions, cell by cell, in plain and in normalised time (floor 2; pure).

Each way has its weakness: plain time depends on the state of the machine, normalised time on
changes of the baseline itself. A verdict needs both; where only the normalised time shows a change,
it is relative to the baseline, and the row says so. The same is done for CPU time and, where both
sessions crawled the same two lengths, for the cost of a page and the cost to begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity
from crawlbench.stats.comparability import (
    are_one,
    check_alike,
    describe_sites,
    machine_differences,
    split_by_code,
)
from crawlbench.stats.rows import Compared, Kin, Margin, compare_rows
from crawlbench.stats.times import SessionTimes, have_anchors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawlbench.base.records import Session
    from crawlbench.stats.change import Change, Way
    from crawlbench.stats.session_variance import Spread


@dataclass(frozen=True, slots=True)
class Unlike:
    """A group whose lengths differ between the two sessions."""

    group: str
    base: tuple[int, ...]
    """Pages of each length in the base; empty if it had one length."""
    head: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SessionComparison:
    """Two sessions compared with each other."""

    by: dict[Quantity, Compared]
    """The comparison by each quantity that both measured; the time of whole crawls is always
    there."""
    only_base: tuple[str, ...]
    """Cells that the head lacks."""
    only_head: tuple[str, ...]
    machines: tuple[str, ...] = ()
    """How the machines differ, such as `CPU: A to B`; empty if they are the same."""
    has_anchors: bool = False
    unlike: tuple[Unlike, ...] = ()
    """Common groups that have two lengths on one side only, or different lengths."""
    is_one: bool = False
    """Whether base and head are the same session, or one was continued from a copy of the other."""
    without_cpu: str = ""
    """`base` or `head`, where only that side lacks an exact CPU time."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes in the time of whole crawls."""
        return self.by[Quantity.TIME].changes

    @property
    def kin(self) -> tuple[Kin, ...]:
        """The changes by event loop in the time of whole crawls."""
        return self.by[Quantity.TIME].kin

    @property
    def spreads(self) -> dict[Way, Spread]:
        """The spread of whole crawls' time between sessions, by the way to look at a change."""
        return self.by[Quantity.TIME].spreads


def compare_sessions(
    base: Session,
    head: Session,
    margin: float | Margin,
    others: Sequence[Session] = (),
) -> SessionComparison:
    """Compare the cells that both sessions have, including baselines and references.

    The rounds of the two are independent (Welch), the variance between sessions is added, and Holm
    is applied to all rows of a group in each way. Verdicts hold "on this machine, from session to
    session".

    Args:
        base: a judged session.
        head: the judged session that is compared with it.
        margin: log ratio up to which changes do not matter.
        others: other sessions on the same machine, of the code of either; they give the variance
            between sessions of the same code.

    Raises:
        UsageError: the sessions have no cell in common, or come from different crawlbenches,
            networks or baselines.
    """
    check_alike(base, head)
    sides = SessionTimes(base), SessionTimes(head)
    mine, theirs = sides[0].cells, sides[1].cells
    shared = [name for name in mine if name in theirs]
    if not shared:
        raise UsageError(
            f"the sessions have no cell in common: {describe_sites(base)} against "
            f"{describe_sites(head)}; "
            "compare sessions of one suite"
        )
    groups = dict.fromkeys(mine[name].group for name in shared)
    unlike = tuple(_find_unlike(base, head, groups))
    asked = margin if isinstance(margin, Margin) else Margin(margin)
    left_out = {one.group for one in unlike}
    # Each code by itself: what changed from one code to the other is no variance between sessions.
    kinds = [list(map(SessionTimes, same)) for same in split_by_code(others, (base, head))]
    found = (_compare(sides, quantity, asked, kinds, left_out) for quantity in Quantity)
    return SessionComparison(
        by={one.quantity: one for one in found if one},
        only_base=tuple(name for name in mine if name not in theirs),
        only_head=tuple(name for name in theirs if name not in mine),
        machines=machine_differences(base, head),
        has_anchors=have_anchors(sides, groups),
        unlike=unlike,
        is_one=are_one(base, head),
        without_cpu=_find_lack(sides),
    )


def _compare(
    sides: tuple[SessionTimes, SessionTimes],
    quantity: Quantity,
    margin: Margin,
    kinds: Sequence[Sequence[SessionTimes]],
    left_out: set[str],
) -> Compared | None:
    """Return the comparison by one quantity; None if the two share no cell that has it."""
    base, head = (side.by(quantity) for side in sides)
    cells = [
        cell
        for name, cell in base.cells.items()
        if name in head.cells and not (quantity.is_of_lengths and cell.group in left_out)
    ]
    if not cells:
        return None
    # How far sessions differ was measured on whole crawls (docs/method.md); `_Rows` turns that into
    # the spread of a page or of a beginning.
    others = [[one.by(quantity.whole) for one in same] for same in kinds]
    return compare_rows((base, head), cells, margin, others)


def _find_unlike(base: Session, head: Session, groups: Iterable[str]) -> list[Unlike]:
    """Return the groups whose lengths differ; a middle length that tests the line may differ."""
    both = base.plan.long_forms, head.plan.long_forms
    found = {group: [forms.get(group) for forms in both] for group in groups}
    return [
        Unlike(group, *(form.lengths if form else () for form in pair))
        for group, pair in found.items()
        if len({form.ends if form else None for form in pair}) > 1
    ]


def _find_lack(sides: tuple[SessionTimes, SessionTimes]) -> str:
    """Return which side lacks an exact CPU time that the other has."""
    has = [bool(side.by(Quantity.CPU).cells) for side in sides]
    return "" if has[0] is has[1] else "head" if has[0] else "base"
