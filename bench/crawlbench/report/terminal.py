"""A session for the terminal (floor 3): renderables for rich, which the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from crawlbench.report.bars import LEAST_BAR, MOST_BAR, draw_bars
from crawlbench.report.environments import environments_table
from crawlbench.report.notes import find_notes
from crawlbench.report.operations import MAIN, measured_table, operation_tables
from crawlbench.report.series import series_table
from crawlbench.report.table import Column
from crawlbench.report.tables import ANSWER, COST, TIME, crawl_groups, group_tables
from crawlbench.report.versus import versus_sentence, versus_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import JustifyMethod, RenderableType

    from crawlbench.records import Session
    from crawlbench.report.notes import Note
    from crawlbench.report.table import Table

__all__ = ["render_notes", "render_table", "render_terminal"]

STYLES = {
    "faster": "green",
    "slower": "red",
    "same": "blue",
    "unclear": "yellow",
    "invalid": "bold red",
    "not supported": "dim",
    "baseline": "bold",
    "control": "dim",
    "reference": "dim",
}
"""Of verdicts."""


def render_terminal(session: Session, width: int, *, is_ascii: bool = False) -> Group:
    """Return the tables, each in parts where the terminal is too narrow, bars, and the notes."""
    if session.plan.is_versus:
        return _render_versus(session, width)
    lines = _crawl_lines(session, width, is_ascii=is_ascii) + _operation_lines(session, width)
    for table in (series_table(session), environments_table(session)):
        lines += _titled(table, width) if table else []
    return Group(*lines, render_notes(find_notes(session)))


def _crawl_lines(session: Session, width: int, *, is_ascii: bool) -> list[RenderableType]:
    """Return the tables of crawls, with bars."""
    tables = dict(zip(crawl_groups(session), group_tables(session), strict=True))
    whole = {group: table.pick((*ANSWER, *COST[2:], *TIME[2:])) for group, table in tables.items()}
    is_wide = all(_width(table, gap=1) <= width for table in whole.values())
    lines: list[RenderableType] = []
    for group, table in tables.items():
        shown = whole[group] if is_wide else table.pick(ANSWER)
        parts = _with_bars(session, group, shown, width, is_ascii=is_ascii)
        if not is_wide:
            parts += [table.pick(headers, title="") for headers in (COST, TIME)]
        for part in parts:
            lines += _titled(part, width)
    return lines


def _operation_lines(session: Session, width: int) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for table in operation_tables(session):
        is_wide = _width(table, gap=1) <= width
        measured = None if is_wide else measured_table(table)
        lines += _titled(table if is_wide else table.pick(MAIN), width)
        if measured:
            lines += [render_table(measured, width), Text()]
    return lines


def _titled(table: Table, width: int) -> list[RenderableType]:
    """Return a table under its title, if it has one."""
    title = [Text(table.title, style="bold")] if table.title else []
    return [*title, render_table(table, width), Text()]


def _render_versus(session: Session, width: int) -> Group:
    """Return what environments changed: the sentence, one table, what they hold, the notes."""
    lines: list[RenderableType] = [Text(versus_sentence(session), style="bold"), Text()]
    for table in (versus_table(session), environments_table(session)):
        lines += _titled(table, width) if table else []
    return Group(*lines, render_notes(find_notes(session)))


def _with_bars(
    session: Session, group: str, table: Table, width: int, *, is_ascii: bool
) -> list[Table]:
    """Return the table with bars at its right, or in a table of their own if there is no room."""
    names = table.pick(("strategy", "loop", "verdict"), title="")
    for candidate, before in ((table, []), (names, [table])):
        room = max(width - _width(candidate, gap) - gap for gap in (1, 2))
        wide_room = width - _width(candidate, gap=2) - 2
        size = min(MOST_BAR, wide_room if wide_room >= LEAST_BAR else room)
        bars = draw_bars(session, group, size, is_ascii=is_ascii) if size >= LEAST_BAR else None
        if bars is not None:
            return [*before, candidate.extend(Column(bars.scale), bars.rows)]
    return [table]


def _width(table: Table, gap: int) -> int:
    """Return the columns of a terminal that a table takes if nothing in it is folded."""
    columns = zip(*table.rows, [column.header for column in table.columns], strict=True)
    widths = [max(map(cell_len, column)) for column in columns]
    return sum(widths) + gap * (len(widths) - 1)


def render_table(table: Table, width: int) -> RichTable:
    """Return the table for a terminal of that width; what does not fit is folded, never cut off."""
    gap = 2 if _width(table, gap=2) <= width else 1
    rendered = RichTable(
        box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0), pad_edge=False
    )
    for column in table.columns:
        justify: JustifyMethod = "right" if column.is_number else "left"
        rendered.add_column(column.header, justify=justify, overflow="fold")
    verdict = next((n for n, c in enumerate(table.columns) if c.header == "verdict"), None)
    for row in table.rows:
        style = STYLES.get(row[verdict], "") if verdict is not None else ""
        styles = [style if n == verdict else "" for n in range(len(row))]
        rendered.add_row(*map(Text, row, styles))
    return rendered


def render_notes(notes: Sequence[Note]) -> RichTable:
    """Return notes beside their labels."""
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for label, text in notes:
        style = "red" if label == "invalid" else "yellow" if label == "warning" else ""
        grid.add_row(label, Text(text, style=style))
    return grid
