"""Rows as a DataFrame, by a library that crawlbench itself does not need (floor 5)."""

from __future__ import annotations

from dataclasses import asdict, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Sequence


def make_frame(library: str, kind: type, rows: Sequence[Any]) -> Any:  # noqa: ANN401  (not ours)
    """Return rows as a DataFrame that has all columns even if there are no rows.

    Args:
        library: `pandas` or `polars`.
        kind: the dataclass of the rows.
        rows: instances of it, any number.

    Raises:
        NotInstalledError: the library is not installed.
    """
    try:
        module = import_module(library)
    except ModuleNotFoundError as error:
        if error.name != library:
            raise
        raise NotInstalledError(
            f"a DataFrame of {library} needs {library}, which is not installed here; "
            "install it, or take the rows as they are"
        ) from error
    columns = [field.name for field in fields(kind)]
    records = [asdict(row) for row in rows]
    # By column, so that both libraries understand it in the same way.
    return module.DataFrame({name: [row[name] for row in records] for name in columns})
