"""One cell of a session, as the published JSON and `crawlbench.Row` have it (floor 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from crawlbench.base.records import Cell, Quantity, Summary, Verdict
from crawlbench.report.reasons import explain_in
from crawlbench.stats.change import seconds_of

if TYPE_CHECKING:
    from crawlbench.report.view import Row, SessionView

Role = Literal["contestant", "baseline", "control", "reference"]


@dataclass(frozen=True, slots=True)
class CellResult:
    """One cell; numbers are null where there is no value."""

    cell: str
    """Unique key; everything in the name is also a field of its own."""
    kind: Literal["crawl", "operation"]
    role: Role
    site: str
    """Empty for an operation, as are network, strategy and parser."""
    network: str
    strategy: str
    event_loop: str | None
    parser: str
    concurrency: int
    operation: str
    """Empty for a crawl."""
    environment: str
    baseline: str
    """The cell that the ratio refers to."""
    verdict: Verdict | None
    """Null for a baseline, a control and a reference."""
    reason: str
    """Why the cell is invalid, not supported or unclear; empty otherwise."""
    values: int
    seconds: float | None
    """Typical time per crawl, or per call of the operation; it agrees with the ratio."""
    seconds_error: float | None
    """How far its interval reaches upwards, at the session's confidence; downwards it reaches to
    `seconds / (1 + seconds_error / seconds)`, as many times less."""
    per_s: float | None
    """Pages, or what the operation counts, per second."""
    ratio: float | None
    """Time over the baseline's; below 1 is faster."""
    ratio_low: float | None
    ratio_high: float | None
    cpu_user_s: float | None
    """Per crawl or call, as are the fields that follow up to `connections`."""
    cpu_system_s: float | None
    parse_s: float | None
    wait_s: float | None
    wire_bytes: float | None
    connections: float | None
    peak_rss_bytes: int | None
    """The highest resident memory of a worker in any value."""
    most_in_flight: int | None
    """The largest number of requests that the mirror held at once, in any value."""
    server_share: float | None
    """Share of the capacity of the mirror or peer that the cell used, from 0."""
    of_limit: float | None
    """The shortest possible time, as a share of the cell's."""
    mark: str
    """Such as `server-bound`, if the row measures more than the client."""
    figures: dict[str, float]
    """What an operation measured besides its time."""
    cpu_ratio: float | None = None
    """CPU time over the baseline's; null where no exact clock was read."""
    cpu_ratio_low: float | None = None
    cpu_ratio_high: float | None = None
    cpu_verdict: Verdict | None = None
    excess: float | None = None
    """How far the mean of all laps exceeds the typical time, relative to it: slow laps."""
    http: str = ""
    """HTTP version that was spoken, such as `2`, or `1.1, 2`; empty where that is not known."""
    cpus: int | None = None
    """How many CPUs the worker could use; null where it could use all."""
    model: str = ""
    """How the strategy is concurrent, such as `threads`, in its own words."""
    leading: Quantity = Quantity.TIME
    """The quantity that orders the group and answers its question: `per page` where two lengths of
    the site were measured. The fields above are those of the short crawl; those below need both."""
    pages: int | None = None
    """Pages of the short crawl; null, like all that follows, where one length was measured."""
    long_pages: int | None = None
    per_page_s: float | None = None
    """Seconds that each further page adds."""
    per_page_error_s: float | None = None
    """Half-width of its interval."""
    parse_per_page_s: float | None = None
    """CPU time in the parser that each further page adds."""
    cpu_per_page_s: float | None = None
    """All the CPU time that each further page adds; null also where no exact clock was read."""
    cpu_per_page_ratio: float | None = None
    cpu_per_page_ratio_low: float | None = None
    cpu_per_page_ratio_high: float | None = None
    cpu_per_page_verdict: Verdict | None = None
    per_page_ratio: float | None = None
    per_page_ratio_low: float | None = None
    per_page_ratio_high: float | None = None
    per_page_verdict: Verdict | None = None
    to_begin_s: float | None = None
    """Seconds of a crawl without its pages: an intercept, which can be below 0."""
    to_begin_error_s: float | None = None
    to_begin_more_s: float | None = None
    """How much more that is than the baseline's, in seconds; it has no ratio."""
    to_begin_more_low_s: float | None = None
    to_begin_more_high_s: float | None = None
    to_begin_verdict: Verdict | None = None
    middle_pages: int | None = None
    """Pages of the middle length, which tests the line; null without one."""
    middle_s: float | None = None
    """Typical time of a crawl of the middle length."""
    long_s: float | None = None
    """Typical time of a crawl of the longest one."""
    is_bent: bool | None = None
    """Whether the three do not lie on a line, so that there is no cost per page or to begin."""


FIELDS = tuple(field.name for field in fields(CellResult))
COLUMNS = tuple(name for name in FIELDS if name != "figures")
"""Fields that hold a single value, so that a table can have a column of each."""
COMPARED = tuple(one for one in Quantity if f"{one.prefix}verdict" in FIELDS)
"""Quantities whose comparison with the baseline has fields."""
AXES = {field.name for field in fields(Cell)} & {*FIELDS}
"""Fields that belong to a cell itself."""
# `result_of` gives these itself: they are not null without a summary, or no longer logarithms.
SUMMED_UP = {field.name for field in fields(Summary)} & {*FIELDS} - {
    *("cell", "values", "mark", "figures", "excess", "http")
}
"""Fields that are those of a summary as they stand; null without one."""


def result_of(view: SessionView, row: Row) -> CellResult:
    """Return what is published about a row."""
    cell, summary = row.cell, row.summary
    group = view.groups[cell.group]
    summed_up: dict[str, Any] = {name: getattr(summary, name, None) for name in SUMMED_UP}
    ratios: dict[str, Any] = {}
    for quantity in COMPARED:
        if group.form or not quantity.is_of_lengths:
            ratios |= _ratios(view, row, quantity)
    return CellResult(
        cell=cell.name,
        kind="operation" if cell.operation else "crawl",
        role=row.role.value,
        **{name: getattr(cell, name) for name in AXES},
        baseline=group.baseline,
        reason=_reason(view, row),
        values=summary.values if summary else 0,
        **summed_up,
        **ratios,
        mark=str(summary.mark) if summary else "",
        figures=summary.figures if summary else {},
        excess=math.expm1(summary.excess) if summary else None,
        http=summary.http if summary else "",
        cpus=len(view.session.machine.worker_cpus) or None,
        model=view.session.models.get(cell.strategy, ""),
        leading=group.leading,
        pages=group.form.short_pages if group.form else None,
        long_pages=group.form.pages if group.form else None,
        middle_pages=(group.form.middle_pages or None) if group.form else None,
    )


def _ratios(view: SessionView, row: Row, quantity: Quantity) -> dict[str, Any]:
    """Return how a row compares with the baseline by a quantity, as the fields are called.

    For the control it is how it compares with its twin. A baseline that was measured has ratio 1.
    """
    compared = row.found.get(quantity)
    found = row.controls.get(quantity) or compared
    ends = (found.estimate, found.low, found.high) if found else (None, None, None)
    told: dict[str, Any] = {**numbers_of(*ends, quantity)}
    is_measured = seconds_of(row.summary, quantity) is not None
    # CPU times are summed up from coarse clocks as well, but only exact ones are compared.
    has_clock = quantity is not Quantity.CPU or quantity in view.quantities
    if quantity.has_ratio and row.role == "baseline" and is_measured and has_clock:
        told["ratio"] = 1.0
    told["verdict"] = compared.verdict if compared else None
    return {f"{quantity.prefix}{name}": value for name, value in told.items()}


def _reason(view: SessionView, row: Row) -> str:
    """Return why a row's time has no verdict, or what is wrong with the row."""
    if row.failure:
        return row.failure.reason
    compared = row.found.get(Quantity.TIME)
    return explain_in(view, compared) if compared else ""


def as_ratio(log_ratio: float | None) -> float | None:
    """Return the ratio, or None if it exceeds what a float can hold."""
    # Beyond 709 `exp` raises OverflowError.
    return math.exp(log_ratio) if log_ratio is not None and abs(log_ratio) < 700 else None


NO_RATIO = dict.fromkeys(("ratio", "ratio_low", "ratio_high"))
"""Fields of a ratio where there is none."""


def numbers_of(
    estimate: float | None, low: float | None, high: float | None, quantity: Quantity
) -> dict[str, float | None]:
    """Return a ratio and its ends, or a difference in seconds, as scripts know them."""
    ends = {"": estimate, "_low": low, "_high": high}
    if quantity.has_ratio:
        return {f"ratio{end}": as_ratio(value) for end, value in ends.items()}
    return {f"more{end}_s": value for end, value in ends.items()}
