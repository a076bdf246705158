"""A table of formatted text, which terminal, Markdown and pages render in their way (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    header: str
    is_number: bool = False
    """Whether it has numbers, which are aligned to the right."""
    is_prose: bool = False
    """Whether it has sentences, which pages break into lines."""


def columns_of(headers: str) -> tuple[Column, ...]:
    """Return columns by their headers, such as `cell, ratio:, verdict`; a colon marks numbers."""
    names = headers.split(", ")
    return tuple(Column(name.removesuffix(":"), name.endswith(":")) for name in names)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; each row has as many fields as there are columns."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    def pick(self, headers: tuple[str, ...], title: str | None = None) -> Table:
        """Return a table with only these columns, in this order."""
        places = [[column.header for column in self.columns].index(header) for header in headers]
        return Table(
            self.title if title is None else title,
            tuple(self.columns[place] for place in places),
            tuple(tuple(row[place] for place in places) for row in self.rows),
        )

    def drop(self, headers: tuple[str, ...]) -> Table:
        """Return the table without these columns."""
        return self.pick(tuple(c.header for c in self.columns if c.header not in headers))

    def extend(self, column: Column, cells: tuple[str, ...]) -> Table:
        """Return the table with one more column on the right."""
        rows = zip(self.rows, cells, strict=True)
        return Table(self.title, (*self.columns, column), tuple((*row, cell) for row, cell in rows))
