"""Many sessions as a page (floor 3; pure): what changed, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle
from crawlbench.report.answer import Sentence
from crawlbench.report.charts.history import history_charts
from crawlbench.report.numbers import format_interval, format_percent, format_ratio
from crawlbench.report.page import Fact, Page, Section, Trouble
from crawlbench.report.table import Column, Table
from crawlbench.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.stats.history import ChangePoint, History, LeftOut, Line

__all__ = ["changes_table", "history_page"]

METHOD = (
    "A point is a cell's time relative to the baseline and its control (averaged) in the same laps "
    "of its own session, so that a machine that is faster as a whole cancels out; its line is the "
    "interval over that session's rounds. A change is a place after which the sessions' points "
    "differ from those before by more than the margin, at 95 % confidence over all places that "
    "were examined, with at least three sessions on each side. Where the machine, Python or "
    "crawlbench changed there is a break, and nothing is compared across it. A change in the "
    "baseline itself moves all others."
)


WHY_NOT = {
    Obstacle.FAILED: "it is invalid",
    Obstacle.TIMERS: "its time is set by timers, so it has no ratio",
    Obstacle.HALF: "half of its time or more was not the client's own",
    Obstacle.OTHER_SITE: "the site has the newest session's name, but other pages or site file",
    Obstacle.FEW_ROUNDS: "fewer than two rounds give no interval",
}


def history_page(history: History) -> Page:
    """Return the page of a history."""
    changes = [(line, change) for line in history.lines for change in line.changes]
    first, last = (history.sessions[0], history.sessions[-1]) if history.sessions else ("", "")
    return Page(
        title="crawlbench: history",
        subtitle=one_line(f"{len(history.sessions)} sessions, {first} to {last}"),
        asked=f"What changed over {len(history.sessions)} sessions?",
        answer=(Sentence(_answer(history, len(changes)), "history", "history"),),
        sections=(
            Section(
                "history",
                "Over time",
                "Lower is faster. A large point is a change; a dashed line marks where the machine "
                "changed.",
                history_charts(history),
                (changes_table(history),) if changes else (),
                "" if history.lines else "No cell has a value that can be believed.",
            ),
        ),
        table=_points_table(history),
        method=METHOD,
        facts=(Fact("sessions", one_line(", ".join(history.sessions))),),
        troubles=tuple(Trouble(label, one_line(text)) for label, text in _troubles(history)),
        quiet="All sessions come from one machine, and every cell has a point in each.",
    )


def _troubles(history: History) -> Iterator[tuple[str, str]]:
    """Yield what limits the trust in a history: a label and a sentence."""
    for jump in history.jumps:
        interval = format_interval(jump.interval.low, jump.interval.high)
        yield (
            "jump",
            f"{jump.cell} in {jump.session}: {format_percent(jump.shift)} away from what the "
            f"sessions before it led one to expect ({interval})",
        )
    for one in history.breaks:
        yield "another machine", f"from {one.session} on: {'; '.join(one.what)}"
    for cell in history.unjudged:
        yield "not judged", f"{cell}: too few sessions on one machine to detect a change"
    for left in history.left_out:
        yield "left out", f"{left.cell} in {left.session}: {_why(left)}"


def _why(one: LeftOut) -> str:
    return one.detail or WHY_NOT[one.obstacle]


def _answer(history: History, changes: int) -> str:
    if not history.lines:
        return "No cell has a value that can be believed, so there is no history."
    cells, unjudged = len(history.lines), len(history.unjudged)
    if unjudged == cells and not changes:
        return (
            f"Whether any of {cells} cells changed cannot be judged yet: that takes four sessions "
            "or more on one machine."
        )
    told = (
        f"{cells - unjudged} of {cells} cells could be judged up to the newest session; "
        if unjudged
        else ""
    )
    jumped = f"{len(history.jumps)} jumped in the newest session" if history.jumps else ""
    changed = sum(bool(line.changes) for line in history.lines)
    often = "once" if changes == 1 else f"{changes} times"
    earlier = f"{changed} of {cells} cells changed before, {often} in all" if changes else ""
    found = [part for part in (jumped, earlier) if part]
    none = f"none of them changed over {len(history.sessions)} sessions"
    text = told + ("; ".join(found) or none)
    return f"{text[0].upper()}{text[1:]}."


def changes_table(history: History) -> Table:
    """Return the changes, the latest first."""
    columns = (
        Column("cell"),
        Column("from"),
        Column("ratio to before", is_number=True),
        Column("interval"),
        Column("changed with it"),
    )
    found = [(line, change) for line in history.lines for change in line.changes]
    found.sort(key=lambda pair: pair[1].created, reverse=True)
    return Table("Changes", columns, tuple(_change(*pair) for pair in found))


def _change(line: Line, change: ChangePoint) -> tuple[str, ...]:
    return (
        one_line(line.cell),
        one_line(change.session),
        format_ratio(change.shift, change.interval.low, change.interval.high),
        format_interval(change.interval.low, change.interval.high),
        one_line(", ".join(change.versions)) or "-",
    )


def _points_table(history: History) -> Table:
    columns = (
        Column("cell"),
        Column("session"),
        Column("ratio", is_number=True),
        Column("interval"),
    )
    rows = tuple(
        (
            one_line(line.cell),
            one_line(point.session),
            format_ratio(point.estimate, point.interval.low, point.interval.high),
            format_interval(point.interval.low, point.interval.high),
        )
        for line in history.lines
        for point in line.points
    )
    return Table("Every point", columns, rows)
