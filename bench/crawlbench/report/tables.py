"""The tables of a session: what was found, and what it cost (floor 3; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.report.numbers import (
    format_bytes,
    format_change,
    format_count,
    format_interval,
    format_part,
    format_ratio,
    format_seconds,
)
from crawlbench.report.table import Column, Table
from crawlbench.report.text import one_line

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Control, Summary
    from crawlbench.report.view import GroupView, Row, SessionView

__all__ = ["ANSWER", "COST", "CPU", "TIME", "Ratio", "cpu_cell", "group_tables", "ratio_of"]

_COLUMNS = (
    Column("strategy"),
    Column("loop"),
    Column("network"),
    Column("per crawl", is_number=True),
    Column("ratio", is_number=True),
    Column("interval"),
    Column("verdict"),
    Column("CPU ratio"),
    Column("slow laps", is_number=True),
    Column("pages/s", is_number=True),
    Column("CPU", is_number=True),
    Column("peak", is_number=True),
    Column("conns", is_number=True),
    Column("in flight", is_number=True),
    Column("user", is_number=True),
    Column("system", is_number=True),
    Column("parse", is_number=True),
    Column("wait", is_number=True),
    Column("limit", is_number=True),
    Column("mirror", is_number=True),
    Column("beyond imports", is_number=True),
    Column("on the wire", is_number=True),
    Column("switches", is_number=True),
)
ANSWER = ("strategy", "loop", "per crawl", "ratio", "interval", "verdict")
"""Headers of what most people look for."""
CPU = ("CPU ratio",)
"""Header of the verdict on CPU time, where it was judged."""
COST = ("strategy", "loop", "pages/s", "CPU", "peak", "conns", "in flight")
"""Headers of what it took."""
TIME = ("strategy", "loop", "user", "system", "parse", "wait", "limit", "mirror")
"""Headers of where the time went."""


def group_tables(view: SessionView) -> list[Table]:
    """Return one table for each site and network, the fastest row first, invalid cells last."""
    return [_group_table(view, group) for group in view.crawls]


def _group_table(view: SessionView, group: GroupView) -> Table:
    rows = [tuple(one_line(text) for text in (row.work, *_row(view, row))) for row in group.rows]
    table = Table(_title(view, group), _COLUMNS, tuple(rows))
    return table if Quantity.CPU in view.quantities else table.drop(CPU)


def _title(view: SessionView, group: GroupView) -> str:
    cell = group.rows[0].cell
    trip_s = view.session.networks[cell.network].get("round_trip_s", 0.0)
    delay = f", {trip_s * 1000:g} ms round trip" if trip_s else ""
    concurrencies = ", ".join(map(str, sorted({row.cell.concurrency for row in group.rows})))
    return one_line(f"{cell.site} on {cell.network}{delay}, concurrency {concurrencies}")


def _row(view: SessionView, row: Row) -> tuple[str, ...]:
    """Return what stands behind the name."""
    head = (row.cell.event_loop or "-", row.cell.network)
    ratio, summary = ratio_of(row), row.summary
    if summary is None:
        return (*head, "-", "-", "-", ratio.verdict, *["-"] * (len(_COLUMNS) - 7))
    return (
        *head,
        format_seconds(summary.seconds, summary.seconds_error),
        *(ratio.text, ratio.interval, ratio.verdict),
        cpu_cell(row),
        slow_laps(summary, view.plan.margin),
        format_count(summary.per_s),
        format_seconds(summary.cpu_user_s + summary.cpu_system_s),
        format_bytes(summary.peak_rss_bytes),
        format_count(summary.connections),
        str(summary.most_in_flight),
        *_phases(summary),
        format_bytes(summary.extra_rss_bytes),
        format_bytes(summary.wire_bytes),
        format_count(summary.yields + summary.preemptions),
    )


def _phases(summary: Summary) -> tuple[str, ...]:
    """Return where a cell's time went, and how near it is to the limits of network and mirror."""
    times = (summary.cpu_user_s, summary.cpu_system_s, summary.parse_s, summary.wait_s)
    limit = "-" if summary.of_limit is None else f"{summary.of_limit * 100:.0f} %"
    return (*map(format_part, times), limit, f"{summary.server_share * 100:.0f} %")


def slow_laps(summary: Summary, margin: float) -> str:
    """Return by how much slow laps lift the mean, where that is more than the margin."""
    return format_change(summary.excess) if summary.excess > margin else "-"


@dataclass(frozen=True, slots=True)
class Ratio:
    """How a cell stands to its baseline, in numbers (logarithms) and as every format shows it."""

    text: str
    interval: str
    verdict: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None


def ratio_of(row: Row, quantity: Quantity = Quantity.TIME) -> Ratio:
    """Return ratio, interval and verdict of a cell by one quantity.

    One that is neither baseline nor control and yet not compared is a reference.
    """
    state = row.state
    if row.failure or row.summary is None:
        return Ratio("-", "-", state)
    if state == "baseline":
        return Ratio("1", "-", state, 0.0)
    found: Comparison | Control | None = (
        row.controls.get(quantity) if state == "control" else row.found.get(quantity)
    )
    verdict = str(row.found[quantity].verdict) if quantity in row.found else state
    if found is None or found.estimate is None or found.low is None or found.high is None:
        return Ratio("-", "-", verdict)
    text = format_ratio(found.estimate, found.low, found.high)
    interval = format_interval(found.low, found.high)
    return Ratio(text, interval, verdict, found.estimate, found.low, found.high)


def cpu_cell(row: Row) -> str:
    """Return ratio and verdict by CPU time in one field, such as "0.84 faster"."""
    ratio = ratio_of(row, Quantity.CPU)
    if ratio.text == "-":
        return "-"
    return f"{ratio.text} {ratio.verdict}" if Quantity.CPU in row.found else ratio.text
