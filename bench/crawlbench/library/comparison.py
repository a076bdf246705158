"""`crawlbench.compare`: what changed from one kept session to another (floor 5)."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity
from crawlbench.base.text import count_of, one_line
from crawlbench.library.gate import log_ratio_of
from crawlbench.library.html import show_paragraphs, show_table
from crawlbench.library.rows import Change, make_frame
from crawlbench.library.session import Session, load_session
from crawlbench.measure.past_sessions import find_kept
from crawlbench.report.cellresult import NO_RATIO, numbers_of
from crawlbench.report.changes import comparison_notes, comparison_tables
from crawlbench.report.measures import tell_range
from crawlbench.stats.compare import compare_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from crawlbench.stats import change as stats
    from crawlbench.stats.compare import SessionComparison

_COLUMNS = tuple(field.name for field in fields(Change))


class Comparison:
    """What changed from one session to another; made by `compare`."""

    def __init__(self, found: SessionComparison) -> None:
        """Hold what was found."""
        self._found = found

    @property
    def changes(self) -> tuple[Change, ...]:
        """A row for each cell that both have, in the base's order: the time of whole crawls."""
        return self.by["time"]

    @cached_property
    def by(self) -> dict[str, tuple[Change, ...]]:
        """Such rows for each quantity that both measured, such as `time`, `CPU` and `per page`."""
        return {str(q): tuple(map(_change, one.changes)) for q, one in self._found.by.items()}

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader needs besides the rows, such as what only one side has."""
        return tuple(one_line(note) for note in comparison_notes(self._found))

    def to_pandas(self, quantity: str = "time") -> Any:  # noqa: ANN401  (we need no pandas)
        """Return the changes by a quantity as a pandas DataFrame.

        Raises:
            NotInstalledError: pandas is not installed; `to_polars` raises it likewise.
            UsageError: the two sessions were not compared by this quantity.
        """
        return make_frame("pandas", _COLUMNS, self._pick(quantity))

    def to_polars(self, quantity: str = "time") -> Any:  # noqa: ANN401  (nor polars)
        """Return the changes by a quantity as a polars DataFrame."""
        return make_frame("polars", _COLUMNS, self._pick(quantity))

    def _pick(self, quantity: str) -> tuple[Change, ...]:
        if quantity not in self.by:
            known = ", ".join(self.by)
            raise UsageError(
                f"the sessions were not compared by {quantity!r}; they were by: {known}"
            )
        return self.by[quantity]

    def __str__(self) -> str:
        """Return a line for each change, without the notes."""
        return "\n".join(f"{one.cell}: {_tell(one)}" for rows in self.by.values() for one in rows)

    def __repr__(self) -> str:
        """Return a line that says how many cells were compared."""
        return f"<crawlbench.Comparison of {count_of(len(self.changes), 'cell')}>"

    def _repr_html_(self) -> str:
        """Return tables and notes, for notebooks."""
        tables = comparison_tables(self._found)
        return "".join([*map(show_table, tables), show_paragraphs(self.notes)])


def compare(
    base: Session | str | PathLike[str],
    head: Session | str | PathLike[str],
    *,
    margin_percent: float = 1.0,
    others: Sequence[Session | str | PathLike[str]] | None = None,
) -> Comparison:
    """Compare two sessions, in plain and in normalised time; a verdict needs both.

    Even the same code differs from session to session; the intervals include that variance.

    Args:
        base: a session, or the folder of one.
        head: what to compare with it.
        margin_percent: changes up to this do not matter.
        others: sessions of the code of either on the same machine, or their folders, which show
            the variance; None for those in the folders where the two are kept.

    Raises:
        SessionFileError: a folder holds no session.
        UsageError: the two cannot be compared, or the margin cannot be used.
    """
    margin = log_ratio_of(margin_percent, "margin_percent")
    sides = [_load(base), _load(head)]
    pair = sides[0].record, sides[1].record
    folders = [side.folder for side in sides if side.folder]
    kept = find_kept(pair, folders) if others is None else [_load(one).record for one in others]
    return Comparison(compare_sessions(*pair, margin, kept))


def _load(one: Session | str | PathLike[str]) -> Session:
    return one if isinstance(one, Session) else load_session(one)


def _change(found: stats.Change) -> Change:
    numbers = numbers_of(found.estimate, found.low, found.high, found.quantity)
    return Change(
        cell=found.cell,
        base_seconds=found.base_s,
        head_seconds=found.head_s,
        verdict=str(found.verdict),
        quantity=str(found.quantity),
        **{**NO_RATIO, **numbers},
    )


def _tell(change: Change) -> str:
    what = Quantity(change.quantity).words
    if change.more_s is not None:
        low_s, high_s = change.more_low_s or 0.0, change.more_high_s or 0.0
        more, interval = tell_range(change.more_s, low_s, high_s, Quantity.BEGIN)
        return f"{change.verdict}, {more} in {what} ({interval})"
    if change.ratio is None or change.ratio_low is None or change.ratio_high is None:
        return change.verdict
    interval = f"{change.ratio_low:.3f} to {change.ratio_high:.3f}"
    return f"{change.verdict}, {change.ratio:.3f} times the {what} ({interval})"
