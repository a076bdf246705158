"""A session for the terminal (floor 3): renderables for rich, which the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table as RichTable
from rich.text import Text

from crawlbench.report.notes import find_notes
from crawlbench.report.tables import ANSWER, COST, group_tables

if TYPE_CHECKING:
    from rich.console import RenderableType

    from crawlbench.records import Session
    from crawlbench.report.table import Table

__all__ = ["render_terminal"]

WIDE = 118
"""Columns from which on all of a table fits in one line per row."""

STYLES = {
    "faster": "green",
    "slower": "red",
    "same": "blue",
    "unclear": "yellow",
    "invalid": "bold red",
    "baseline": "bold",
    "control": "dim",
}


def render_terminal(session: Session, width: int) -> Group:
    """Return the tables, each in two parts where the terminal is narrow, and the notes."""
    parts: list[RenderableType] = []
    for table in group_tables(session):
        if width >= WIDE:
            parts.append(_render_table(table.pick((*ANSWER, *COST[2:]))))
        else:
            parts.append(_render_table(table.pick(ANSWER)))
            parts.append(_render_table(table.pick(COST, title="")))
    return Group(*parts, _render_notes(session))


def _render_table(table: Table) -> RichTable:
    rendered = RichTable(
        box=box.SIMPLE_HEAD,
        title=Text(table.title, style="bold") if table.title else None,
        title_justify="left",
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for column in table.columns:
        rendered.add_column(
            column.header, justify="right" if column.is_number else "left", no_wrap=True
        )
    for row in table.rows:
        rendered.add_row(*[Text(text, style=STYLES.get(text, "")) for text in row])
    return rendered


def _render_notes(session: Session) -> RichTable:
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for label, text in find_notes(session):
        style = "red" if label == "invalid" else "yellow" if label == "warning" else ""
        grid.add_row(label, Text(text, style=style))
    return grid
