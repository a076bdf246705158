"""The page's section on which cells differ, with the leading quantity open (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.page import Section
from crawlbench.report.pairs import MATRIX_READING, matrix_table, pairs_table
from crawlbench.report.remarks import STANDINGS, find_remarks
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.report.view import SessionView

COLUMNS = (Column("on"), Column("of"), Column("found", is_prose=True))


def differences_section(view: SessionView) -> Section:
    """Return which cell is best, which cells differ, and all pairs with their numbers."""
    lead = f"Every pair was measured in the same laps. {MATRIX_READING}"
    if any(group.form for group in view.crawls):
        lead += (
            " Time per page leads and gives the order; whole crawls, CPU time and the time to "
            "begin are below it."
        )
    shown, details = _in_words(view)
    for group in view.crawls:
        shown += filter(None, [matrix_table(group)])
        details += filter(None, [pairs_table(view, group)])
    for group in view.crawls:
        for quantity in group.pairs:
            if quantity is not group.leading:
                both = matrix_table(group, quantity), pairs_table(view, group, quantity)
                details += filter(None, both)
    return Section("pairs", "Which cells differ", lead, tables=tuple(shown), details=tuple(details))


def _in_words(view: SessionView) -> tuple[list[Table], list[Table]]:
    """Return what was found by the leading quantity, and by all others; empty where nothing was."""
    brief = list(_rows(view, is_brief=True))
    rest = [row for row in _rows(view, is_brief=False) if row not in brief]
    return (
        [Table("In words", COLUMNS, tuple(brief))] if brief else [],
        [Table("In words, by everything else", COLUMNS, tuple(rest))] if rest else [],
    )


def _rows(view: SessionView, *, is_brief: bool) -> Iterator[tuple[str, str, str]]:
    for group in view.crawls:
        for label, text in find_remarks(view, group, is_brief=is_brief):
            if label in STANDINGS:
                yield group.place, label, text
