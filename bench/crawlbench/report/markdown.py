"""A session as Markdown, for step summaries and pull requests (floor 3; pure)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from crawlbench.report.answer import find_answer
from crawlbench.report.environment_pairs import versus_tables
from crawlbench.report.environments import environments_tables
from crawlbench.report.full_table import sort_key
from crawlbench.report.notes import find_notes
from crawlbench.report.operations import MAIN, operation_tables
from crawlbench.report.pairs import MATRIX_READING, matrix_table
from crawlbench.report.remarks import find_remarks
from crawlbench.report.table import Table
from crawlbench.report.tables import answer_headers, group_tables, series_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.report.notes import Note
    from crawlbench.report.view import SessionView

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&~$])")


MAX_BYTES = 64_000
"""GitHub accepts a comment of 65,536 characters, some of which may surround ours."""
LONGEST_NOTE = 600
"""Characters of a note where there is not enough room for everything."""


def render_markdown(view: SessionView) -> str:
    """Return answer, tables and notes, in less than 64 kB whatever the session's size.

    If there is not enough room, the columns of the answer and the largest changes remain, and a
    note says what was left out.
    """
    notes = find_notes(view)
    lead = _list(sentence.text for sentence in find_answer(view)) + "\n\n"
    first = _first_tables(view)
    if sum(len(text) for _, text in notes) < MAX_BYTES:
        tables = [*map(render_table, first), *_with_remarks(view)]
        tables += map(render_table, operation_tables(view))
        whole = lead + _join(tables, notes)
        if _size(whole) <= MAX_BYTES:
            return whole
    return lead + _shortened(view, first, notes, MAX_BYTES - _size(lead))


def _first_tables(view: SessionView) -> list[Table]:
    """Return the tables above the crawls: of a sweep, and of what environments changed and hold."""
    versus = versus_tables(view) if view.plan.is_versus else []
    return [*series_tables(view), *versus, *environments_tables(view)]


def _with_remarks(view: SessionView) -> Iterator[str]:
    """Yield each network's table with the remarks under it."""
    for group, table in zip(view.crawls, group_tables(view), strict=True):
        remarks = find_remarks(view, group)
        yield "\n\n".join([render_table(table), *([_notes(remarks)] if remarks else [])])
        matrix = matrix_table(group)
        if matrix:
            yield f"{render_table(matrix)}\n\n{_escape(MATRIX_READING)}"


def _shortened(view: SessionView, first: Sequence[Table], notes: Sequence[Note], most: int) -> str:
    """Return as much of tables and notes as fits into `most` bytes."""
    short = [(label, _cut(text)) for label, text in notes]
    for group in view.crawls:
        short += [
            (label, f"{group.place}: {_cut(text)}") for label, text in find_remarks(view, group)
        ]
    tables = [
        *first,
        *(
            _by_change(table.pick(answer_headers(group)))
            for group, table in zip(view.crawls, group_tables(view), strict=True)
        ),
        *(_by_change(table.pick(MAIN)) for table in operation_tables(view)),
    ]
    text = ""
    # Halve what is left of each table until it fits; a note always says how much is missing.
    for rows in (1000, *(2**power for power in range(9, -1, -1))):
        parts = [render_table(_first(table, rows)) for table in tables]
        # `rows` also limits the number of tables, because there may be hundreds of groups.
        text = _join(parts[:rows], _fewer(short, rows, sum(len(t.rows) > rows for t in tables)))
        if _size(text) <= most:
            break
    return text


def render_parts(tables: Sequence[Table], notes: Sequence[Note]) -> str:
    """Return tables and the notes under them."""
    return _join([render_table(table) for table in tables], notes)


def _join(parts: Sequence[str], notes: Sequence[Note]) -> str:
    return "\n\n".join([*parts, _notes(notes)]) + "\n"


def _notes(notes: Iterable[Note]) -> str:
    return "\n".join(f"- **{label}**: {_escape(text)}" for label, text in notes)


def _list(texts: Iterable[str]) -> str:
    return "\n".join(f"- {_escape(text)}" for text in texts)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]} ..."


def _by_change(table: Table) -> Table:
    """Return the rows with the largest change first, and those without a change last."""
    place = [column.header for column in table.columns].index("ratio")

    def change(row: tuple[str, ...]) -> float:
        ratio = sort_key(row[place])
        return abs(math.log(ratio)) if ratio else -1.0

    rows = tuple(sorted(table.rows, key=change, reverse=True))
    return Table(table.title, table.columns, rows)


def _first(table: Table, count: int) -> Table:
    """Return the first rows, with the original number of rows in the title."""
    if len(table.rows) <= count:
        return table
    title = f"{table.title}: the {count} largest changes of {len(table.rows)} rows"
    return Table(title, table.columns, table.rows[:count])


def _fewer(notes: list[Note], most: int, cut: int) -> list[Note]:
    """Return the first notes of each label, and a note on what is missing."""
    found: list[Note] = []
    counts: dict[str, int] = {}
    for label, text in notes:
        counts[label] = counts.get(label, 0) + 1
        if counts[label] <= most:
            found.append((label, text))
    missing = [f"{n - most} more of {label!r}" for label, n in counts.items() if n > most]
    if cut:
        missing.append(f"rows of {cut} tables")
    missing.append("columns on time and cost")
    return [*found, ("left out", f"{', '.join(missing)}: the session's report.html has all")]


def render_table(table: Table) -> str:
    """Return one table under its title."""
    header = "| " + " | ".join(_escape(column.header) for column in table.columns) + " |"
    rule = "|" + "|".join(" ---: " if c.is_number else " --- " for c in table.columns) + "|"
    rows = ["| " + " | ".join(_escape(text) for text in row) + " |" for row in table.rows]
    return "\n".join([f"### {_escape(table.title)}", "", header, rule, *rows])


def _escape(text: str) -> str:
    """Return text that Markdown shows as it is, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
