"""All pairs of a group: as a list with every number, and as a matrix of signs (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict
from crawlbench.base.text import one_line
from crawlbench.report.measures import tell_numbers
from crawlbench.report.reasons import explain_in
from crawlbench.report.table import Column, Table, columns_of

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView, Row, SessionView

SIGNS = {
    Verdict.FASTER: "<",
    Verdict.SLOWER: ">",
    Verdict.SAME: "=",
    Verdict.UNCLEAR: "?",
}
"""The sign of a row against a column; an invalid cell has none."""
MATRIX_READING = (
    "A row against a column: < takes less, > takes more, = the same, ? not settled. "
    "The fastest comes first."
)
MAX_MATRIX = 24
"""Contestants beyond which a matrix can no longer be taken in."""


def pairs_table(
    view: SessionView, group: GroupView, quantity: Quantity | None = None
) -> Table | None:
    """Return a row per pair, in the order in which they were judged; None if there are none."""
    quantity = quantity or group.leading
    pairs = group.pairs.get(quantity, ())
    if not pairs:
        return None
    labels = {row.cell.name: row.label for row in group.rows}
    rows = tuple(
        (
            labels[one.cell],
            labels[one.baseline],
            *tell_numbers(one),
            str(one.verdict),
            explain_in(view, one),
        )
        for one in pairs
    )
    number = "ratio" if quantity.has_ratio else "difference"
    columns = columns_of(f"cell, against, {number}:, interval, verdict")
    reason = Column("why not", is_prose=True)
    return Table(_title("all pairs", group, quantity), (*columns, reason), rows)


def matrix_table(group: GroupView, quantity: Quantity | None = None) -> Table | None:
    """Return a row and a column per contestant; None for fewer than three, or for very many."""
    quantity = quantity or group.leading
    rows = group.contestants if quantity in group.pairs else ()
    if not 3 <= len(rows) <= MAX_MATRIX:
        return None
    numbers = [str(number) for number in range(1, len(rows) + 1)]
    columns = (*columns_of("#:, cell"), *map(Column, numbers))
    return Table(
        _title("which cells differ", group, quantity),
        columns,
        tuple(
            (number, row.label, *(_sign(group, row, other, quantity) for other in rows))
            for number, row in zip(numbers, rows, strict=True)
        ),
    )


def _sign(group: GroupView, row: Row, other: Row, quantity: Quantity) -> str:
    if row is other:
        return "·"
    found = group.compare(row.cell.name, other.cell.name, quantity)
    return SIGNS.get(found.verdict, "-") if found else "-"


def _title(text: str, group: GroupView, quantity: Quantity) -> str:
    by = f", by {quantity.words}"
    if quantity is Quantity.TIME:
        by = ", by time of a whole crawl" if group.form else ""
    return one_line(f"{group.place}: {text}{by}")
