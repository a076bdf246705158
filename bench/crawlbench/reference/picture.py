"""All clients of one scenario on one chart, as a picture without a browser (floor 4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.reference.rows import days_of, interval_text, newest_last, ratio_text
from crawlbench.report.charts.style import finish, layer, place, verdict_colours
from crawlbench.report.picture import draw_alone
from crawlbench.report.theme import adapt_svg, colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.reference.pooling import PooledRatio
    from crawlbench.reference.rows import TableRow
    from crawlbench.reference.table import MatrixTable
    from crawlbench.report.charts.chart import ChartRow, Rows

PART = "clients"
"""The part of a matrix with every client that is installed, fetching alone."""
ROW = 17
"""Pixels of a row: names stand beside their marks, so that sixty fit on a screen or two."""
TEXTS = 190
"""Pixels on the right, for numbers and verdicts."""
NAME = "clients"


def find_clients(table: MatrixTable, part: str = PART) -> list[TableRow]:
    """Return the rows of all clients from the newest matrix that has them whole.

    If none has them whole, they come from the newest that has them at all, and are preliminary.
    """
    mine = [row for row in table.rows if row.part == part and not row.tuned]
    if not mine:
        return []
    newest = newest_last(mine)
    return [row for row in mine if row.matrix == newest[-1].matrix and row.verdict != "reference"]


def draw_clients(rows: Sequence[TableRow]) -> str:
    """Return each client's time over the baseline's as SVG, dark where readers prefer dark.

    There must be at least one row, and all must be of one scenario of one matrix.
    """
    with_pages = any(map(_has_page, rows))
    shown = [_row(row, row.page if with_pages else row.time) for row in rows]
    shown.sort(key=lambda row: (row["ratio"] is None, row["ratio"] or 0.0))
    spec = finish(_draw(shown), height=len(shown) * ROW)
    baseline = next((row.strategy for row in rows if row.verdict == "baseline"), "the baseline")
    when = days_of(rows)
    what = "Time per page" if with_pages else "Time"
    title = f"{what} over that of {baseline}, below 1 is faster ({rows[0].python}, {when})"
    return adapt_svg(draw_alone([(title, spec)], {NAME: shown})) + "\n"


def _has_page(row: TableRow) -> bool:
    return row.page is not None and row.page.estimate is not None


def _row(row: TableRow, ratio: PooledRatio | None) -> ChartRow:
    """Return what the chart shows of a client: its ratio per page, or that of the whole crawl."""
    if row.verdict == "baseline":
        return _mark(row, (1.0, None, None), "1  baseline", "baseline")
    if ratio is None or ratio.estimate is None or ratio.interval is None:
        return _mark(row, (None, None, None), row.verdict, row.verdict)
    ends = ratio.interval
    low, middle, high = map(math.exp, (ends.low, ratio.estimate, ends.high))
    said = "preliminary" if ratio.is_preliminary else str(ratio.verdict)
    text = f"{ratio_text(ratio)} ({interval_text(ratio)})  {said}"
    return _mark(row, (middle, low, high), text, str(ratio.verdict))  # which decides its colour


def _mark(
    row: TableRow, found: tuple[float | None, float | None, float | None], text: str, verdict: str
) -> ChartRow:
    label = row.strategy if row.loop in {"-", "asyncio"} else f"{row.strategy} on {row.loop}"
    ends = dict(zip(("ratio", "low", "high"), found, strict=True))
    return {"label": label, **ends, "verdict": verdict, "text": text}


def _draw(rows: Rows) -> alt.LayerChart:
    chart = alt.Chart(place(NAME))
    known = chart.transform_filter("isValid(datum.ratio)")
    labels = [row["label"] for row in rows]
    y = alt.Y(
        "label",
        type="nominal",
        sort=None,
        scale=alt.Scale(domain=labels),
        axis=alt.Axis(title=None, domain=False, ticks=False, labelColor=colour("ink")),
    )
    ends = [row[key] for row in rows for key in ("low", "high", "ratio") if row[key]]
    span = [min([0.9, *ends]) * 0.95, max([1.1, *ends]) * 1.05]
    scale = alt.Scale(type="log", domain=span, nice=False, range=[0, {"expr": f"width - {TEXTS}"}])
    axis = alt.Axis(title=None, orient="top", format=".3~g", tickCount=6, domain=False)
    colours = verdict_colours()

    def x_of(field: str) -> alt.X:
        return alt.X(field, type="quantitative", scale=scale, axis=axis)

    one = alt.XDatum(1, type="quantitative", scale=scale, axis=axis)
    return layer(
        known.mark_tick(size=ROW, thickness=1, color=colour("soft"), aria=False).encode(x=one, y=y),
        known.mark_rule(strokeWidth=3, strokeCap="round", aria=False).encode(
            x=x_of("low"), x2=alt.X2("high"), y=y, color=colours
        ),
        known.mark_point(filled=True, size=45, opacity=1, aria=False).encode(
            x=x_of("ratio"), y=y, color=colours
        ),
        chart.mark_text(align="right", baseline="middle", fontSize=11, aria=False).encode(
            x=alt.value("width"), y=y, color=colours, text=alt.Text("text", type="nominal")
        ),
    )
