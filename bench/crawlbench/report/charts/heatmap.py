"""The loop suite as a heat map (floor 3): a row per operation, a column per event loop."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.base.text import one_line
from crawlbench.report.charts.chart import Chart, Rows
from crawlbench.report.charts.style import finish, layer, place, verdict_colours
from crawlbench.report.operations import rows_of, themes_of
from crawlbench.report.tables import ratio_of
from crawlbench.report.theme import colour
from crawlbench.report.view import Role

if TYPE_CHECKING:
    from crawlbench.base.records import OperationFacts
    from crawlbench.report.view import Row, SessionView

ROW = 24
NAMES = 165
"""Pixels for the names of the operations."""
WIDEST = 120
"""Largest width of a field in pixels."""
PALEST, DEEPEST = 0.12, 0.6
"""Opacity of equal times, and of times that differ by a factor of two or more."""
PROTOCOLS = ("tcp", "tls", "udp")
WORDS = {"not supported": "no", "unclear": "?", "no values": "-"}
"""What a field without a ratio shows; the verdict's own word if it is not here."""


def heatmap_charts(view: SessionView) -> tuple[Chart, ...]:
    """Return a chart per theme; none if no event loop is compared with another."""
    found = rows_of(view)
    charts = (_chart(found, theme, facts) for theme, facts in themes_of(view).items())
    return tuple(chart for chart in charts if chart is not None)


def _chart(
    found: dict[str, list[Row]], theme: str, operations: list[OperationFacts]
) -> Chart | None:
    # In `ab`, an operation has a baseline on each event loop.
    rows: Rows = [
        _field(facts, row)
        for facts in operations
        for row in found[facts.name]
        if row.role is not Role.BASELINE
    ]
    if not rows:
        return None
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in theme)
    height = ROW * len(operations)
    loops = list(dict.fromkeys(str(row["loop"]) for row in rows))
    return Chart(
        name=f"chart-loops-{name}",
        title=_title(theme),
        description=f"{len(operations)} operations of {', '.join(loops)}: time over the "
        "baseline's; the deeper the colour, the further apart.",
        spec=finish(_draw(f"loops-{name}", loops), height=height),
        data={f"loops-{name}": rows},
        height=height + 60,
    )


def _title(theme: str) -> str:
    """Return a theme as a heading; protocols are written in capitals."""
    text = one_line(theme)
    return text.upper() if text in PROTOCOLS else text.capitalize()


def _field(facts: OperationFacts, row: Row) -> dict[str, str | float | None]:
    ratio = ratio_of(row)
    has_ratio = ratio.text != "-"
    distance = abs(ratio.estimate or 0.0) / math.log(2) if has_ratio else 0.0
    shown = ratio.text if has_ratio else WORDS.get(ratio.verdict, ratio.verdict)
    return {
        "operation": one_line(facts.name),
        "loop": one_line(row.cell.loop_name),
        "about": one_line(facts.about),
        "verdict": ratio.verdict,
        "interval": ratio.interval,
        "shown": shown,
        "depth": PALEST + (DEEPEST - PALEST) * min(1.0, distance),
    }


def _draw(name: str, loops: list[str]) -> alt.LayerChart:
    ink = colour("ink")
    axis = partial(
        alt.Axis, domain=False, ticks=False, title=None, labelFontSize=12, labelColor=ink
    )
    fields = alt.Chart(place(name)).encode(
        y=alt.Y(
            "operation",
            type="nominal",
            sort=None,
            axis=axis(labelLimit=NAMES, minExtent=NAMES),
        ),
        x=alt.X(
            "loop",
            type="nominal",
            scale=alt.Scale(
                domain=loops, range=[0, {"expr": f"min(width, {WIDEST * len(loops)})"}]
            ),
            axis=axis(orient="top", labelAngle=0),
        ),
        tooltip=[f"{column}:N" for column in ("operation", "loop", "shown", "interval", "verdict")],
    )
    return layer(
        fields.mark_rect(stroke=colour("line"), aria=False).encode(
            color=verdict_colours(), opacity=alt.Opacity("depth:Q", scale=None)
        ),
        fields.mark_text(color=ink, aria=False).encode(text="shown:N"),
    )
