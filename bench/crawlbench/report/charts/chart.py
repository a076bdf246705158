"""A chart as data (floor 3; pure): what Vega-Lite is told, and the rows that it draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Chart", "Rows"]

Rows = list[dict[str, Any]]
"""One dict per row, all with the same keys; values are text, numbers, truth or None."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of a page, or one picture."""

    name: str
    """Unique in a page: letters, digits and hyphens."""
    title: str
    description: str
    """What is to be seen, for those who do not see it."""
    spec: dict[str, Any]
    """Vega-Lite, without data; its width is that of its place in the page."""
    data: dict[str, Rows] = field(default_factory=dict)
    """By the names that the spec refers to; charts that share a name share the rows."""
    height: int = 0
    """About, in pixels, so that a page does not jump when it is drawn."""
