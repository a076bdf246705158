"""A session as Markdown, for step summaries and pull requests (floor 3; pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawlbench.report.notes import find_notes
from crawlbench.report.tables import group_tables

if TYPE_CHECKING:
    from crawlbench.records import Session
    from crawlbench.report.table import Table

__all__ = ["render_markdown", "render_table"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&~$])")


def render_markdown(session: Session) -> str:
    """Return the tables and the notes under them."""
    parts = [render_table(table) for table in group_tables(session)]
    notes = "\n".join(f"- **{label}**: {_escape(text)}" for label, text in find_notes(session))
    return "\n\n".join([*parts, notes]) + "\n"


def render_table(table: Table) -> str:
    """Return one table under its title."""
    header = "| " + " | ".join(_escape(column.header) for column in table.columns) + " |"
    rule = "|" + "|".join(" ---: " if c.is_number else " --- " for c in table.columns) + "|"
    rows = ["| " + " | ".join(_escape(text) for text in row) + " |" for row in table.rows]
    return "\n".join([f"### {_escape(table.title)}", "", header, rule, *rows])


def _escape(text: str) -> str:
    """Return text that Markdown shows as it is, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
