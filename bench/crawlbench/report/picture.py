"""The ratios of a session as a picture, without a browser (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.report.charts.ratios import ratio_chart
from crawlbench.report.theme import COLOURS, adapt_svg, resolve
from crawlbench.report.vega import make_png, make_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.report.charts.chart import Rows, Spec
    from crawlbench.report.view import SessionView

WIDTH = 720
"""Pixels: as wide as a README shows."""
MAX_GROUPS, MAX_ROWS = 6, 40
"""Beyond this nobody could read the picture; the page shows the rest."""
PNG_SCALE = 2
"""Enlarged so that a PNG is sharp on high-resolution screens."""
# Vega-Lite takes these from a chart that stands alone only; of widths, that of a container.
_OF_PAGES = ("config", "width", "autosize")
FONT = "Liberation Sans"
"""vl-convert ships with it, so that pictures look the same on all machines."""


def render_svg(view: SessionView) -> str:
    """Return the ratios as SVG, which is dark where the reader prefers dark.

    Raises:
        UsageError: nothing in the session can be compared.
    """
    return adapt_svg(_draw(view)) + "\n"


def render_png(view: SessionView) -> bytes:
    """Return the ratios as PNG, light on every background; raises what `render_svg` raises."""
    return make_png(_draw(view), PNG_SCALE)


def _draw(view: SessionView) -> str:
    """Return the ratios of all groups, one above the other, in plain light colours."""
    groups = view.crawls[:MAX_GROUPS]
    found = [ratio_chart(view, group, n, MAX_ROWS) for n, group in enumerate(groups, 1)]
    charts = [chart for chart in found if chart is not None]
    if not charts:
        raise UsageError(
            "there is no picture: nothing in this session could be compared; "
            "--format html shows what there is"
        )
    data = {name: rows for chart in charts for name, rows in chart.data.items()}
    return draw_alone([(chart.title, chart.spec) for chart in charts], data)


def draw_alone(views: Sequence[tuple[str, Spec]], data: dict[str, Rows]) -> str:
    """Return charts as one SVG, one above the other, in plain light colours.

    Args:
        views: title and Vega-Lite of each chart, as pages have them; at least one.
        data: the rows that the charts draw, by name.
    """
    shown = []
    for text, spec in views:
        view = {key: value for key, value in spec.items() if key not in _OF_PAGES}
        title = {"text": text, "anchor": "start", "fontSize": 14, "offset": 10}
        shown.append({**view, "width": WIDTH, "title": title})
    config = views[0][1]["config"]
    # Otherwise charts one below the other would share one scale of colours and one legend.
    whole: Spec = {
        "vconcat": shown,
        "resolve": {"scale": {"color": "independent", "strokeDash": "independent"}},
        "spacing": 24,
        "datasets": data,
        "config": {
            **config,
            "background": COLOURS["paper"][0],
            "font": FONT,
            "padding": 12,
            "autosize": "pad",
            # As in `report.js`: names share their line with the texts on the right.
            "axisY": {"labelLimit": WIDTH - 215},
            "title": {"color": COLOURS["ink"][0]},
            "text": {**config["text"], "font": FONT},
            "concat": {"spacing": 24},
        },
    }
    return make_svg(resolve(whole))
