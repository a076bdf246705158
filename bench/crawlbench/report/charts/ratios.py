"""Each cell's time over its baseline's, with interval, margin and verdict (floor 3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.report.charts.chart import Chart, ChartRow, Rows
from crawlbench.report.charts.style import (
    ROW,
    SHIFT,
    WIDE,
    finish,
    height_of,
    layer,
    names,
    place,
    right_text,
    value_axis,
    verdict_colours,
)
from crawlbench.report.numbers import WIDEST
from crawlbench.report.tables import ratio_of
from crawlbench.report.theme import colour

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView, SessionView

MIN_SPAN = math.log(1.05)
"""Log ratio on each side of 1 that is always shown, so that noise alone does not look large."""
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
    labels = [row["label"] for row in rows]
    margin = view.plan.margin
    data = {f"ratios-{number}": rows}
    spec = finish(
        draw_ratios(f"ratios-{number}", labels, rows, margin, BASELINE), height=len(rows) * ROW
    )
    where = group.place
    return Chart(
        name=f"chart-ratios-{number}",
        title=f"Time{' per page' if group.form else ''} over the baseline's on {where}{cut}",
        description=f"Ratio and interval of {len(rows)} cells on {where}; the table of "
        "everything has the numbers.",
        spec=spec,
        data=data,
        height=height_of(len(rows)),
    )


def _rows(group: GroupView) -> Rows:
    found = []
    for shown in group.rows:
        ratio = ratio_of(shown)
        low, high, middle = ratio.low, ratio.high, ratio.estimate
        if low is not None and high is not None and high - low > WIDEST:
            low = high = middle = None
        has_interval = ratio.interval != "-"
        number = f"{ratio.text} ({ratio.interval})  " if has_interval else f"{ratio.text}  "
        found.append(
            {
                "label": shown.label,
                "cell": shown.cell.name,
                "ratio": None if middle is None else math.exp(middle),
                "low": None if low is None else math.exp(low),
                "high": None if high is None else math.exp(high),
                "verdict": ratio.verdict,
                "long": ("" if ratio.text == "-" else number) + ratio.verdict,
                "short": ("" if ratio.text == "-" else f"{ratio.text} ") + ratio.verdict,
                "shown": ratio.text,
                "interval": ratio.interval,
            }
        )
    # Rows with a ratio come first, in the order of the table; the others say in words what they
    # are.
    return sorted(found, key=lambda row: row["ratio"] is None)


def _change(row: ChartRow) -> float:
    return abs(math.log(row["ratio"])) if row["ratio"] else -1.0


def _domain(rows: Rows, margin: float) -> list[float]:
    ends = [math.log(row[key]) for row in rows for key in ("low", "high", "ratio") if row[key]]
    span = max(MIN_SPAN, 1.3 * margin)
    low, high = min(-span, *ends), max(span, *ends)
    room = (high - low) * 0.04
    return [math.exp(low - room), math.exp(high + room)]


def draw_ratios(
    name: str, labels: list[str], rows: Rows, margin: float, title: str
) -> alt.LayerChart:
    """Return a drawing of rows that the page holds under a name, with an axis of this title."""
    data, y = place(name), names(labels)
    chart = alt.Chart(data)
    scale = alt.Scale(type="log", domain=_domain(rows, margin), range=[0, TEXTS], nice=False)
    # No grid: it would run through the names above the marks.
    axis = value_axis(title, format=".3~g", grid=False)
    tooltip = [
        alt.Tooltip("cell:N"),
        alt.Tooltip("shown:N", title="ratio"),
        alt.Tooltip("interval:N"),
        alt.Tooltip("verdict:N"),
    ]
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
