"""The tables of a session: what was found, and what it cost (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import format_bytes, format_interval, format_ratio, format_seconds
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from crawlbench.records import Cell, Comparison, NoiseFloor, Session, Summary

__all__ = ["ANSWER", "COST", "group_tables"]

_COLUMNS = (
    Column("strategy"),
    Column("loop"),
    Column("network"),
    Column("per crawl", is_number=True),
    Column("ratio", is_number=True),
    Column("interval"),
    Column("verdict"),
    Column("pages/s", is_number=True),
    Column("CPU", is_number=True),
    Column("peak", is_number=True),
    Column("conns", is_number=True),
    Column("in flight", is_number=True),
)
ANSWER = ("strategy", "loop", "per crawl", "ratio", "interval", "verdict")
"""Headers of what most people look for."""
COST = ("strategy", "loop", "pages/s", "CPU", "peak", "conns", "in flight")
"""Headers of what it took."""


def group_tables(session: Session) -> list[Table]:
    """Return one table for each site and network, the fastest row first, invalid cells last."""
    groups = dict.fromkeys(cell.group for cell in session.plan.cells)
    return [_group_table(session, group) for group in groups]


def _group_table(session: Session, group: str) -> Table:
    summaries = {summary.cell: summary for summary in session.summaries}
    cells = [cell for cell in session.plan.cells if cell.group == group]
    cells.sort(key=lambda c: summaries[c.name].seconds if c.name in summaries else float("inf"))
    several = len({(cell.parser, cell.concurrency) for cell in cells}) > 1
    rows = [_row(session, cell, summaries.get(cell.name), several) for cell in cells]
    return Table(_title(session, cells[0]), _COLUMNS, tuple(rows))


def _title(session: Session, cell: Cell) -> str:
    network = session.networks[cell.network]
    trip_s = network.get("round_trip_s", 0.0)
    delay = f", {format_seconds(trip_s)} round trip" if trip_s else ""
    return f"{cell.site} on {cell.network}{delay}, concurrency {cell.concurrency}"


def _row(session: Session, cell: Cell, summary: Summary | None, several: bool) -> tuple[str, ...]:
    name = f"{cell.strategy} {cell.parser} c{cell.concurrency}" if several else cell.strategy
    head = (name, cell.event_loop or "-", cell.network)
    if summary is None:
        failed = session.failure(cell.name)
        return (*head, "-", "-", "-", "invalid" if failed else "no values", *"-----")
    return (
        *head,
        format_seconds(summary.seconds, summary.seconds_error),
        *_ratio(session, cell),
        f"{summary.pages_per_s:.0f}",
        format_seconds(summary.cpu_s),
        format_bytes(summary.peak_rss_bytes),
        f"{summary.connections:.0f}",
        str(summary.most_in_flight),
    )


def _ratio(session: Session, cell: Cell) -> tuple[str, str, str]:
    """Return ratio, interval and verdict of a valid cell."""
    if cell.name == session.plan.baselines[cell.group]:
        return "1", "", "baseline"
    found: Comparison | NoiseFloor
    if cell.control:
        found = next(floor for floor in session.noise if floor.group == cell.group)
        verdict = "control"
    else:
        found = next(c for c in session.comparisons if c.cell == cell.name)
        verdict = str(found.verdict)
    if found.estimate is None or found.low is None or found.high is None:
        return "-", "-", verdict
    ratio = format_ratio(found.estimate, found.low, found.high)
    return ratio, format_interval(found.low, found.high), verdict
