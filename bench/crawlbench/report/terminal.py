"""A session for the terminal (floor 3): renderables for rich, which the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from crawlbench.report.notes import find_notes
from crawlbench.report.tables import ANSWER, COST, TIME, group_tables

if TYPE_CHECKING:
    from rich.console import JustifyMethod, RenderableType

    from crawlbench.records import Session
    from crawlbench.report.table import Table

__all__ = ["render_table", "render_terminal"]

STYLES = {
    "faster": "green",
    "slower": "red",
    "same": "blue",
    "unclear": "yellow",
    "invalid": "bold red",
    "baseline": "bold",
    "control": "dim",
    "reference": "dim",
}
"""Of verdicts."""


def render_terminal(session: Session, width: int) -> Group:
    """Return the tables, each in three parts where the terminal is too narrow, and the notes."""
    tables = group_tables(session)
    parts = [table.pick((*ANSWER, *COST[2:], *TIME[2:])) for table in tables]
    if any(_width(part, gap=1) > width for part in parts):
        parts = []
        for table in tables:
            rest = [table.pick(headers, title="") for headers in (COST, TIME)]
            parts += [table.pick(ANSWER), *rest]
    lines: list[RenderableType] = []
    for part in parts:
        if part.title:
            lines.append(Text(part.title, style="bold"))
        lines += [render_table(part, width), Text()]
    return Group(*lines, _render_notes(session))


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
        styles = [STYLES.get(text, "") if n == verdict else "" for n, text in enumerate(row)]
        rendered.add_row(*map(Text, row, styles))
    return rendered


def _render_notes(session: Session) -> RichTable:
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for label, text in find_notes(session):
        style = "red" if label == "invalid" else "yellow" if label == "warning" else ""
        grid.add_row(label, Text(text, style=style))
    return grid
