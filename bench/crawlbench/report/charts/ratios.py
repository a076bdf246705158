"""Each cell's time over its baseline's, with interval, margin and verdict (floor 3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.report.charts.style import (
    SHIFT,
    WIDE,
    chart_of_rows,
    layer,
    names,
    place,
    right_text,
    value_axis,
    verdict_colours,
)
from crawlbench.report.numbers import MIN_SPAN, WIDEST
from crawlbench.report.tables import ratio_of
from crawlbench.report.theme import colour

if TYPE_CHECKING:
    from crawlbench.report.charts.chart import Chart, ChartRow, Rows
    from crawlbench.report.tables import Ratio
    from crawlbench.report.view import GroupView, Row, SessionView

BASELINE = "time over the baseline's, below 1 is faster"
BAND = 20
"""Height of the margin's band in a row, in pixels."""
TEXTS = {"expr": f"width - (width > {WIDE} ? 205 : 90)"}
"""Where the texts at the right begin: no mark, band or line crosses them."""
SHAPES = {
    "faster": "triangle-left",
    "slower": "triangle-right",
    "same": "circle",
    "unclear": "diamond",
}


def ratio_chart(
    view: SessionView, group: GroupView, number: int, most: int | None = None
) -> Chart | None:
    """Return the ratios of a group, or None if nothing in it was or could be compared.

    Args:
        view: the session's view.
        group: a site on a network.
        number: the chart's number, unique in a page.
        most: the most rows, chosen by the largest changes; None for all.
    """
    rows = _rows(group)
    if all(row["low"] is None for row in rows):
        return None
    cut = ""
    if most is not None and len(rows) > most:
        kept = {row["label"] for row in sorted(rows, key=_change, reverse=True)[:most]}
        cut = f", the {most} largest changes of {len(rows)}"
        rows = [row for row in rows if row["label"] in kept]
    name = f"ratios-{number}"
    return chart_of_rows(
        name,
        title=f"Time{' per page' if group.form else ''} over the baseline's on {group.place}{cut}",
        description=f"Ratio and interval of {len(rows)} cells on {group.place}; the table of "
        "everything has the numbers.",
        drawn=draw_ratios(name, rows, view.plan.margin, BASELINE),
        data={name: rows},
        count=len(rows),
    )


def _rows(group: GroupView) -> Rows:
    """Return the rows in the order of the table, but those without a ratio last."""
    found = [ratio_row(row, ratio_of(row)) for row in group.rows]
    return sorted(found, key=lambda row: row["ratio"] is None)


def ratio_row(row: Row, ratio: Ratio, said: str = "") -> ChartRow:
    """Return the marks and texts of a row, with what is said in place of its ratio's verdict.

    An interval so wide that it says nothing is not drawn.
    """
    ends = (ratio.estimate, ratio.low, ratio.high)
    if ratio.low is not None and ratio.high is not None and ratio.high - ratio.low > WIDEST:
        ends = (None, None, None)
    middle, low, high = (None if end is None else math.exp(end) for end in ends)
    interval = "" if ratio.interval == "-" else f" ({ratio.interval})"
    said, is_known = said or ratio.verdict, ratio.text != "-"
    return {
        "label": row.label,
        "cell": row.cell.name,
        "ratio": middle,
        "low": low,
        "high": high,
        "verdict": ratio.verdict,
        "long": f"{ratio.text}{interval}  {said}" if is_known else said,
        "short": f"{ratio.text} {said}" if is_known else said,
        "shown": ratio.text,
        "interval": ratio.interval,
    }


def _change(row: ChartRow) -> float:
    return abs(math.log(row["ratio"])) if row["ratio"] else -1.0


def _domain(rows: Rows, margin: float) -> list[float]:
    ends = [math.log(row[key]) for row in rows for key in ("low", "high", "ratio") if row[key]]
    # The margin's band lies within the axis, however narrow the intervals are.
    span = max(MIN_SPAN, 1.3 * margin)
    low, high = min(-span, *ends), max(span, *ends)
    room = (high - low) * 0.04
    return [math.exp(low - room), math.exp(high + room)]


def draw_ratios(name: str, rows: Rows, margin: float, title: str) -> alt.LayerChart:
    """Return a drawing of rows that the page holds under a name, with an axis of this title."""
    data, y = place(name), names([row["label"] for row in rows])
    chart = alt.Chart(data)
    scale = alt.Scale(type="log", domain=_domain(rows, margin), range=[0, TEXTS], nice=False)
    # No grid: it would run through the names above the marks.
    axis = value_axis(title, format=".3~g", grid=False)
    tooltip = ["cell:N", alt.Tooltip("shown:N", title="ratio"), "interval:N", "verdict:N"]
    colours = verdict_colours()

    def x_of(field: str) -> alt.X:
        return alt.X(field, type="quantitative", scale=scale, axis=axis)

    low = alt.XDatum(math.exp(-margin), type="quantitative", scale=scale, axis=axis)
    # The band is only as high as the marks, so that names and numbers stand above it, not on it.
    band = chart.transform_filter("isValid(datum.ratio)").mark_bar(
        height=BAND, yOffset=SHIFT, color=colour("band"), aria=False
    )
    line = chart.transform_filter("isValid(datum.ratio)").mark_tick(
        size=BAND, thickness=1, yOffset=SHIFT, color=colour("soft"), aria=False
    )
    interval = chart.mark_rule(strokeWidth=3, strokeCap="round", yOffset=SHIFT, aria=False)
    point = chart.mark_point(filled=True, size=90, opacity=1, yOffset=SHIFT, aria=False)
    return layer(
        band.encode(x=low, x2=alt.X2Datum(math.exp(margin)), y=y),
        line.encode(x=alt.XDatum(1, type="quantitative", scale=scale, axis=axis), y=y),
        interval.encode(x=x_of("low"), x2=alt.X2("high"), y=y, color=colours, tooltip=tooltip),
        point.encode(x=x_of("ratio"), y=y, color=colours, shape=_shapes(), tooltip=tooltip),
        right_text(data, y, colours),
    )


def _shapes() -> alt.Shape:
    """Return a shape for each verdict, for readers who cannot tell the colours apart."""
    others = ["baseline", "control", "reference", "invalid", "no values"]
    scale = alt.Scale(
        domain=[*SHAPES, *others], range=[*SHAPES.values(), *["circle"] * len(others)]
    )
    return alt.Shape("verdict", type="nominal", legend=None, scale=scale)
