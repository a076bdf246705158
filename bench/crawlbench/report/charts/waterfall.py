"""One crawl of each cell, request by request, on a common axis of time (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from crawlbench.base.text import count_of, one_line
from crawlbench.report.charts.chart import Chart, Rows, shown_labels
from crawlbench.report.charts.style import WIDE, finish, layer, place, room_text, value_axis
from crawlbench.report.numbers import format_bytes, format_part
from crawlbench.report.theme import colour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.records.trace import TracedRequest
    from crawlbench.report.view import GroupView

HEAD, FOOT = 22, 8
"""Pixels for a cell's name above its requests, and for the gap below them."""
MAX_ROW, MAX_BLOCK = 7.0, 140.0
"""Pixels for a request, and for all requests of a cell: if there are many, they become thin."""
ROOM = alt.ExprRef(f"width > {WIDE} ? width - 265 : width - 95")
"""Room for names, which share their line with the texts on the right."""
MAX_REQUESTS, MAX_DRAWN = 400, 4000
"""Most requests of a cell and of a chart; beyond that only the first of each cell are drawn."""
_TOLD = ("label", "page", "step", "arrived", "status", "connection", "size")
"""Fields that are shown beside the pointer."""
STEPS = {"waiting for the answer": "wait", "answer on its way": "client", "no answer": "invalid"}


def waterfall_chart(group: GroupView, trace: Sequence[TracedRequest], number: int) -> Chart | None:
    """Return the requests of a group's cells as the mirror saw them; None if none was traced."""
    by_cell: dict[str, list[TracedRequest]] = {}
    for request in trace:
        by_cell.setdefault(request.cell, []).append(request)
    shown, cut = shown_labels(group)
    labels = {name: label for name, label in shown.items() if name in by_cell}
    if not labels:
        return None
    bars, heads, height = _layout(labels, by_cell)
    return Chart(
        name=f"chart-waterfall-{number}",
        title=f"One crawl of each cell on {group.place}{cut}",
        description=f"{sum(len(by_cell[name]) for name in labels)} requests of {len(labels)} "
        "crawls, one line each, from its arrival at the mirror to the answer's last byte.",
        spec=finish(_draw(number, height), height=int(height)),
        data={f"requests-{number}": bars, f"crawls-{number}": heads},
        height=int(height) + 60,
    )


def _layout(
    labels: Mapping[str, str], by_cell: Mapping[str, Sequence[TracedRequest]]
) -> tuple[Rows, Rows, float]:
    """Return the parts of requests, names of crawls, and total height, in pixels from the top."""
    bars: Rows = []
    heads: Rows = []
    top = 0.0
    most = min(MAX_REQUESTS, MAX_DRAWN // len(labels))
    for name, label in labels.items():
        requests = sorted(by_cell[name], key=lambda request: request.arrived_s)
        row = min(MAX_ROW, MAX_BLOCK / min(len(requests), most))
        heads.append({"y": top + HEAD / 2, **_head(label, requests, most)})
        y = top + HEAD
        for request in requests[:most]:
            bars += [{"y": y, "y2": y + row * 0.86, **piece} for piece in _pieces(label, request)]
            y += row
        top = y + FOOT
    return bars, heads, top


def _head(label: str, requests: Sequence[TracedRequest], most: int) -> dict[str, object]:
    connections = count_of(len({request.connection for request in requests}), "connection")
    end_s = max((r.last_byte_s or r.arrived_s for r in requests), default=0.0)
    count = f"{len(requests)} requests"
    if len(requests) > most:
        count = f"the first {most} of {count}"
    return {
        "label": label,
        "long": f"{count}, {connections}, last byte at {format_part(end_s)}",
        "short": f"until {format_part(end_s)}",
    }


def _pieces(label: str, request: TracedRequest) -> Rows:
    """Return a request as one or two bars."""
    arrived_s, first_s, last_s = request.arrived_s, request.first_byte_s, request.last_byte_s
    about = {
        "label": label,
        "page": one_line(request.page)[:200],
        "status": request.status,
        "connection": request.connection,
        "size": format_bytes(request.wire_bytes),
        "arrived": format_part(arrived_s),
    }
    if first_s is None:
        # It has no length, and is seen by its stroke alone.
        return [_piece(about, "no answer", arrived_s, arrived_s)]
    pieces = [_piece(about, "waiting for the answer", arrived_s, first_s)]
    if last_s is not None:
        pieces.append(_piece(about, "answer on its way", first_s, last_s))
    return pieces


def _piece(about: dict[str, object], step: str, start_s: float, stop_s: float) -> dict[str, object]:
    start, stop = round(start_s * 1000, 3), round(stop_s * 1000, 3)
    return {**about, "step": step, "start": start, "stop": stop}


def _draw(number: int, height: float) -> alt.LayerChart:
    axis = value_axis("milliseconds since the crawl's first connection")
    x = alt.X("start", type="quantitative", axis=axis)
    y = alt.Y(
        "y",
        type="quantitative",
        axis=None,
        scale=alt.Scale(domain=[0, height], nice=False, reverse=True),
    )
    heads = alt.Chart(place(f"crawls-{number}"))
    scale = alt.Scale(domain=list(STEPS), range=[colour(name) for name in STEPS.values()])
    return layer(
        alt.Chart(place(f"requests-{number}"))
        .mark_rect(strokeWidth=1, aria=False)
        .encode(
            x=x,
            x2="stop",
            y=y,
            y2="y2",
            color=alt.Color("step", type="nominal", scale=scale),
            stroke=alt.Stroke("step", type="nominal", scale=scale),
            tooltip=[f"{field}:N" for field in _TOLD],
        ),
        heads.mark_text(align="left", fontSize=12, limit=ROOM, aria=False).encode(
            x=alt.value(2), y=y, text="label:N"
        ),
        heads.mark_text(align="right", fontSize=12, color=colour("soft"), aria=False).encode(
            x=alt.value("width"),
            y=y,
            text=room_text(),
        ),
    )
