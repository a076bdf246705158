"""Stacked bars of what a crawl took: time by phase, CPU, memory (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.report.charts.chart import shown_labels
from crawlbench.report.charts.style import (
    SHIFT,
    chart_of_rows,
    layer,
    names,
    place,
    right_text,
    value_axis,
)
from crawlbench.report.numbers import format_bytes, format_part, format_seconds
from crawlbench.report.theme import colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.records import Summary
    from crawlbench.report.charts.chart import Chart, Rows
    from crawlbench.report.view import GroupView, SessionView

BAR = 13
"""Height of a bar, in pixels."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of a bar."""

    name: str
    colour: str
    size: Callable[[Summary], float | None]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one kind of bar shows."""

    name: str
    title: str
    axis: str
    parts: tuple[_Part, ...]
    total: Callable[[Summary], str]
    """The text at the right end."""
    scale: float
    """Factor from seconds or bytes to the axis' unit."""
    show: Callable[[float], str]
    """Gives a part's size as text."""
    mark: Callable[[Summary], float | None] = lambda _: None
    """Where to draw a tick, if anywhere."""

    def chart(self, view: SessionView, group: GroupView, number: int) -> Chart | None:
        """Return the bars of a group; None if nobody knows how long they are."""
        (labels, cut), summaries = shown_labels(group), view.summaries
        found = {label: summaries[name] for name, label in labels.items() if name in summaries}
        parts = [row for label, summary in found.items() for row in _parts(label, summary, self)]
        if not parts:
            return None
        totals = [_total(label, summary, self) for label, summary in found.items()]
        has_floor = any(row["at"] is not None for row in totals)
        return chart_of_rows(
            f"{self.name}-{number}",
            title=f"{self.title} on {group.place}{cut}",
            description=f"{len(found)} bars of {', '.join(part.name for part in self.parts)}, in "
            f"{self.axis}; the table of everything has the numbers.",
            drawn=_draw(self, number, list(found), has_floor=has_floor),
            data={f"{self.name}-{number}": parts, f"{self.name}-totals-{number}": totals},
            count=len(found),
        )


def _client_s(summary: Summary) -> float:
    """Return the program's CPU time without the parser's, where the two can be told apart."""
    # The parser's part may contain system time, and then be more than the program's time.
    return max(0.0, summary.cpu_user_s - (summary.parse_s or 0.0))


def _imports_bytes(summary: Summary) -> float | None:
    if summary.peak_rss_bytes is None:
        return None
    return summary.peak_rss_bytes - (summary.extra_rss_bytes or 0)


def _floor_s(summary: Summary) -> float | None:
    return None if summary.of_limit is None else summary.of_limit * summary.seconds


PARSE = _Part("parser", "parse", lambda s: s.parse_s)
CLIENT = _Part("client and event loop", "client", _client_s)
SYSTEM = _Part("system", "system", lambda s: s.cpu_system_s)
WAIT = _Part("waiting", "wait", lambda s: s.wait_s)

PHASES = _Kind(
    "phases",
    "Where the time of a crawl goes",
    "milliseconds per crawl",
    (PARSE, CLIENT, SYSTEM, WAIT),
    lambda s: format_seconds(s.seconds, s.seconds_error),
    1e-3,
    format_part,
    _floor_s,
)
CPU = _Kind(
    "cpu",
    "CPU time of a crawl",
    "milliseconds of CPU per crawl",
    (PARSE, CLIENT, SYSTEM),
    lambda s: format_seconds(s.cpu_user_s + s.cpu_system_s),
    1e-3,
    format_part,
)
MEMORY = _Kind(
    "memory",
    "Highest resident memory of a worker",
    "MiB",
    (
        _Part("before the crawl", "wait", _imports_bytes),
        _Part("by the crawl", "client", lambda s: s.extra_rss_bytes),
    ),
    lambda s: format_bytes(s.peak_rss_bytes),
    2.0**20,
    format_bytes,
)


def _parts(label: str, summary: Summary, kind: _Kind) -> Rows:
    rows, start = [], 0.0
    for part in kind.parts:
        size = part.size(summary)
        if size is not None:
            stop = start + size / kind.scale
            shown = kind.show(size)
            row = {"label": label, "part": part.name, "start": start, "stop": stop, "shown": shown}
            rows.append(row)
            start = stop
    return rows


def _total(label: str, summary: Summary, kind: _Kind) -> dict[str, object]:
    text, mark = kind.total(summary), kind.mark(summary)
    at = None if mark is None else mark / kind.scale
    return {"label": label, "long": text, "short": text, "at": at}


def _draw(kind: _Kind, number: int, labels: list[str], *, has_floor: bool) -> alt.LayerChart:
    y = names(labels)
    scale = alt.Scale(
        domain=[part.name for part in kind.parts],
        range=[colour(part.colour) for part in kind.parts],
    )
    axis = value_axis(kind.axis)
    totals = place(f"{kind.name}-totals-{number}")
    bars = (
        alt.Chart(place(f"{kind.name}-{number}"))
        .mark_bar(height=BAR, yOffset=SHIFT, aria=False)
        .encode(
            x=alt.X("start", type="quantitative", axis=axis),
            x2="stop",
            y=y,
            color=alt.Color("part", type="nominal", scale=scale),
            tooltip=["label:N", "part:N", "shown:N"],
        )
    )
    layers = [bars, right_text(totals, y, alt.ColorValue(colour("ink")))]
    if has_floor:
        layers.append(
            alt.Chart(totals)
            .mark_tick(thickness=3, height=BAR + 8, yOffset=SHIFT, color=colour("ink"), aria=False)
            .encode(x=alt.X("at", type="quantitative", axis=axis), y=y)
        )
    return layer(*layers)
