"""What a session holds and how two differ, one plain object per row (floor 5).

Rows of a session are those of the published JSON (`docs/results.schema.json`), so that a DataFrame
from Python and one from the file are the same. crawlbench itself needs no library of DataFrames.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import NotInstalledError
from crawlbench.report.cellresult import CellResult
from crawlbench.report.results import PairResult

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = CellResult
Pair = PairResult


@dataclass(frozen=True, slots=True)
class Change:
    """One cell on two sides; None where there is no value."""

    cell: str
    base_seconds: float | None
    head_seconds: float | None
    ratio: float | None
    """Head over base; below 1 is faster. If there is a plain and a normalised ratio, the plain
    one."""
    ratio_low: float | None
    """Lower end of the interval, or of the union of the plain and the normalised one."""
    ratio_high: float | None
    verdict: str
    quantity: str = "time"
    """`time`, `CPU`, `per page`, `to begin` or `CPU per page`, which the seconds refer to."""
    more_s: float | None = None
    """Seconds that the head takes more than the base to begin; None for other quantities, which
    have a ratio."""
    more_low_s: float | None = None
    more_high_s: float | None = None


def make_frame(library: str, columns: Sequence[str], rows: Sequence[object]) -> Any:  # noqa: ANN401  (not ours)
    """Return rows as a DataFrame that has all columns even if there are no rows.

    Args:
        library: `pandas` or `polars`.
        columns: fields of the rows.
        rows: any number.

    Raises:
        NotInstalledError: the library is not installed.
    """
    try:
        module = import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:  # it is here, but lacks a package of its own
            raise
        raise NotInstalledError(
            f"a DataFrame of {library} needs {library}, which is not installed here; "
            "install it, or take the rows as they are"
        ) from error
    # By column, so that both libraries understand it in the same way.
    return module.DataFrame(
        {name: [_plain(getattr(row, name)) for row in rows] for name in columns}
    )


def _plain(value: object) -> object:
    """Return an enum's text as a plain string, which no library takes for anything else."""
    return str(value) if isinstance(value, str) else value
