"""Draws the share of trials that find what is planted, by their seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from crawlbench.report.charts.style import finish, layer, place, series_scales
from crawlbench.report.picture import draw_alone
from crawlbench.report.theme import adapt_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.power.trials import Rates

    from crawlbench.report.charts.chart import Rows, Spec

HEIGHT = 260
TITLES = {False: "Found 2 %, alone on the machine", True: "Found 2 %, with one neighbour"}
ALARMS = "in brackets: trials of equal sides that were called different"
"""A harness that calls everything different finds everything."""
MIN_TRIALS = 3
"""Trials that a share needs to be drawn: one trial finds all or nothing."""


def draw_rates(rates: Sequence[Rates]) -> str:
    """Return the picture as SVG; empty if there are too few trials of a planted difference."""
    views: list[tuple[str, Spec]] = []
    data: dict[str, Rows] = {}
    seconds = sorted({one.seconds for one in rates if one.planted >= MIN_TRIALS})
    for has_company, title in TITLES.items():
        rows = _rows([one for one in rates if one.has_company == has_company])
        if rows:
            name = f"power-{int(has_company)}"
            data[name] = rows
            views.append((f"{title} ({ALARMS})", finish(_draw(name, rows, seconds), height=HEIGHT)))
    return adapt_svg(draw_alone(views, data)) + "\n" if views else ""


def _rows(rates: Sequence[Rates]) -> Rows:
    alarms: dict[str, str] = {}
    for name in dict.fromkeys(one.harness for one in rates):
        mine = [one for one in rates if one.harness == name]
        false, equal = sum(one.false for one in mine), sum(one.equal for one in mine)
        alarms[name] = f"{name} ({false} of {equal})"
    return [
        {"series": alarms[one.harness], "seconds": one.seconds, "share": one.found / one.planted}
        for one in rates
        if one.planted >= MIN_TRIALS
    ]


def _draw(name: str, rows: Rows, seconds: Sequence[float]) -> alt.LayerChart:
    hues, dashes = series_scales(list(dict.fromkeys(row["series"] for row in rows)))
    ends = [seconds[0], seconds[-1]]
    scale = alt.Scale(type="log", nice=False, padding=10, domain=ends)
    base = alt.Chart(place(name)).encode(
        x=alt.X(
            "seconds",
            type="quantitative",
            scale=scale,
            axis=alt.Axis(title="seconds of a trial", format="~g", values=seconds),
        ),
        y=alt.Y(
            "share",
            type="quantitative",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(title="share found", format=".0%", tickCount=5),
        ),
        color=alt.Color("series", type="nominal", scale=hues),
    )
    dash = alt.StrokeDash("series", type="nominal", scale=dashes)
    return layer(
        base.mark_line(strokeWidth=1.8, aria=False).encode(strokeDash=dash),
        base.mark_point(filled=True, opacity=1, size=40, aria=False),
    )
