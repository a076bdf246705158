"""A session for the terminal (floor 3): renderables for rich, which the command line prints.

Tables show what was found; the answer comes last, where it can be seen without scrolling.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from textwrap import wrap
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from crawlbench.base.records import Ending
from crawlbench.report.answer import find_answer
from crawlbench.report.bars import MAX_BAR, MIN_BAR, draw_bars
from crawlbench.report.environment_pairs import versus_tables
from crawlbench.report.environments import environments_tables
from crawlbench.report.notes import BRIEF, find_notes
from crawlbench.report.operations import MAIN, measured_table, operation_tables
from crawlbench.report.pairs import matrix_table, pairs_table
from crawlbench.report.remarks import find_remarks
from crawlbench.report.table import Column
from crawlbench.report.tables import (
    COST,
    CPU,
    HTTP,
    TIME,
    answer_headers,
    group_tables,
    more_headers,
    series_tables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import JustifyMethod, RenderableType

    from crawlbench.report.notes import Note
    from crawlbench.report.table import Table
    from crawlbench.report.view import GroupView, SessionView


class Detail(StrEnum):
    """How much a terminal shows."""

    QUIET = "quiet"
    """The answer's sentences."""
    USUAL = "usual"
    """Each network's table, which cell is best and what is not settled, and the answer."""
    VERBOSE = "verbose"
    """Also what it cost, where the time went, all pairs and all notes."""


STYLES = {
    "faster": "green",
    "slower": "red",
    "same": "blue",
    "unclear": "bright_black",
    "invalid": "bold red",
    "not supported": "dim",
    "no values": "dim",
    "baseline": "bold",
    "control": "dim",
    "reference": "dim",
}
"""The colours of verdicts."""
PAINTED = (*CPU, "crawl ratio")
"""Headers of fields that end with a verdict."""
LONG_NAME = 40
"""Columns of a terminal that no name takes but that of a whole cell, parser and site included."""
NAMED = ("cell", "beside")
"""Headers of fields with names of cells."""
DOUBTS = ("doubt",)
"""Labels of remarks that are shown only on request."""


def render_terminal(
    view: SessionView, width: int, *, is_ascii: bool = False, detail: Detail = Detail.USUAL
) -> Group:
    """Return tables with bars and remarks, then the notes, and the answer last."""
    answer = [Text(sentence.text) for sentence in find_answer(view)]
    if detail is Detail.QUIET:
        return Group(*answer)
    is_whole = detail is Detail.VERBOSE
    lines = list(_tables(view, width, is_ascii=is_ascii, is_whole=is_whole))
    ending = view.session.ending
    is_cut = ending.is_early or ending is Ending.NOTHING_LEFT  # which nobody should miss
    brief = (*BRIEF, "session") if is_cut else BRIEF
    notes = [note for note in find_notes(view) if is_whole or note[0] in brief]
    shown: list[RenderableType] = [render_notes(notes), Text()] if notes else []
    return Group(*lines, *shown, *answer)


def _tables(
    view: SessionView, width: int, *, is_ascii: bool, is_whole: bool
) -> Iterator[RenderableType]:
    if view.plan.is_versus:
        for held in versus_tables(view):
            yield from titled(held, width)
    else:
        yield from _crawl_lines(view, width, is_ascii=is_ascii, is_whole=is_whole)
        yield from _operation_lines(view, width)
    for table in (*series_tables(view), *environments_tables(view)):
        yield from titled(table, width)


def _crawl_lines(
    view: SessionView, width: int, *, is_ascii: bool, is_whole: bool
) -> Iterator[RenderableType]:
    """Yield each network's table with its bars, the remarks below it, and what it cost."""
    for group, table in zip(view.crawls, group_tables(view), strict=True):
        parts = _parts(view, group, table, width, is_ascii=is_ascii, is_whole=is_whole)
        yield from titled(parts[0], width, is_followed=True)
        for part in parts[1:]:
            yield from titled(part, width)
        found = find_remarks(view, group, is_brief=not is_whole)
        remarks = [one for one in found if is_whole or one[0] not in DOUBTS]
        if remarks:
            yield render_notes(remarks)
            yield Text()
        if is_whole:
            yield from _pair_lines(view, group, width)


def _parts(
    view: SessionView, group: GroupView, table: Table, width: int, *, is_ascii: bool, is_whole: bool
) -> list[Table]:
    """Return a network's table: the answer's columns, and all others if asked for."""
    # Three layouts, by what fits: all columns in one line, if all are wanted; the answer with its
    # further ratios, and the rest in tables below it; the answer without them, and the further
    # ratios beside the cost.
    main, more = answer_headers(group), more_headers(group)
    http = tuple(column.header for column in table.columns if column.header in HTTP)
    cost = (*COST, *http)
    whole = table.pick((*main, *more, *cost[2:], *TIME[2:]))
    if is_whole and _width(whole, gap=1) <= width:
        return _with_bars(view, group, whole, width, is_ascii=is_ascii)
    answer = table.pick((*main, *more))
    rest = [cost, TIME]
    if _width(answer, gap=1) > width:
        answer, rest = table.pick(main), [(*main[:2], *more, *cost[2:]), TIME]
    parts = _with_bars(view, group, answer, width, is_ascii=is_ascii)
    return [*parts, *(table.pick(headers, title="") for headers in rest)] if is_whole else parts


def _pair_lines(view: SessionView, group: GroupView, width: int) -> Iterator[RenderableType]:
    for quantity in group.pairs:
        for table in (matrix_table(group, quantity), pairs_table(view, group, quantity)):
            if table:
                yield from titled(table, width)


def _operation_lines(view: SessionView, width: int) -> Iterator[RenderableType]:
    for table in operation_tables(view):
        is_wide = _width(table, gap=1) <= width
        measured = None if is_wide else measured_table(table)
        yield from titled(table if is_wide else table.pick(MAIN), width)
        if measured:
            yield render_table(measured, width)
            yield Text()


def titled(table: Table, width: int, *, is_followed: bool = False) -> Iterator[RenderableType]:
    """Yield a table under its title, if it has one, and an empty line unless more is to follow."""
    if table.title:
        yield Text(table.title, style="bold")
    yield render_table(table, width)
    if not is_followed:
        yield Text()


def _with_bars(
    view: SessionView, group: GroupView, table: Table, width: int, *, is_ascii: bool
) -> list[Table]:
    """Return the table with bars on its right if there is room for them."""
    # Bars are made for columns that are two apart, and for columns that are one apart only where
    # there would be no room for bars otherwise.
    room, wide_room = (width - _width(table, gap) - gap for gap in (1, 2))
    size = min(MAX_BAR, wide_room if wide_room >= MIN_BAR else room)
    if size < MIN_BAR:
        return [table]
    bars = draw_bars(group, view.plan.margin, size, is_ascii=is_ascii)
    return [table.extend(Column(bars.scale), bars.rows) if bars else table]


def _width(table: Table, gap: int) -> int:
    """Return how many columns of a terminal a table takes if nothing in it is folded."""
    columns = zip(*table.rows, [column.header for column in table.columns], strict=True)
    widths = [max(map(cell_len, column)) for column in columns]
    return sum(widths) + gap * (len(widths) - 1)


def render_table(table: Table, width: int) -> RenderableType:
    """Return the table for a terminal of this width; what does not fit is folded, never cut off.

    Where long names would be folded into splinters, they are listed above it, and rows have their
    numbers.
    """
    if _width(table, gap=1) <= width:
        return _folded(table, width)
    names, numbered = _number_names(table)
    # With names that still have to be folded, numbers would only be one thing more to look up.
    is_better = names and _width(numbered, gap=1) <= width
    return (
        Group(render_notes(names), _folded(numbered, width)) if is_better else _folded(table, width)
    )


def _number_names(table: Table) -> tuple[list[Note], Table]:
    """Return the long names of cells with a number each, and the table with these numbers."""
    places = [
        place
        for place, column in enumerate(table.columns)
        if column.header in NAMED
        and max((cell_len(row[place]) for row in table.rows), default=0) > LONG_NAME
    ]
    found = dict.fromkeys(row[place] for place in places for row in table.rows)
    found.pop("-", None)
    numbers = {name: f"{number}" for number, name in enumerate(found, 1)}
    rows = tuple(
        tuple(
            numbers.get(text, text) if place in places else text for place, text in enumerate(row)
        )
        for row in table.rows
    )
    return [(number, name) for name, number in numbers.items()], replace(table, rows=rows)


def _folded(table: Table, width: int) -> RichTable:
    gap = 2 if _width(table, gap=2) <= width else 1
    rendered = RichTable(
        box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0), pad_edge=False
    )
    for column in table.columns:
        justify: JustifyMethod = "right" if column.is_number else "left"
        rendered.add_column(column.header, justify=justify, overflow="fold")
    headers = [column.header for column in table.columns]
    missing = _width(table, gap=1) - width
    room = max((cell_len(row[0]) for row in table.rows), default=0) - missing
    for row in table.rows:
        # Names are long and have hyphens: they can be folded better than anything else.
        # Where that would not be enough, all columns are folded.
        first = "\n".join(wrap(row[0], room)) if 0 < missing < room else row[0]
        texts = zip(headers, (first, *row[1:]), strict=True)
        rendered.add_row(*(Text(text, _style(header, text)) for header, text in texts))
    return rendered


def _style(header: str, text: str) -> str:
    """Return the style of a field: only verdicts have one."""
    if header == "verdict":
        return STYLES.get(text, "")
    return STYLES.get(text.rpartition(" ")[2], "") if header in PAINTED else ""


def render_notes(notes: Sequence[Note]) -> RichTable:
    """Return notes beside their labels."""
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for label, text in notes:
        style = "red" if label == "invalid" else "yellow" if label == "warning" else ""
        grid.add_row(label, Text(text, style=style))
    return grid
