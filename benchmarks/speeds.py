"""Shows in docs/contestants.md how fast each client is in the newest matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.reference.picture import PART, find_clients
from crawlbench.reference.rows import days_of, interval_text, ratio_text
from crawlbench.report.numbers import format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.reference.pooling import PooledRatio
    from crawlbench.reference.rows import TableRow
    from crawlbench.reference.table import MatrixTable

NEAR, FAR = PART, "far"
"""Parts of a matrix in which every client only fetches: nearby, and far away over TLS."""


def render_speeds(table: MatrixTable) -> str:
    """Return the speeds of all clients as Markdown, the fastest first; empty if there are none.

    Args:
        table: the table of all matrices.
    """
    near = {row.strategy: row for row in find_clients(table, NEAR)}
    if not near:
        return ""
    # Another machine or Python is another measurement, and has no column beside this one.
    place = {(row.machine, row.python) for row in near.values()}
    there = [row for row in table.rows if (row.machine, row.python) in place]
    far = {row.strategy: row for row in find_clients(replace(table, rows=tuple(there)), FAR)}
    names = sorted({**near, **far}, key=lambda name: _order(near.get(name)))
    lines = [_line(name, near.get(name), far.get(name)) for name in names]
    return "\n".join([*_introduce([*near.values(), *far.values()]), *lines])


def _order(row: TableRow | None) -> tuple[bool, float]:
    """Return a key that sorts by the ratio per page; rows without a ratio come last."""
    if row is not None and row.verdict == "baseline":
        return False, 0.0
    if row is None or row.page is None or row.page.estimate is None:
        return True, 0.0
    return False, row.page.estimate


def _introduce(rows: Sequence[TableRow]) -> list[str]:
    """Return a paragraph on when and where this was measured, and the table's head."""
    baseline = next((row.strategy for row in rows if row.verdict == "baseline"), "the baseline")
    when = days_of(rows)
    return [
        f"Measured on {when}, on {rows[0].machine} with {rows[0].python}. Pages are fetched but "
        f"not parsed, ten at a time. Each ratio compares a client with `{baseline}` in the same "
        "laps; its interval is at 95 %. On loopback, what a page costs is separate from what it "
        "costs to begin. Far away (TLS, round trips of 40 ms), the time is that of a crawl of ten "
        "pages. [The table](results/index.html) has the sessions and the commands behind each "
        "figure.",
        "",
        "| strategy | to begin | per page | ratio per page | far away: a crawl | ratio of crawls |",
        "| --- | ---: | ---: | --- | ---: | --- |",
    ]


def _line(name: str, near: TableRow | None, far: TableRow | None) -> str:
    page = near.page if near else None
    cells = [
        f"`{name}`",
        _seconds(near.begin if near else None),
        _seconds(near.per_page if near else None),
        _ratio(near, page),
        _seconds(far.seconds if far else None),
        _ratio(far, far.time if far else None),
    ]
    return "| " + " | ".join(cells) + " |"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return format_seconds(seconds) if seconds > 0 else "about 0"


def _ratio(row: TableRow | None, ratio: PooledRatio | None) -> str:
    """Return a ratio with its interval and verdict, or the reason why there is none."""
    if row is None:
        return "not measured"
    if row.verdict == "baseline":
        return "baseline"
    if ratio is None or ratio.estimate is None:
        return row.reason or row.verdict
    said = "preliminary" if ratio.is_preliminary else str(ratio.verdict)
    return f"{ratio_text(ratio)} ({interval_text(ratio)}) {said}"
