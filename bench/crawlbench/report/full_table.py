"""The table of everything, and the keys that sort its columns (floor 3; pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawlbench.base.text import one_line
from crawlbench.report.operations import operation_tables
from crawlbench.report.table import Column, Table
from crawlbench.report.tables import ANSWER, CPU, OF_LENGTHS, group_tables

if TYPE_CHECKING:
    from crawlbench.report.view import SessionView

_FIRST = (*ANSWER, *OF_LENGTHS, *CPU, "network", "site", "CPU", "peak")
"""Headers that a page shows until the reader chooses others."""
MAX_WHOLE = 10
"""Columns up to which a table is shown whole."""
_SCALES = {
    "ns": 1e-9,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "KiB": 2.0**10,
    "MiB": 2.0**20,
    "GiB": 2.0**30,
}
_NUMBER = re.compile(
    r"(?!.*,)(?:under |over )?([-+]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: to [-+]?\d\S*)?(?: (\S+))?"
)
"""A number or an interval, and its unit; several numbers with commas between them are no key."""


def everything_table(view: SessionView) -> Table:
    """Return the rows of all groups in one table.

    If there are several sites, a column for the site comes before that for the network. If the
    session has no crawls, return its operations, each with its theme.
    """
    groups = view.crawls
    if not groups:
        return _operations_table(view)
    tables = group_tables(view)
    columns = tables[0].columns if tables else ()
    rows = [
        (one_line(group.rows[0].cell.site), row)
        for group, table in zip(groups, tables, strict=True)
        for row in table.rows
    ]
    if view.is_one_site:
        return Table("Everything", columns, tuple(row for _, row in rows))
    place = [column.header for column in columns].index("network")
    return Table(
        "Everything",
        (*columns[:place], Column("site"), *columns[place:]),
        tuple((*row[:place], site, *row[place:]) for site, row in rows),
    )


def _operations_table(view: SessionView) -> Table:
    tables = operation_tables(view)
    themes = {one_line(facts.name): one_line(facts.theme) for facts in view.plan.operations}
    rows = [(row[0], themes.get(row[0], ""), *row[1:]) for table in tables for row in table.rows]
    columns = tables[0].columns if tables else ()
    return Table("Everything", (*columns[:1], Column("theme"), *columns[1:]), tuple(rows))


def first_columns(table: Table) -> tuple[str, ...]:
    """Return the headers that a page shows first: for a small table, all of them."""
    headers = tuple(column.header for column in table.columns)
    if len(headers) <= MAX_WHOLE or "verdict" not in headers or "per crawl" not in headers:
        return headers
    return tuple(header for header in headers if header in _FIRST)


def sort_key(text: str) -> float | None:
    """Return the number that a cell of a table shows, in its base unit; None if it shows none.

    For an interval it is the lower end. Rows are sorted by what is shown: equal texts are equal.
    """
    found = _NUMBER.match(text)
    # What follows a number need not be a unit, as in `0.84 faster`.
    return float(found[1]) * _SCALES.get(found[2] or "", 1.0) if found else None
