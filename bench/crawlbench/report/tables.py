"""The tables of a session: what was found, and what it cost (floor 3; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.records import Verdict
from crawlbench.report.numbers import (
    format_bytes,
    format_count,
    format_interval,
    format_part,
    format_ratio,
    format_seconds,
)
from crawlbench.report.table import Column, Table
from crawlbench.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.records import Cell, Comparison, NoiseFloor, Session, Summary

__all__ = [
    "ANSWER",
    "COST",
    "TIME",
    "Ratio",
    "crawl_groups",
    "group_tables",
    "ordered_cells",
    "ratio_of",
    "short_name",
]

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
COST = ("strategy", "loop", "pages/s", "CPU", "peak", "conns", "in flight")
"""Headers of what it took."""
TIME = ("strategy", "loop", "user", "system", "parse", "wait", "limit", "mirror")
"""Headers of where the time went."""

_DIFFERENCES = {"parser": "{}", "concurrency": "c{}", "environment": "@{}"}
"""What stands behind a strategy's name where a table's cells differ in it."""


def group_tables(session: Session) -> list[Table]:
    """Return one table for each site and network, the fastest row first, invalid cells last."""
    return [_group_table(session, group) for group in crawl_groups(session)]


def crawl_groups(session: Session) -> list[str]:
    """Return the sites on networks in the order of the plan; operations are shown elsewhere."""
    return list(dict.fromkeys(cell.group for cell in session.plan.cells if not cell.operation))


def ordered_cells(session: Session, group: str) -> list[Cell]:
    """Return a group's cells, the fastest first, those without values behind, invalid ones last."""
    summaries = {summary.cell: summary for summary in session.summaries}
    failed = {failure.cell for failure in session.failures}

    def place(cell: Cell) -> tuple[bool, float]:
        summary = summaries.get(cell.name)
        return cell.name in failed, summary.seconds if summary else float("inf")

    return sorted((cell for cell in session.plan.cells if cell.group == group), key=place)


def short_name(cell: Cell, cells: Sequence[Cell]) -> str:
    """Return strategy and event loop, and what else tells a cell from those of its group."""
    loop = f" on {cell.event_loop}" if cell.event_loop else ""
    control = " (control)" if cell.control else ""
    return one_line(_name(cell, _differences(cells)) + loop + control)


def _group_table(session: Session, group: str) -> Table:
    summaries = {summary.cell: summary for summary in session.summaries}
    cells = ordered_cells(session, group)
    differences = _differences(cells)
    rows = [
        tuple(
            one_line(text)
            for text in (
                _name(cell, differences),
                *_row(session, cell, summaries.get(cell.name)),
            )
        )
        for cell in cells
    ]
    return Table(_title(session, cells), _COLUMNS, tuple(rows))


def _differences(cells: Sequence[Cell]) -> list[str]:
    return [name for name in _DIFFERENCES if len({getattr(cell, name) for cell in cells}) > 1]


def _title(session: Session, cells: list[Cell]) -> str:
    site, network = cells[0].site, cells[0].network
    trip_s = session.networks[network].get("round_trip_s", 0.0)
    delay = f", {trip_s * 1000:g} ms round trip" if trip_s else ""
    concurrencies = ", ".join(map(str, sorted({cell.concurrency for cell in cells})))
    return one_line(f"{site} on {network}{delay}, concurrency {concurrencies}")


def _name(cell: Cell, differences: list[str]) -> str:
    values = {name: getattr(cell, name) for name in differences}
    shown = [_DIFFERENCES[name].format(value) for name, value in values.items() if value]
    return " ".join([cell.operation or cell.strategy, *shown])


def _row(session: Session, cell: Cell, summary: Summary | None) -> tuple[str, ...]:
    """Return what stands behind the name."""
    head = (cell.event_loop or "-", cell.network)
    ratio = ratio_of(session, cell)
    if summary is None:
        return (*head, "-", "-", "-", ratio.verdict, *["-"] * (len(_COLUMNS) - 7))
    return (
        *head,
        format_seconds(summary.seconds, summary.seconds_error),
        *(ratio.text, ratio.interval, ratio.verdict),
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


@dataclass(frozen=True, slots=True)
class Ratio:
    """How a cell stands to its baseline, in numbers (logarithms) and as every format shows it."""

    text: str
    interval: str
    verdict: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None


def ratio_of(session: Session, cell: Cell) -> Ratio:
    """Return ratio, interval and verdict of a cell.

    One that is neither baseline nor control and yet not compared is a reference.
    """
    failure = session.failure(cell.name)
    if failure:
        return Ratio("-", "-", Verdict.UNSUPPORTED if failure.is_refusal else Verdict.INVALID)
    if all(summary.cell != cell.name for summary in session.summaries):
        return Ratio("-", "-", "no values")
    if cell.name == session.plan.baselines[cell.group]:
        return Ratio("1", "-", "baseline", 0.0)
    found: Comparison | NoiseFloor | None
    if cell.control:
        found = next((floor for floor in session.noise if floor.group == cell.group), None)
        verdict = "control"
    else:
        found = next((c for c in session.comparisons if c.cell == cell.name), None)
        verdict = str(found.verdict) if found else "reference"
    if found is None or found.estimate is None or found.low is None or found.high is None:
        return Ratio("-", "-", verdict)
    text = format_ratio(found.estimate, found.low, found.high)
    interval = format_interval(found.low, found.high)
    return Ratio(text, interval, verdict, found.estimate, found.low, found.high)
