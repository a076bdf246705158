"""Cells over many sessions (floor 3): a line each, large points for changes, rules for breaks."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.base.text import count_of, one_line, with_capital
from crawlbench.report.charts.chart import Chart, Rows
from crawlbench.report.charts.style import (
    LEGEND_ROW,
    finish,
    layer,
    line_legend,
    place,
    series_scales,
)
from crawlbench.report.measures import tell_range
from crawlbench.report.numbers import WIDEST, WIDEST_S
from crawlbench.report.theme import colour

if TYPE_CHECKING:
    from crawlbench.base.records import Quantity
    from crawlbench.stats.timeline import CellHistory, History, Point

HEIGHT = 300
DAYS = 6
"""Number of days from which each mark on the axis has a day of its own."""


def name_history(quantity: Quantity) -> str:
    """Return the name of a quantity's section, which begins those of its charts."""
    return f"history_{quantity.prefix}".removesuffix("_").replace("_", "-")


def history_charts(history: History) -> tuple[Chart, ...]:
    """Return a chart per site and network, or operation."""
    groups: dict[str, list[CellHistory]] = {}
    for line in history.lines:
        groups.setdefault(line.group, []).append(line)
    return tuple(
        _chart(history, group, lines, f"{name_history(history.quantity)}-{number}")
        for number, (group, lines) in enumerate(groups.items(), 1)
    )


def _chart(history: History, group: str, lines: list[CellHistory], name: str) -> Chart:
    quantity = history.quantity
    rows: Rows = [row for line in lines for row in _rows(line, quantity)]
    breaks: Rows = [{"created": found.created} for found in history.breaks]
    over = " over the baseline's" if quantity.has_ratio else ""
    return Chart(
        name=f"chart-{name}",
        title=one_line(f"{with_capital(quantity.words)}{over}: {group}"),
        description=f"{count_of(len(lines), 'cell')} over "
        f"{count_of(len(history.sessions), 'session')}; a large point is a change, a dashed line "
        "another machine.",
        spec=finish(_draw(name, rows, quantity, has_breaks=bool(breaks)), height=HEIGHT),
        data={name: rows, **({_breaks_of(name): breaks} if breaks else {})},
        height=HEIGHT + 60 + LEGEND_ROW * len(lines),
    )


def _breaks_of(name: str) -> str:
    """Return the name of a chart's rules where the machine changed."""
    return name.replace("history", "breaks")


def _rows(line: CellHistory, quantity: Quantity) -> Rows:
    # A group's name is site and network; a cell's has network and site before its environment.
    site, _, network = line.group.rpartition("/")
    name = f"{line.cell}/".replace(f"/{network}/{site}/", "/").removesuffix("/")
    name = name.removeprefix(f"{line.group}/")
    changed = {change.session: change for change in line.changes}
    return [
        {
            "series": one_line(name),
            "created": point.created,
            "session": one_line(point.session),
            "era": point.era,
            "ratio": _place(point.estimate, quantity),
            **_ends(point, quantity),
            **dict(
                zip(
                    ("shown", "interval"),
                    tell_range(point.estimate, point.interval.low, point.interval.high, quantity),
                    strict=True,
                )
            ),
            "change": point.session in changed,
        }
        for point in line.points
    ]


def _ends(point: Point, quantity: Quantity) -> dict[str, float]:
    """Return where an interval is drawn: not at all if it is so wide that it says nothing.

    One session of two rounds would stretch the axis over hundreds of powers of ten.
    """
    low, high = point.interval.low, point.interval.high
    if high - low > (WIDEST if quantity.has_ratio else WIDEST_S):
        low = high = point.estimate
    return {"low": _place(low, quantity), "high": _place(high, quantity)}


def _place(value: float, quantity: Quantity) -> float:
    """Return where to draw a value: as a ratio, or in milliseconds."""
    return math.exp(value) if quantity.has_ratio else 1000 * value


def _format(rows: Rows) -> str:
    """Return the format of dates, with the hour where days would repeat."""
    moments = sorted(datetime.fromisoformat(str(row["created"])) for row in rows)
    is_short = (moments[-1] - moments[0]).days < DAYS
    return "%d %b, %H:%M" if is_short else "%Y-%m-%d"


def _draw(name: str, rows: Rows, quantity: Quantity, *, has_breaks: bool) -> alt.LayerChart:
    series = list(dict.fromkeys(str(row["series"]) for row in rows))
    ends = [min(float(row["low"]) for row in rows), max(float(row["high"]) for row in rows)]
    hues, dashes = series_scales(series)
    base = alt.Chart(place(name)).encode(
        x=alt.X(
            "created:T",
            scale=alt.Scale(padding=12),
            axis=alt.Axis(
                title=None,
                labelOverlap="greedy",
                labelSeparation=12,
                tickCount=6,
                format=_format(rows),
            ),
        ),
        color=alt.Color("series:N", scale=hues, legend=line_legend()),
    )
    y = alt.Y(
        "ratio:Q",
        scale=alt.Scale(type="log" if quantity.has_ratio else "linear", domain=ends, nice=False),
        axis=alt.Axis(title="ratio" if quantity.has_ratio else "ms"),
    )
    dash = alt.StrokeDash("series:N", scale=dashes, legend=line_legend())
    shown = [f"{field}:N" for field in ("series", "session", "shown", "interval")]
    breaks = alt.Chart(place(_breaks_of(name))).encode(x="created:T")
    rules = breaks.mark_rule(strokeDash=[4, 4], color=colour("soft"), aria=False)
    return layer(
        *((rules,) if has_breaks else ()),
        base.mark_rule(strokeWidth=1.2, opacity=0.6, aria=False).encode(y="low:Q", y2="high"),
        # Each era has a line of its own, because nothing is compared across a break.
        base.mark_line(strokeWidth=1.6, aria=False).encode(y=y, strokeDash=dash, detail="era:N"),
        base.mark_point(filled=True, opacity=1, aria=False).encode(
            y=y, size=alt.condition("datum.change", alt.value(150), alt.value(28)), tooltip=shown
        ),
    )
