"""Renders what a notebook shows of a session or a comparison: HTML without scripts (floor 5)."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError
from crawlbench.report.extra import can_draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.report.table import Table
    from crawlbench.report.view import SessionView


def show_paragraphs(sentences: Iterable[str]) -> str:
    """Return each sentence as a paragraph."""
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def show_picture(view: SessionView) -> str:
    """Return the chart of ratios; empty where it cannot be drawn or there is nothing to draw.

    It is an image, which keeps its styles to itself; written into the notebook's HTML, they would
    affect the rest of the page.
    """
    if not can_draw():
        return ""
    from crawlbench.report.picture import render_svg  # noqa: PLC0415  (altair takes a while)

    try:
        drawn = render_svg(view)
    except BenchError:  # nothing was compared, or Vega fails; the table has the same numbers
        return ""
    data = base64.b64encode(drawn.encode()).decode()
    alt = "Each way's time over the baseline's, with intervals; the table below has the numbers."
    return f'<img alt="{alt}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'


def show_table(table: Table) -> str:
    """Return a table with its title as caption."""
    sides = ["right" if column.is_number else "left" for column in table.columns]
    heads = "".join(
        f'<th scope="col" style="text-align:{side}">{escape(column.header)}</th>'
        for column, side in zip(table.columns, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:{side}">{escape(text)}</td>'
            for text, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    caption = f'<caption style="text-align:left">{escape(table.title)}</caption>'
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
