"""The page's section on which cells differ, with the leading quantity open (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.page import Section
from crawlbench.report.pairs import MATRIX_READING, matrix_table, pairs_table
from crawlbench.report.remarks import STANDINGS, find_remarks
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Quantity
    from crawlbench.report.view import GroupView, SessionView

COLUMNS = (Column("on"), Column("of"), Column("found", is_prose=True))


def differences_section(view: SessionView) -> Section:
    """Return which cell is best, which cells differ, and all pairs with their numbers."""
    first = [(group, group.leading) for group in view.crawls if group.leading in group.pairs]
    later = [
        (group, one) for group in view.crawls for one in _ordered(group) if one != group.leading
    ]
    lead = f"Every pair was measured in the same laps. {MATRIX_READING}"
    if any(group.form for group in view.crawls):
        lead += " Time per page leads; whole crawls, CPU time and the time to begin are below it."
    words, more = _in_words(view)
    return Section(
        "pairs",
        "Which cells differ",
        lead,
        (),
        (*words, *filter(None, (matrix_table(*one) for one in first))),
        "",
        (
            *more,
            *filter(None, (pairs_table(view, *one) for one in first)),
            *filter(None, (make for one in later for make in _both(view, *one))),
        ),
    )


def _ordered(group: GroupView) -> list[Quantity]:
    return sorted(group.pairs, key=lambda quantity: quantity is not group.leading)


def _both(
    view: SessionView, group: GroupView, quantity: Quantity
) -> tuple[Table | None, Table | None]:
    """Return the matrix and the list of all pairs for one quantity that does not lead."""
    return matrix_table(group, quantity), pairs_table(view, group, quantity)


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
