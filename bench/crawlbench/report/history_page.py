"""Many sessions as a page (floor 3; pure): what changed, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.records import Obstacle
from crawlbench.report.answer import Sentence
from crawlbench.report.charts.history import history_charts
from crawlbench.report.numbers import format_interval, format_percent, format_ratio
from crawlbench.report.page import Fact, Page, Section, Trouble
from crawlbench.report.table import Column, Table
from crawlbench.report.text import one_line

if TYPE_CHECKING:
    from crawlbench.stats.history import ChangePoint, History, LeftOut, Line

__all__ = ["changes_table", "history_page"]

METHOD = (
    "A point is a cell's time relative to baseline and control (averaged) of its own session, in "
    "the same laps, so that a machine that is faster as a whole cancels out; its line is the "
    "interval over that session's rounds. A change is a place from which on the sessions' points "
    "differ from those before by more than the margin, at 95 % over all places that were looked "
    "at, with three sessions at least on each side. Where machine, Python or crawlbench changed "
    "there is a break: nothing is compared across it. A change of the baseline itself moves all "
    "others."
)


WHY_NOT = {
    Obstacle.FAILED: "it is invalid",
    Obstacle.TIMERS: "its time is that of timers, of which no ratio is made",
    Obstacle.HALF: "half of its time or more was not the client's own",
    Obstacle.OTHER_SITE: "the site has the newest session's name, but other pages or site file",
    Obstacle.FEW_ROUNDS: "fewer than two rounds give no interval",
}


def history_page(history: History) -> Page:
    """Return the page of a history."""
    changes = [(line, change) for line in history.lines for change in line.changes]
    breaks = [
        Trouble("another machine", one_line(f"from {b.session} on: {'; '.join(b.what)}"))
        for b in history.breaks
    ]
    left_out = [
        Trouble("left out", one_line(f"{one.cell} in {one.session}: {_why(one)}"))
        for one in history.left_out
    ]
    jumps = [
        Trouble(
            "jump",
            one_line(
                f"{one.cell} in {one.session}: {format_percent(one.shift)} from what the sessions "
                f"before it let expect ({format_interval(one.low, one.high)})"
            ),
        )
        for one in history.jumps
    ]
    unjudged = [
        Trouble("not judged", one_line(f"{cell}: too few sessions of one machine to tell a change"))
        for cell in history.unjudged
    ]
    first, last = (history.sessions[0], history.sessions[-1]) if history.sessions else ("", "")
    return Page(
        title="crawlbench: history",
        subtitle=one_line(f"{len(history.sessions)} sessions, {first} to {last}"),
        answer=(Sentence(_answer(history, len(changes)), "history", "history"),),
        sections=(
            Section(
                "history",
                "Over time",
                "Below is faster. A large point is a change; a dashed line says that the machine "
                "is another from there on.",
                history_charts(history),
                (changes_table(history),) if changes else (),
                "" if history.lines else "No cell has a value that can be believed.",
            ),
        ),
        table=_points_table(history),
        method=METHOD,
        facts=(Fact("sessions", one_line(", ".join(history.sessions))),),
        troubles=(*jumps, *breaks, *unjudged, *left_out),
        quiet="All sessions are of one machine, and every cell has a point in each.",
    )


def _why(one: LeftOut) -> str:
    return one.detail or WHY_NOT[one.obstacle]


def _answer(history: History, changes: int) -> str:
    if not history.lines:
        return "No cell has a value that can be believed, so there is no history."
    cells, unjudged = len(history.lines), len(history.unjudged)
    if unjudged == cells and not changes:
        return (
            f"It could not be judged whether any of {cells} cells changed: four sessions or more "
            "of one machine are needed."
        )
    told = f"{cells - unjudged} of {cells} cells could be judged to the end; " if unjudged else ""
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
        format_ratio(change.shift, change.low, change.high),
        format_interval(change.low, change.high),
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
            format_ratio(point.estimate, point.low, point.high),
            format_interval(point.low, point.high),
        )
        for line in history.lines
        for point in line.points
    )
    return Table("Every point", columns, rows)
