"""How many pairs have no answer, and what would settle them (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crawlbench.base.records import Ending, Obstacle
from crawlbench.base.text import count_of
from crawlbench.report.numbers import format_length
from crawlbench.report.reasons import (
    MAX_HOURS,
    Setting,
    doubt_of,
    ends_within,
    setting_of,
    settle,
)
from crawlbench.report.repeat import resume_command, show_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.base.records import Comparison
    from crawlbench.report.view import GroupView, SessionView


WORTH_READING = 5
"""Rounds from which an interval is narrow enough to be worth reading."""
SOON_HOURS = 1.0
"""Hours that the proposed continuation takes at most, unless no pair can be settled so soon."""
OUTSIDE = {
    Obstacle.TIMERS: "of timers, which have no ratio",
    Obstacle.FAILED: "with a cell that has no values",
}
"""Obstacles of pairs that no number of rounds can settle, in words; such pairs are not counted."""


def tell_unsettled(view: SessionView, *, tells_reasons: bool = True) -> str:
    """Return how many pairs have no answer, and what would settle them.

    With reasons it says what else was running, and how long the rest would take; without, only
    where to read that.
    """
    found = [
        (group, one) for group in view.groups.values() for one in group.pairs.get(group.leading, ())
    ]
    pairs = [(group, one) for group, one in found if one.obstacle not in OUTSIDE]
    left = [(group, one) for group, one in pairs if not one.is_answered]
    if not left:
        return ""
    verb = "is" if len(left) == 1 else "are"
    text = f"{len(left)} of {count_of(len(pairs), 'pair')} {verb} not settled"
    text += _outside([one for group, one in found if group.is_operation])
    remedies = list(_rounds(view, [one for _, one in left]))
    company = list(_company(view, left))
    remedies = [*company, *remedies] if tells_reasons else [*remedies[:1], *_where(view, company)]
    return f"{text}{': ' if remedies else ''}{'; '.join(remedies)}."


def _outside(found: Sequence[Comparison]) -> str:
    """Return which pairs of operations are not counted, so that all sentences agree."""
    counts = Counter(one.obstacle for one in found)
    parts = [
        f"{counts[obstacle]} {words}" for obstacle, words in OUTSIDE.items() if counts[obstacle]
    ]
    return f" (and not counted: {', '.join(parts)})" if parts else ""


def _company(view: SessionView, left: Sequence[tuple[GroupView, Comparison]]) -> Iterator[str]:
    """Yield what else was running, if that is what decides."""
    sized = [
        (group, size)
        for group, one in left
        if one.obstacle in (Obstacle.DOUBT, Obstacle.HALF)
        for size in one.doubts
        if size.doubt == one.detail
    ]
    if sized:
        group, worst = max(sized, key=lambda pair: abs(pair[1].shift))
        which = "" if len(sized) == len(left) else f"in {len(sized)}, "
        yield f"{which}{doubt_of(worst, setting_of(view, group))}"


def _where(view: SessionView, reasons: Sequence[str]) -> Iterator[str]:
    """Yield the command that shows the reasons left out here."""
    if reasons:
        yield f"why, pair by pair: {show_command(view)}"


def _rounds(view: SessionView, left: Sequence[Comparison]) -> Iterator[str]:
    """Yield the command that would settle what can be settled soon, and how long the rest takes."""
    setting = Setting(view.plan.margin, view.round_s)
    needed = [one.more_rounds for one in left if one.more_rounds is not None]
    more = [rounds for rounds in needed if ends_within(MAX_HOURS, rounds, setting)]
    if needed and not more:
        yield f"{len(needed)} would take more than {MAX_HOURS} hours"
    elif more:
        # What an hour can settle is proposed at once; where that is nothing, only as many rounds as
        # settle the first pair.
        soon = [rounds for rounds in more if ends_within(SOON_HOURS, rounds, setting)]
        proposed = max(soon, default=min(more))
        later = [rounds for rounds in more if rounds > proposed]
        count = len(more) - len(later)
        which = ("it" if count == 1 else "them") if count == len(left) else str(count)
        then = _then(resume_command(view, proposed))
        yield f"{settle(proposed, setting)} would settle {which}{then}"
        if later and view.round_s is not None:
            length = format_length(max(later) * view.round_s)
            up_to = "" if len(later) == 1 else "up to "
            yield f"{count_of(len(later), 'other')} would take {up_to}{length}"
    elif any(one.obstacle is Obstacle.FEW_ROUNDS for one in left):
        # After one round there is no interval from which to foresee how many more are needed.
        it = "it an interval" if len(left) == 1 else "them intervals"
        missing = max(1, WORTH_READING - len(view.session.rounds))
        # A session that was cut off has its own end ahead, which `--rounds` might bring forward.
        if _ended_early(view, missing):
            yield f"the rest of the session would give {it}{_then(resume_command(view))}"
        else:
            then = _then(resume_command(view, missing))
            yield f"{settle(missing, setting)} would give {it}{then}"


def _then(command: str) -> str:
    """Return what a sentence says of the command that does it, if there is one."""
    return f": {command}" if command else ""


def _ended_early(view: SessionView, missing: int) -> bool:
    """Return whether a session has an end of its own ahead, with at least so many more rounds."""
    session = view.session
    was_cut = session.ending not in {Ending.ROUNDS, Ending.BUDGET}
    return was_cut and len(session.rounds) + missing <= view.plan.rounds
