"""The tables of a session: what was found, and what it cost (floor 3; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity
from crawlbench.base.text import one_line
from crawlbench.report.lengths import tell_beginning, tell_pages, tell_times
from crawlbench.report.measures import tell_numbers
from crawlbench.report.numbers import (
    format_bytes,
    format_change,
    format_count,
    format_part,
    format_seconds,
)
from crawlbench.report.table import Column, Table, columns_of
from crawlbench.stats.series import KNEE_SHARE, make_series

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Control, Summary, Sweep
    from crawlbench.report.view import GroupView, Row, SessionView

_COLUMNS = columns_of(
    "strategy, loop, network, to begin:, per page:, per crawl:, ratio:, interval, verdict, "
    "crawl ratio, CPU ratio, slow laps:, pages/s:, CPU:, peak:, conns:, in flight:, HTTP, user:, "
    "system:, parse:, wait:, limit:, mirror:, beyond imports:, on the wire:, switches:"
)
ANSWER = ("strategy", "loop", "per crawl", "ratio", "interval", "verdict")
"""Headers of what most people look for."""
WIDE = ("threads", "processes", "Rust")
"""Words in which strategies say that they could use several CPUs at once."""
OF_LENGTHS = ("to begin", "per page", "crawl ratio")
"""Headers of what two lengths add; ratio, interval and verdict are then per page."""
CPU = ("CPU ratio",)
"""Header of the verdict on CPU time, where it was judged."""
HTTP = ("HTTP",)
"""Header of the HTTP version, where it was counted."""
COST = ("strategy", "loop", "pages/s", "CPU", "peak", "conns", "in flight")
"""Headers of what it cost."""
TIME = ("strategy", "loop", "user", "system", "parse", "wait", "limit", "mirror")
"""Headers of where the time went."""


def group_tables(view: SessionView) -> list[Table]:
    """Return one table for each site and network, the fastest row first, invalid cells last."""
    return [_group_table(view, group) for group in view.crawls]


def _group_table(view: SessionView, group: GroupView) -> Table:
    rows = [
        tuple(one_line(text) for text in (name_in_table(view, row), *_row(view, row)))
        for row in group.rows
    ]
    table = Table(_title(view, group), _COLUMNS, tuple(rows))
    table = table if Quantity.CPU in view.quantities else table.drop(CPU)
    if not any(summary.http for summary in view.session.summaries):
        table = table.drop(HTTP)
    return table if view.plan.long_forms else table.drop(OF_LENGTHS)


def name_in_table(view: SessionView, row: Row) -> str:
    """Return what a row does, and that it had only one CPU if it could use more."""
    model = view.session.models.get(row.cell.strategy, "")
    could_use_more = any(word in model for word in WIDE)
    is_held = len(view.session.machine.worker_cpus) == 1
    return f"{row.work} on 1 CPU" if could_use_more and is_held else row.work


def answer_headers(group: GroupView) -> tuple[str, ...]:
    """Return the headers of what most people look for in a group's table."""
    if not group.form:
        return ANSWER
    return (*ANSWER[:2], "to begin", "per page", *ANSWER[3:])


def more_headers(group: GroupView) -> tuple[str, ...]:
    """Return the headers of columns that follow those of `answer_headers` if there is room."""
    of_crawls = ("per crawl", "crawl ratio") if group.form else ()
    return (*of_crawls, *(CPU if Quantity.CPU in group.pairs else ()))


def _title(view: SessionView, group: GroupView) -> str:
    cell = group.rows[0].cell
    trip_s = view.session.networks[cell.network].get("round_trip_s", 0.0)
    delay = f", {trip_s * 1000:g} ms round trip" if trip_s else ""
    concurrencies = ", ".join(map(str, sorted({row.cell.concurrency for row in group.rows})))
    pages = f", {tell_pages(group.form.lengths)}" if group.form else ""
    return one_line(f"{cell.site} on {cell.network}{delay}{pages}, concurrency {concurrencies}")


def _row(view: SessionView, row: Row) -> tuple[str, ...]:
    """Return the fields after the name."""
    head = (row.cell.event_loop or "-", row.cell.network)
    ratio, summary = ratio_of(row), row.summary
    if summary is None:
        # How many columns are left: the name, two of `head`, five dashes and the verdict are nine.
        return (*head, *["-"] * 5, ratio.verdict, *["-"] * (len(_COLUMNS) - 9))
    return (
        *head,
        *_lengths(summary),
        format_seconds(summary.seconds, summary.seconds_error),
        *(ratio.text, ratio.interval, ratio.verdict),
        verdict_cell(row, Quantity.TIME),
        verdict_cell(row, Quantity.CPU),
        slow_laps(summary, view.plan.margin),
        format_count(summary.per_s),
        format_seconds(summary.cpu_user_s + summary.cpu_system_s),
        format_bytes(summary.peak_rss_bytes),
        format_count(summary.connections),
        str(summary.most_in_flight),
        summary.http or "-",
        *_phases(summary),
        format_bytes(summary.extra_rss_bytes),
        format_bytes(summary.wire_bytes),
        format_count(summary.yields + summary.preemptions),
    )


def _lengths(summary: Summary) -> tuple[str, str]:
    """Return the time to begin and the time per page, or the times if they form no line."""
    if summary.is_bent:
        return "no line", tell_times(summary)
    if summary.per_page_s is None:
        return "-", "-"
    page = format_seconds(summary.per_page_s, summary.per_page_error_s)
    return tell_beginning(summary), page


def _phases(summary: Summary) -> tuple[str, ...]:
    """Return where a cell's time went, and how close it is to the limits of network and mirror."""
    times = (summary.cpu_user_s, summary.cpu_system_s, summary.parse_s, summary.wait_s)
    limit = "-" if summary.of_limit is None else f"{summary.of_limit * 100:.0f} %"
    return (*map(format_part, times), limit, f"{summary.server_share * 100:.0f} %")


def slow_laps(summary: Summary, margin: float) -> str:
    """Return how much slow laps lift the mean, if that is more than the margin."""
    return format_change(summary.excess) if summary.excess > margin else "-"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A cell's ratio to its baseline, in numbers (logarithms) and as every format shows it."""

    text: str
    interval: str
    verdict: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None


def ratio_of(row: Row, quantity: Quantity | None = None) -> Ratio:
    """Return ratio, interval and verdict of a cell by one quantity, or by the leading one.

    A cell that is neither baseline nor control and still not compared is a reference.
    """
    quantity, state = quantity or row.leading, row.state
    # First of all, so that a baseline that failed does not show a ratio of 1.
    if row.failure or row.summary is None:
        return Ratio("-", "-", state)
    if state == "baseline":
        return Ratio("1", "-", state, 0.0)
    found: Comparison | Control | None = (
        row.controls.get(quantity) if state == "control" else row.found.get(quantity)
    )
    verdict = str(row.found[quantity].verdict) if quantity in row.found else state
    return ratio_by(found, verdict) if found else Ratio("-", "-", verdict)


def ratio_by(found: Comparison | Control, verdict: str) -> Ratio:
    """Return the ratio of two cells, with what takes the place of a verdict."""
    if found.estimate is None or found.low is None or found.high is None:
        return Ratio("-", "-", verdict)
    return Ratio(*tell_numbers(found), verdict, found.estimate, found.low, found.high)


def verdict_cell(row: Row, quantity: Quantity = Quantity.CPU) -> str:
    """Return ratio and verdict by one quantity in one field, such as "0.84 faster"."""
    ratio = ratio_of(row, quantity)
    if ratio.text == "-":
        return "-"
    return f"{ratio.text} {ratio.verdict}" if quantity in row.found else ratio.text


def series_tables(view: SessionView) -> list[Table]:
    """Return tables of pages/s by strategy and place; none if the session is no sweep.

    If two lengths were crawled, the table by time per page comes first.
    """
    sweep = view.plan.sweep
    if sweep is None:
        return []
    quantities = (Quantity.PAGE, Quantity.TIME) if view.plan.long_forms else (Quantity.TIME,)
    return [_series_table(view, sweep, quantity) for quantity in quantities]


def _series_table(view: SessionView, sweep: Sweep, quantity: Quantity) -> Table:
    places = sorted(set(sweep.places.values()))
    columns = [
        Column("strategy"),
        *(Column(_name_place(p, sweep.unit), is_number=True) for p in places),
    ]
    columns.append(Column("knee", is_number=True))
    rows = []
    for series in make_series(view.session, quantity):
        found = {point.place: format_count(point.pages_per_s) for point in series.points}
        knee = "-" if series.knee is None else _name_place(series.knee, sweep.unit)
        rows.append((series.name, *(found.get(place, "-") for place in places), knee))
    once = ", once a crawl has begun" if quantity is Quantity.PAGE else ""
    knee = f"knee: from there on within {1 - KNEE_SHARE:.0%} of the best"
    return Table(f"pages/s by {sweep.axis}{once}; {knee}", tuple(columns), tuple(rows))


def _name_place(place: float, unit: str) -> str:
    return f"{place:g} {unit}".strip()
