"""What all charts have in common (floor 3): rows under their names, colours, units.

Each row's name stands above its marks, inside the plot, so that the data has the whole width
however long the names are, on a telephone too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import altair as alt

from crawlbench.report.charts.chart import Chart
from crawlbench.report.theme import FONT, VERDICTS, colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.report.charts.chart import Rows, Spec

ROW = 40
"""Pixels per row: the name above, the marks below."""
SHIFT = 7
"""How many pixels marks lie below the middle of their row."""
NAME_OFFSET = -9
"""Vertical offset of names from the middle of their row, in pixels."""
HUES = ("client", "slower", "faster", "parse", "invalid", "same", "unclear", "system")
"""Hues of lines, in turn; of the first eight lines, those with the same dashes have hues that the
colour-blind can tell apart too."""
DASHES = ([1, 0], [6, 3], [2, 3], [8, 3, 2, 3])
"""Dashes of lines, in turn; each time the hues start again, they are shifted by one."""
LEGEND_ROW = 18
"""Pixels of a line in a legend."""
WIDE = 560
"""Width in pixels from which there is room for long texts."""


def place(name: str) -> alt.NamedData:
    """Return a reference to rows that the page holds under this name."""
    return alt.NamedData(name=name)


def names(labels: Sequence[str], offset: int = NAME_OFFSET) -> alt.Y:
    """Return the axis of rows, in this order."""
    axis = alt.Axis(
        labelAlign="left",
        labelPadding=-2,
        labelOffset=offset,
        labelFontSize=12,
        labelColor=colour("ink"),
        domain=False,
        ticks=False,
        title=None,
        zindex=1,
    )
    # There is no gap between rows, so that what passes through all of them is one piece.
    scale = alt.Scale(domain=list(labels), paddingInner=0, paddingOuter=0)
    return alt.Y("label", type="nominal", sort=None, scale=scale, axis=axis)


def value_axis(
    title: str,
    *,
    grid: bool = True,
    **settings: Any,  # noqa: ANN401  (as of `alt.Axis`)
) -> alt.Axis:
    """Return the axis of values above the rows, with lines down through them or only ticks."""
    return alt.Axis(
        title=title,
        orient="top",
        grid=grid,
        domain=False,
        ticks=not grid,
        labelOverlap=True,
        tickCount=6,
        titleAnchor="start",
        **settings,
    )


def right_text(data: alt.NamedData, y: alt.Y, colours: alt.Color | alt.ColorValue) -> alt.Chart:
    """Return the texts at the right ends of rows: `long` where there is room, else `short`."""
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_text(align="right", baseline="middle", yOffset=NAME_OFFSET, fontSize=12, aria=False)
        .encode(
            y=y,
            x=alt.value("width"),
            color=colours,
            text=room_text(),
        )
    )
    return chart


def room_text() -> alt.Text:
    """Return the text `long` where there is room, else `short`."""
    condition = {"test": f"width > {WIDE}", "value": {"expr": "datum.long"}}
    return alt.Text("short", type="nominal", condition=condition)


def verdict_colours() -> alt.Color:
    """Return the colours of verdicts, without a legend: the words stand beside them."""
    scale = alt.Scale(domain=list(VERDICTS), range=[colour(name) for name in VERDICTS.values()])
    return alt.Color("verdict", type="nominal", scale=scale, legend=None)


def series_scales(series: Sequence[str]) -> tuple[alt.Scale, alt.Scale]:
    """Return colours and dashes that tell lines apart."""
    hues = [colour(HUES[n % len(HUES)]) for n in range(len(series))]
    dashes = [DASHES[(n + n // len(HUES)) % len(DASHES)] for n in range(len(series))]
    return (
        alt.Scale(domain=list(series), range=hues),
        alt.Scale(domain=list(series), range=dashes),
    )


def line_legend() -> alt.Legend:
    """Return a legend of lines, one below the other, that shows their dashes too."""
    return alt.Legend(columns=1, symbolType="stroke", symbolStrokeWidth=2.5, symbolSize=500)


def finish(chart: alt.LayerChart, height: int) -> Spec:
    """Return the chart as Vega-Lite, as wide as its place, in the page's colours."""
    autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    chart = chart.properties(width="container", autosize=autosize, height=height).configure(
        background="transparent",
        padding={"left": 2, "right": 4, "top": 2, "bottom": 2},
        font=FONT,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=colour("soft"),
            titleColor=colour("soft"),
            gridColor=colour("line"),
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            aria=False,
        ),
        legend=alt.LegendConfig(
            labelColor=colour("ink"),
            labelFontSize=12,
            orient="top",
            title=None,
            labelLimit=300,
            symbolType="square",
            symbolStrokeWidth=0,
            aria=False,
        ),
        text=alt.MarkConfig(font=FONT, fontSize=12, fontWeight="normal", color=colour("ink")),
    )
    # Altair would move inline rows into `datasets`, which the page replaces by its own.
    with alt.data_transformers.enable(consolidate_datasets=False):
        spec: Spec = chart.to_dict()
    del spec["$schema"]  # an address, which the page's own scripts do not need
    return spec


def layer(*charts: alt.Chart) -> alt.LayerChart:
    """Return charts on top of each other, the first at the bottom."""
    return cast("alt.LayerChart", alt.layer(*charts))


def chart_of_rows(
    name: str,
    title: str,
    description: str,
    drawn: alt.LayerChart,
    data: dict[str, Rows],
    count: int,
    row: int = ROW,
) -> Chart:
    """Return a chart of so many rows, each of that height, below axis and legend."""
    height = count * row
    return Chart(f"chart-{name}", title, description, finish(drawn, height), data, height + 60)
