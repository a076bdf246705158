"""The table as one page that needs no network (floor 4).

Rows travel as JSON by column; the script shows those that the address asks for. As in
`report/html.py` all text is escaped, and a content security policy lets no script run but ours.
"""

from __future__ import annotations

import math
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from crawlbench.reference.pooling import CONFIDENCE, MARGIN, MIN_SESSIONS
from crawlbench.report.embed import pack, script_hash, script_json
from crawlbench.report.numbers import (
    format_bytes,
    format_interval,
    format_length,
    format_ratio,
    format_seconds,
    format_share,
)
from crawlbench.report.theme import VERDICTS, css

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.reference.agreement import Band
    from crawlbench.reference.matrix import Measured
    from crawlbench.reference.table import Shares, Table, TableRow

__all__ = ["FILES", "render_table"]

FILES = "../../results/matrix/"
"""Where bundles lie, seen from the page in the repository."""


def render_table(table: Table, files_at: str = FILES) -> str:
    """Return the page as HTML.

    Args:
        table: of all matrices.
        files_at: address of the folder of all matrices, for links; relative in a checkout.
    """
    script = _asset("crawlbench.reference", "table.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(_asset("crawlbench.reference", "table.html"))
    style = "\n".join(
        (
            css(),
            _asset("crawlbench.report", "report.css"),
            _asset("crawlbench.reference", "table.css"),
        )
    )
    data = {
        "rows": pack([_row(row) for row in table.rows]),
        "sessions": pack([_session(one) for one in table.sessions]),
        "files": files_at,
        "verdicts": VERDICTS,
    }
    # What is marked safe is ours: files of this package, and JSON without a `<`.
    return template.render(
        subtitle=_subtitle(table),
        margin=f"{math.expm1(MARGIN) * 100:.0f} %",
        confidence=f"{CONFIDENCE * 100:.0f} %",
        least=MIN_SESSIONS,
        shares=[_share(one) for one in table.shares],
        total=_total(table.shares),
        agreements=[
            ("Sessions of one matrix", [_band(one) for one in table.within]),
            ("A matrix and the one before it", [_band(one) for one in table.across]),
        ],
        style=Markup(style),  # noqa: S704
        data=Markup(script_json(data)),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=Markup(script_hash(script)),  # noqa: S704
    )


def _asset(package: str, name: str) -> str:
    return (files(package) / "assets" / name).read_text(encoding="utf-8")


def _subtitle(table: Table) -> str:
    if not table.rows:
        return "No matrix was measured yet."
    days = sorted({day for row in table.rows for day in (row.first, row.last)})
    matrices = len({row.matrix for row in table.rows})
    clients = len({row.strategy for row in table.rows})
    return (
        f"{matrices} {'matrix' if matrices == 1 else 'matrices'} of {len(table.sessions)} "
        f"sessions, {clients} clients, {days[0]} to {days[-1]}"
    )


def _row(row: TableRow) -> dict[str, object]:
    """Return what the script needs of a row: texts to show, and numbers to sort by."""
    return {
        "matrix": row.matrix,
        "scenario": row.scenario,
        "client": row.strategy,
        "loop": row.loop,
        "parser": row.parser,
        "python": row.python,
        "machine": row.cpu,
        "kind": "tuned" if row.tuned else "default",
        "first": row.first,
        "last": row.last,
        "library": row.library,
        "model": row.model,
        **_figures(row),
        "verdict": row.verdict,
        "reason": row.reason,
        "cpuVerdict": row.cpu_verdict,
        "rank": row.rank,
        "same": row.same,
        "sessions": row.sessions,
        "reviewed": row.reviewed,
    }


def _figures(row: TableRow) -> dict[str, object]:
    """Return the numbers of a row, each with its text."""
    cpu_page = None if row.cpu_s is None else row.cpu_s / (row.pages or 1.0)
    return {
        "perPage": row.per_page,
        "perPageText": _seconds(row.per_page),
        "begin": row.begin,
        "beginText": _seconds(row.begin),
        "pageRatioText": _ratio(row.page_ratio, row.page_low, row.page_high),
        "pageIntervalText": _interval(row.page_low, row.page_high),
        "pageVerdict": row.page_verdict,
        "crawlText": _seconds(row.seconds),
        "ratio": row.ratio,
        "low": row.low,
        "high": row.high,
        "ratioText": _ratio(row.ratio, row.low, row.high),
        "intervalText": _interval(row.low, row.high),
        "cpu": cpu_page,
        "cpuText": _seconds(cpu_page),
        "cpuRatioText": _ratio(row.cpu_ratio, row.cpu_low, row.cpu_high),
        "cpuIntervalText": _interval(row.cpu_low, row.cpu_high),
        "memory": row.memory,
        "memoryText": format_bytes(row.memory),
    }


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else format_seconds(seconds)


def _ratio(estimate: float | None, low: float | None, high: float | None) -> str:
    if estimate is None or low is None or high is None:
        return "-"
    return format_ratio(estimate, low, high)


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else format_interval(low, high)


def _session(one: Measured) -> dict[str, object]:
    session = one.session
    loud = (warning.text for warning in session.warnings)
    return {
        "file": one.file,
        "created": session.created,
        "rounds": len(session.rounds),
        "took": format_length(session.seconds),
        "command": one.content.command,
        "doubts": " ".join(f"{text}." for text in loud),
        "tool": session.tool,
    }


def _share(one: Shares) -> tuple[str, ...]:
    return (
        one.scenario,
        one.matrix,
        one.baseline,
        f"{one.unclear} of {one.compared}",
        f"{one.apart} of {one.pairs}",
    )


def _total(shares: Sequence[Shares]) -> str:
    compared, pairs = sum(s.compared for s in shares), sum(s.pairs for s in shares)
    unclear, apart = sum(s.unclear for s in shares), sum(s.apart for s in shares)
    if not compared:
        return "Nothing was compared yet."
    told = f"{format_share(unclear / compared)} of {compared} comparisons with a baseline"
    among = f"; {format_share(apart / pairs)} of {pairs} pairs are told apart" if pairs else ""
    return f"{told} are unclear{among}."


def _band(one: Band) -> tuple[str, ...]:
    low = f"{one.low * 100:.0f} %"
    distance = f"{low} and more" if math.isinf(one.high) else f"{low} to {one.high * 100:.0f} %"
    share = "-" if one.share is None else format_share(one.share) if one.share else "0 %"
    counts = (one.pairs, one.answered, one.flipped, one.reversed)
    return (distance, *map(str, counts), share)
