"""Many sessions as a page (floor 3; pure): what changed, and when."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.base.text import count_of, one_line, with_capital
from crawlbench.report.answer import Sentence, as_sentence
from crawlbench.report.charts.history import history_charts, name_history
from crawlbench.report.measures import mention, tell_interval, tell_range, tell_signed
from crawlbench.report.numbers import format_percent
from crawlbench.report.page import Fact, PageContent, Section, Trouble
from crawlbench.report.table import Table, columns_of
from crawlbench.stats.comparability import explain_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawlbench.stats.timeline import CellHistory, ChangePoint, History

METHOD = (
    "A point is a cell's time relative to the baseline and its control (averaged) in the same laps "
    "of its own session, so that a machine that is faster as a whole cancels out; its line is the "
    "interval over that session's rounds. A change is a place after which the sessions' points "
    "differ from those before by more than the margin, at 95 % confidence over all places that "
    "were examined, with at least three sessions on each side. Where the machine, Python or "
    "crawlbench changed there is a break, and nothing is compared across it. A change in the "
    "baseline itself moves all others. What it costs to begin has no ratio: its points are "
    "seconds, at the speed that the baseline had in the newest session."
)


def history_page(history: History) -> PageContent:
    """Return the page of a history."""
    every = (history, *history.further)
    # A single session is both the first and the last.
    ends = " to ".join(dict.fromkeys((*history.sessions[:1], *history.sessions[-1:])))
    return PageContent(
        title="crawlbench: history",
        subtitle=one_line(f"{count_of(len(history.sessions), 'session')}, {ends}"),
        asked=f"What changed over {count_of(len(history.sessions), 'session')}?",
        answer=tuple(Sentence(text, "history", "history") for text in history_answers(history)),
        sections=tuple(map(_section, every)),
        table=_points_table(every),
        method=METHOD,
        facts=(Fact("sessions", one_line(", ".join(history.sessions))),),
        troubles=tuple(Trouble(label, one_line(text)) for label, text in _troubles(history)),
        quiet="All sessions come from one machine, and every cell has a point in each.",
    )


def history_answers(history: History) -> list[str]:
    """Return what changed, in a sentence for each quantity."""
    return [_answer(one) for one in (history, *history.further)]


def _section(history: History) -> Section:
    return Section(
        name_history(history.quantity),
        f"Over time{mention(history.quantity, ', {}')}",
        "Lower is faster. A large point is a change; a dashed line marks where the machine "
        "changed.",
        history_charts(history),
        (changes_table(history),) if any(line.changes for line in history.lines) else (),
        "" if history.lines else "No cell has a value that can be trusted.",
    )


def _troubles(history: History) -> Iterator[tuple[str, str]]:
    """Yield what limits trust in a history: a label and a sentence."""
    for one in history.breaks:
        yield "another machine", f"from {one.session} on: {'; '.join(one.what)}"
    every = (history, *history.further)
    for found in every:
        yield from dict.fromkeys(_troubles_of(found))
    yield from dict.fromkeys(("not in each", text) for found in every for text in _gaps(found))


def _gaps(history: History) -> Iterator[str]:
    """Yield which cells some sessions did not measure: they were in no plan, so nothing failed.

    Those that could not be judged are told of already.
    """
    left_out = Counter(one.cell for one in history.left_out)
    sessions = len(history.sessions)
    for line in history.lines:
        measured = len(line.points) + left_out[line.cell]
        # By whole crawls and by other quantities the sentence is the same, and told once.
        if measured < sessions and line.cell not in history.unjudged:
            yield f"{line.cell}: measured in {measured} of {sessions} sessions"


def _troubles_of(history: History) -> Iterator[tuple[str, str]]:
    quantity = history.quantity
    of = mention(quantity, " ({})")
    for jump in history.jumps:
        low, high = jump.interval.low, jump.interval.high
        far = (
            format_percent(jump.shift) if quantity.has_ratio else tell_signed(jump.shift, quantity)
        )
        yield (
            "jump",
            f"{jump.cell}{of} in {jump.session}: {far} away from what the sessions before it led "
            f"one to expect ({tell_interval(low, high, quantity)})",
        )
    for cell in history.unjudged:
        few = "too few sessions on one machine to detect a change"
        why = "it has no value in the newest session" if cell in history.absent else few
        yield "not judged", f"{cell}{of}: {why}"
    for left in history.left_out:
        why = explain_between(left.obstacle, left.detail)
        yield "left out", f"{left.cell}{of} in {left.session}: {why}"


def _answer(history: History) -> str:
    text = _tell(history)
    if history.quantity is Quantity.TIME:
        return text
    return f"{with_capital(history.quantity.words)}: {text[0].lower()}{text[1:]}"


def _tell(history: History) -> str:
    # Earlier changes are told even where nothing can be judged up to the newest session.
    changes = sum(len(line.changes) for line in history.lines)
    if not history.lines:
        return "No cell has a value that can be trusted, so there is no history."
    cells, unjudged = len(history.lines), len(history.unjudged)
    among = count_of(cells, "cell")
    if len(history.absent) == cells and not changes:
        return "No cell has a value in the newest session, so none could be judged up to it."
    if unjudged == cells and not changes:
        return (
            f"Whether {'the cell' if cells == 1 else f'any of {among}'} changed cannot be judged "
            "yet: that takes four sessions or more on one machine."
        )
    told = (
        f"{cells - unjudged} of {among} could be judged up to the newest session; "
        if unjudged
        else ""
    )
    jumped = f"{len(history.jumps)} jumped in the newest session" if history.jumps else ""
    changed = sum(bool(line.changes) for line in history.lines)
    often = "once" if changes == 1 else f"{changes} times"
    earlier = f"{changed} of {among} changed before, {often} in all" if changes else ""
    found = [part for part in (jumped, earlier) if part]
    nobody = "the cell did not change" if cells == 1 else "none of them changed"
    none = f"{nobody} over {count_of(len(history.sessions), 'session')}"
    return as_sentence(told + ("; ".join(found) or none))


def changes_table(history: History) -> Table:
    """Return the changes, the latest first."""
    number = "ratio to before" if history.quantity.has_ratio else "more than before"
    columns = columns_of(f"cell, from, {number}:, interval, changed with it")
    found = [(line, change) for line in history.lines for change in line.changes]
    found.sort(key=lambda pair: pair[1].created, reverse=True)
    rows = tuple(_change(*pair, history.quantity) for pair in found)
    return Table(f"Changes{mention(history.quantity, ', {}')}", columns, rows)


def _change(line: CellHistory, change: ChangePoint, quantity: Quantity) -> tuple[str, ...]:
    return (
        one_line(line.cell),
        one_line(change.session),
        *tell_range(change.shift, change.interval.low, change.interval.high, quantity),
        one_line(", ".join(change.versions)) or "-",
    )


def _points_table(histories: Sequence[History]) -> Table:
    of = "of, " if len(histories) > 1 else ""
    columns = columns_of(f"cell, session, {of}ratio:, interval")
    rows = tuple(
        (
            one_line(line.cell),
            one_line(point.session),
            *([history.quantity.words] if of else []),
            *tell_range(point.estimate, point.interval.low, point.interval.high, history.quantity),
        )
        for history in histories
        for line in history.lines
        for point in line.points
    )
    return Table("Every point", columns, rows)
