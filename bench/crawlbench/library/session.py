"""A session for Python: what was found, in sentences and in rows (floor 5)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import UsageError
from crawlbench.base.text import count_of
from crawlbench.library.gate import GateResult, hold_session
from crawlbench.library.html import show_paragraphs, show_picture, show_table
from crawlbench.library.options import read_place
from crawlbench.library.rows import make_frame
from crawlbench.measure.store import load_session as load_record
from crawlbench.report.answer import find_answer
from crawlbench.report.cellresult import COLUMNS
from crawlbench.report.environment_pairs import versus_tables
from crawlbench.report.formats import to_csv, to_json
from crawlbench.report.markdown import render_markdown
from crawlbench.report.operations import operation_tables
from crawlbench.report.results import results_of
from crawlbench.report.tables import answer_headers, group_tables
from crawlbench.report.view import SessionView

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from crawlbench.base.records import Session as Record
    from crawlbench.library.rows import Pair, Row
    from crawlbench.report.results import Results
    from crawlbench.report.table import Table

MAX_NAMED = 5
"""Most cells that an error names; a session can have hundreds."""


class Session:
    """What was measured, and what it shows; made by `run`, `ab` and `load_session`."""

    def __init__(self, record: Record, folder: Path | None = None) -> None:
        """Hold a judged record; `folder` is where it is kept, None for nowhere."""
        self.record = record
        """Everything that was planned and measured, as `crawlbench.base.records` has it; it may
        change more often than what is documented here."""
        self.folder = folder
        self._view = SessionView(record, folder)

    @cached_property
    def answer(self) -> tuple[str, ...]:
        """What the session says, in sentences that are no stronger than their evidence."""
        return tuple(sentence.text for sentence in find_answer(self._view))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """A row per cell, in the order of the plan, including the baseline and its control."""
        return tuple(self._results.cells)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs that were compared, by each quantity: time, CPU time, per page and so on."""
        return tuple(self._results.pairs)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the numbers doubtful, in sentences; empty if nothing does."""
        return tuple(warning.text for warning in self.record.warnings)

    @property
    def rounds(self) -> int:
        """How many rounds were finished."""
        return len(self.record.rounds)

    @property
    def ending(self) -> str:
        """Why the session ended, in a word such as `answered`, `precise`, `budget` or `rounds`."""
        return self.record.ending

    def row(self, cell: str) -> Row:
        """Return the row of a cell by its name, or by a strategy or `strategy/event loop`.

        Raises:
            UsageError: no cell has that name, or several have.
        """
        rows = [row for row in self.rows if row.cell == cell]
        contestants = [row for row in self.rows if row.role != "control"]
        found = rows or [row for row in contestants if cell in _short_names(row)]
        if len(found) != 1:
            named = [row.cell for row in found or contestants]
            more = f" and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
            known = ", ".join(named[:MAX_NAMED]) + more
            count = f"{len(found)} cells are" if found else "no cell is"
            raise UsageError(f"{count} called {cell!r}; give one of: {known}")
        return found[0]

    def values(self, cell: str) -> list[float]:
        """Return a cell's values in seconds, without warmups; names and errors as for `row`."""
        return self.record.values(self.row(cell).cell)

    def hold_gate(self, percent: float | None = None, *, fail_on: str | None = None) -> GateResult:
        """Check that nothing is slower than its baseline by more than this percentage.

        Args:
            percent: a gate on time; None for the margin of the session.
            fail_on: a gate on any quantity, as for `--fail-on`, such as `page-slower:5%`.

        Raises:
            UsageError: that is negative, not a number or not a gate, or it needs two lengths.
        """
        return hold_session(self._view, percent, fail_on)

    def to_pandas(self) -> Any:  # noqa: ANN401  (we need no pandas)
        """Return the rows as a pandas DataFrame.

        Raises:
            NotInstalledError: pandas is not installed; `to_polars` raises it likewise.
        """
        return make_frame("pandas", COLUMNS, self.rows)

    def to_polars(self) -> Any:  # noqa: ANN401  (nor polars)
        """Return the rows as a polars DataFrame."""
        return make_frame("polars", COLUMNS, self.rows)

    def to_markdown(self) -> str:
        """Return answer, tables and notes, like the session's `table.md`."""
        return render_markdown(self._view)

    def to_json(self) -> str:
        """Return what `crawlbench report --format json` writes."""
        return to_json(self._view)

    def to_csv(self) -> str:
        """Return what `crawlbench report --format csv` writes."""
        return to_csv(self._view)

    def __str__(self) -> str:
        """Return the answer, one sentence per line."""
        return "\n".join(self.answer)

    def __repr__(self) -> str:
        """Return a line that identifies the session."""
        plan = self.record.plan
        size = f"{count_of(len(plan.cells), 'cell')}, {count_of(self.rounds, 'round')}"
        return f"<crawlbench.Session {plan.suite!r} of {self.record.created}: {size}>"

    def _repr_html_(self) -> str:
        """Return the answer, the ratios as a picture, and the tables, for notebooks."""
        shown = [show_paragraphs(self.answer), show_picture(self._view)]
        return "".join([*shown, *(show_table(table) for table in self._tables())])

    def _tables(self) -> list[Table]:
        if self._view.plan.is_versus:
            return versus_tables(self._view)
        groups = zip(self._view.crawls, group_tables(self._view), strict=True)
        crawls = [table.pick(answer_headers(group)) for group, table in groups]
        return [*crawls, *operation_tables(self._view)]

    @cached_property
    def _results(self) -> Results:
        return results_of(self._view)


def load_session(folder: str | PathLike[str]) -> Session:
    """Return the session kept in a folder, judged again.

    Raises:
        SessionFileError: there is no session, or one of its files is broken.
        UsageError: that is no path.
    """
    path = read_place(folder, "the folder of a session")
    return Session(load_record(path), path)


def _short_names(row: Row) -> tuple[str, ...]:
    work = row.operation or row.strategy
    return (f"{work}/{row.event_loop}", work) if row.event_loop else (work,)
