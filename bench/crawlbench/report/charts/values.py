"""Every value over time, which shows drift, and how values are spread (floor 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.report.charts.chart import shown_labels
from crawlbench.report.charts.style import (
    SHIFT,
    chart_of_rows,
    layer,
    names,
    place,
    value_axis,
)
from crawlbench.report.theme import colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.report.charts.chart import Chart, ChartRow, Rows
    from crawlbench.report.view import GroupView, SessionView


MAX_POINTS = 6000
"""Points in one chart; if there are more, only every second, third ... is drawn, and it says so."""
STRIP = 56
"""Pixels per row of values over time."""
MIN_SCALE = 0.02
"""Share of its median by which a value may differ and still look calm."""


_TOOLTIP = [
    "label:N",
    alt.Tooltip("ms:Q", title="ms per crawl"),
    alt.Tooltip("dev:Q", title="% from median", format="+.1f"),
    "round:Q",
    "lap:Q",
]


@dataclass(frozen=True, slots=True)
class Values:
    """Values of several cells, in the order in which the cells are shown."""

    rows: Rows
    """`label`, `round`, `lap`, `at` (seconds of measuring), `ms`, `dev` (percent of median)."""
    boxes: Rows
    """`label` and the quartiles `low`, `middle`, `high` in milliseconds, of all values."""
    ends: tuple[float, ...] = ()
    """When rounds ended, on the axis of `at`."""
    step: int = 1
    """How many values of a cell share one row."""
    axis: str = "seconds of measuring since the start"
    """What `at` measures."""
    cut: str = ""
    """What to add to a title if not all cells are drawn."""

    @property
    def labels(self) -> list[str]:
        """Return the names of the rows, in order."""
        return [box["label"] for box in self.boxes]

    @property
    def thinned(self) -> str:
        """Return what to add to a title if not all values are drawn."""
        return self.cut + ("" if self.step == 1 else f", one of {self.step} values")


def drift_chart(values: Values, where: str, number: int) -> Chart | None:
    """Return a strip per cell: each value's distance from the cell's median, in order of time."""
    if not values.rows:
        return None
    count, labels = len(values.rows), values.labels
    reach = _reach([row["dev"] for row in values.rows])
    return chart_of_rows(
        f"drift-{number}",
        title=f"Values over time{where}{values.thinned}",
        description=f"{count} values of {len(labels)} cells, each by how far it is from its "
        f"cell's median; a strip is {reach:.0f} % high to each side.",
        drawn=_draw_drift(values, number, reach),
        data={f"values-{number}": values.rows},
        count=len(labels),
        row=STRIP,
    )


def spread_chart(values: Values, where: str, number: int) -> Chart | None:
    """Return a row per cell: each value, the middle half of them, and the median."""
    if not values.rows:
        return None
    count, labels = len(values.rows), values.labels
    return chart_of_rows(
        f"spread-{number}",
        title=f"How values are spread{where}{values.thinned}",
        description=f"{count} values of {len(labels)} cells, the middle half of each as a "
        "box, its median as a tick.",
        drawn=_draw_spread(number, labels),
        data={f"values-{number}": values.rows, f"boxes-{number}": values.boxes},
        count=len(labels),
    )


def session_values(view: SessionView, group: GroupView) -> Values:
    """Return the values of a group's valid cells."""
    session, failed = view.session, view.failures.keys()
    shown, cut = shown_labels(group)
    labels = {name: label for name, label in shown.items() if name not in failed}
    times: dict[str, list[float]] = {name: [] for name in labels}
    for record in session.rounds:
        for sample in record.samples:
            if not sample.warmup and sample.cell in times:
                times[sample.cell].append(sample.seconds)
    boxes = [make_box(labels[name], seconds) for name, seconds in times.items() if seconds]
    step = math.ceil(sum(map(len, times.values())) / MAX_POINTS) or 1
    middles = {name: median(seconds) for name, seconds in times.items() if seconds}
    seen = dict.fromkeys(labels, 0)
    rows, ends, clock = [], [], 0.0
    for record in session.rounds:
        for sample in record.samples:
            # The clock goes on with every value that was taken, in warmups and other groups too.
            clock += sample.seconds * sample.loops
            if sample.warmup or sample.cell not in labels:
                continue
            seen[sample.cell] += 1
            # Each cell is thinned by itself, so that all keep the same share of their values.
            if seen[sample.cell] % step == 0:
                place = (labels[sample.cell], record.number, sample.lap + 1)
                rows.append(make_row(*place, clock, sample.seconds, middles[sample.cell]))
        ends.append(round(clock, 2))
    order = {label: place for place, label in enumerate(labels.values())}
    rows.sort(key=lambda row: order[row["label"]])
    return Values(rows, boxes, tuple(ends[:-1]), step, cut=cut)


def make_row(
    label: str, number: int, lap: int, at_s: float, seconds: float, middle_s: float
) -> ChartRow:
    """Return the row of one value."""
    return {
        "label": label,
        "round": number,
        "lap": lap,
        "at": round(at_s, 2),
        "ms": _short(seconds * 1000),
        "dev": round((seconds / middle_s - 1) * 100, 2),
    }


def make_box(label: str, seconds: Sequence[float]) -> ChartRow:
    """Return the quartiles of a cell."""
    is_one = len(seconds) == 1
    # From Python 3.13 on, `quantiles` takes a single value as well.
    ends = [*seconds] * 3 if is_one else quantiles(seconds, n=4, method="inclusive")
    low, middle, high = (_short(end * 1000) for end in ends)
    return {"label": label, "low": low, "middle": middle, "high": high}


def _short(number: float) -> float:
    """Return the number with five digits: more than a pixel can show."""
    return float(f"{number:.5g}")


def _reach(deviations: Sequence[float]) -> float:
    """Return the height of a strip in percent, which holds nearly all values but few outliers."""
    sizes = sorted(map(abs, deviations))
    return max(MIN_SCALE * 100, math.ceil(sizes[int(0.98 * (len(sizes) - 1))] * 1.1))


def _draw_drift(values: Values, number: int, reach: float) -> alt.LayerChart:
    labels = values.labels
    y = names(labels, offset=-STRIP // 2 + 8)
    axis = value_axis(values.axis)
    offset = alt.YOffset(
        "dev",
        type="quantitative",
        # The first pixels of a strip are for its name.
        scale=alt.Scale(domain=[-reach, reach], range=[STRIP - 3, 17], clamp=True),
    )
    beyond = f"abs(datum.dev) > {reach}"
    points = (
        alt.Chart(place(f"values-{number}"))
        .mark_point(filled=True, opacity=0.6, aria=False)
        .encode(
            x=alt.X("at", type="quantitative", axis=axis),
            y=y,
            yOffset=offset,
            size=alt.condition(beyond, alt.value(34), alt.value(13)),
            shape=alt.condition(beyond, alt.value("cross"), alt.value("circle")),
            color=alt.condition(beyond, alt.value(colour("slower")), alt.value(colour("client"))),
            tooltip=_TOOLTIP,
        )
    )
    middle = (
        alt.Chart(alt.InlineData(values=[{"label": label, "dev": 0} for label in labels]))
        .mark_rule(color=colour("soft"), strokeWidth=0.6, aria=False)
        .encode(y=y, yOffset=offset)
    )
    layers = [middle, points]
    if values.ends:
        ends = alt.Chart(alt.InlineData(values=[{"at": at} for at in values.ends]))
        rules = ends.mark_rule(color=colour("line"), strokeDash=[2, 3], aria=False)
        layers.insert(0, rules.encode(x=alt.X("at", type="quantitative", axis=axis)))
    return layer(*layers)


def _draw_spread(number: int, labels: list[str]) -> alt.LayerChart:
    y = names(labels)
    axis = value_axis("milliseconds per crawl, each step a factor", format="~g")
    scale = alt.Scale(type="log", nice=False, padding=8)
    boxes = alt.Chart(place(f"boxes-{number}"))
    return layer(
        alt.Chart(place(f"values-{number}"))
        .mark_tick(
            thickness=1.5,
            height=16,
            opacity=0.35,
            yOffset=SHIFT,
            color=colour("client"),
            aria=False,
        )
        .encode(x=alt.X("ms", type="quantitative", scale=scale, axis=axis), y=y, tooltip=_TOOLTIP),
        boxes.mark_bar(
            height=9, yOffset=SHIFT, color=colour("band"), stroke=colour("ink"), aria=False
        ).encode(x=alt.X("low", type="quantitative", scale=scale, axis=axis), x2="high", y=y),
        boxes.mark_tick(
            thickness=3, height=18, yOffset=SHIFT, color=colour("ink"), aria=False
        ).encode(x=alt.X("middle", type="quantitative", scale=scale, axis=axis), y=y),
    )
