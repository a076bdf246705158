"""Says whether two crawls returned the same, and where they first differ (floor 0)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, fields
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawlbench.model import Item

__all__ = ["Row", "as_rows", "digest_rows", "field_names", "first_difference"]

Row = list[object]
"""An item's fields in the order of its type, the rank first; survives JSON unchanged."""


def as_rows(items: Iterable[Item]) -> list[Row]:
    """Return the items as rows in order of rank, which no concurrency can change."""
    return [list(astuple(item)) for item in sorted(items, key=attrgetter("rank"))]


def digest_rows(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of rows, in hexadecimal."""
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_difference(found: Sequence[Row], expected: Sequence[Row], names: Sequence[str]) -> str:
    """Say in a sentence where found rows first differ from the expected ones.

    Args:
        found: in order of rank.
        expected: likewise.
        names: of the fields, in the order of a row.
    """
    by_rank = {row[0]: row for row in found}
    for row in expected:
        other = by_rank.get(row[0])
        if other is None:
            counts = f"{len(found)} items instead of {len(expected)}"
            return f"{counts}: rank {row[0]} ({row[1]}) is missing"
        for name, seen, right in zip(names, other, row, strict=True):
            if seen != right:
                return f"rank {row[0]} has {name} {seen!r} instead of {right!r}"
    return f"{len(found)} items instead of {len(expected)}: some came more than once"


def field_names(item_type: type[Item]) -> list[str]:
    """Return the names that belong to a row's values."""
    return [f.name for f in fields(item_type)]
