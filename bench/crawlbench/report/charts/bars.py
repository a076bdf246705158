"""Stacked bars of what a crawl took: time by phase, CPU, memory (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt

from crawlbench.report.charts.chart import Chart, Rows, shown_labels
from crawlbench.report.charts.style import (
    ROW,
    SHIFT,
    finish,
    height_of,
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


def _client_s(summary: Summary) -> float:
    """Return the program's CPU time without the parser's, where the two can be told apart."""
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


def phase_chart(view: SessionView, group: GroupView, number: int) -> Chart | None:
    """Return where the time goes in a group, with a tick for the floor; None without values."""
    return _bar_chart(view, group, number, PHASES)


def cpu_chart(view: SessionView, group: GroupView, number: int) -> Chart | None:
    """Return CPU time by who took it; None without values."""
    return _bar_chart(view, group, number, CPU)


def memory_chart(view: SessionView, group: GroupView, number: int) -> Chart | None:
    """Return memory before the crawl and by it; None where the system does not say."""
    return _bar_chart(view, group, number, MEMORY)


def _bar_chart(view: SessionView, group: GroupView, number: int, kind: _Kind) -> Chart | None:
    labels, cut = shown_labels(group)
    summaries = view.summaries
    found = {label: summaries[name] for name, label in labels.items() if name in summaries}
    parts = [row for label, summary in found.items() for row in _parts(label, summary, kind)]
    if not parts:
        return None
    totals = [_total(label, summary, kind) for label, summary in found.items()]
    has_floor = any(row["at"] is not None for row in totals)
    drawn = _draw(kind, number, list(found), has_floor=has_floor)
    data = {f"{kind.name}-{number}": parts, f"{kind.name}-totals-{number}": totals}
    return Chart(
        name=f"chart-{kind.name}-{number}",
        title=f"{kind.title} on {group.place}{cut}",
        description=f"{len(found)} bars of {', '.join(part.name for part in kind.parts)}, in "
        f"{kind.axis}; the table of everything has the numbers.",
        spec=finish(drawn, height=len(found) * ROW),
        data=data,
        height=height_of(len(found)),
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
            tooltip=[alt.Tooltip("label:N"), alt.Tooltip("part:N"), alt.Tooltip("shown:N")],
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
