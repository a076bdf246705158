"""A sweep: pages per second along its axis, with the knees (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from crawlbench.base.records import Quantity
from crawlbench.base.text import one_line
from crawlbench.report.charts.chart import Chart, Rows
from crawlbench.report.charts.style import (
    LEGEND_ROW,
    finish,
    layer,
    line_legend,
    place,
    series_scales,
)
from crawlbench.report.numbers import format_count
from crawlbench.stats.series import make_series

if TYPE_CHECKING:
    from crawlbench.report.view import SessionView

HEIGHT = 340


def sweep_chart(view: SessionView) -> Chart | None:
    """Return a line per strategy, its knee marked; None if the session is no sweep.

    Where two lengths were crawled, the rate is that of pages once a crawl has begun.
    """
    quantity = Quantity.PAGE if view.plan.long_forms else Quantity.TIME
    series = [line for line in make_series(view.session, quantity) if line.points]
    if view.plan.sweep is None or not series:
        return None
    rows: Rows = [
        {
            "series": one_line(line.name),
            "place": point.place,
            "rate": point.pages_per_s,
            "low": point.pages_per_s / (1 + (point.error or 0.0)),
            "high": point.pages_per_s * (1 + (point.error or 0.0)),
            "shown": format_count(point.pages_per_s),
            "knee": point.place == line.knee,
        }
        for line in series
        for point in line.points
    ]
    axis = one_line(f"{view.plan.sweep.axis} {view.plan.sweep.unit}".strip())
    once = ", once a crawl has begun" if quantity is Quantity.PAGE else ""
    return Chart(
        name="chart-sweep",
        title=f"Pages per second by {axis}{once}",
        description=f"{len(series)} lines; a large point is a knee, from which on the rate stays "
        "close to its best.",
        spec=finish(_draw(axis, rows), height=HEIGHT),
        data={"sweep": rows},
        height=HEIGHT + 60 + LEGEND_ROW * len(series),
    )


def _draw(axis: str, rows: Rows) -> alt.LayerChart:
    series = list(dict.fromkeys(row["series"] for row in rows))
    hues, dashes = series_scales(series)
    # A latency may be 0, which has no place on a logarithmic axis.
    is_positive = all(row["place"] > 0 for row in rows)
    scale = alt.Scale(type="log" if is_positive else "linear", nice=False, padding=10)
    chart = alt.Chart(place("sweep"))
    base = chart.encode(
        x=alt.X(
            "place",
            type="quantitative",
            scale=scale,
            axis=alt.Axis(title=axis, format="~g", values=sorted({r["place"] for r in rows})),
        ),
        color=alt.Color("series", type="nominal", scale=hues, legend=line_legend()),
    )
    y = alt.Y("rate", type="quantitative", axis=alt.Axis(title="pages/s", tickCount=6))
    dash = alt.StrokeDash("series", type="nominal", scale=dashes, legend=line_legend())
    return layer(
        base.mark_line(strokeWidth=1.6, aria=False).encode(y=y, strokeDash=dash),
        base.mark_rule(strokeWidth=1.2, aria=False).encode(y=alt.Y("low:Q"), y2="high"),
        base.mark_point(filled=True, opacity=1, aria=False).encode(
            y=y,
            size=alt.condition("datum.knee", alt.value(140), alt.value(28)),
            tooltip=["series:N", "place:Q", "shown:N"],
        ),
    )
