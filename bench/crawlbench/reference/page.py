"""The table as one page that needs no network (floor 4).

Rows are embedded as JSON by column, and the script shows those that the address asks for. As in
`report/html.py`, all text is escaped, and a content security policy allows only our scripts to run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from crawlbench.base.text import count_of
from crawlbench.reference.command import due_command
from crawlbench.reference.parts import describe_part
from crawlbench.reference.pooling import CONFIDENCE, MARGIN, MIN_SESSIONS
from crawlbench.reference.questions import find_questions
from crawlbench.reference.rows import days_of, interval_text, newest_last, ratio_text
from crawlbench.report.embed import pack, read_asset, script_hash, script_json
from crawlbench.report.numbers import (
    format_bytes,
    format_length,
    format_seconds,
    format_share,
)
from crawlbench.report.theme import VERDICTS, css
from crawlbench.stats.limit import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.reference.agreement import Band
    from crawlbench.reference.matrix import Measured
    from crawlbench.reference.rows import Pairs, Shares, TableRow
    from crawlbench.reference.table import MatrixTable

FLOORS = (REFERENCE, "cold-python")
"""Strategies that fetch without a client: the least that is possible, and not one to choose."""
FILES = "../../results/matrix/"
"""Where bundles are, seen from the page in the repository."""


def render_table(table: MatrixTable, files_at: str = FILES) -> str:
    """Return the page as HTML.

    Args:
        table: the table of all matrices.
        files_at: address of the folder of all matrices, for links; relative in a checkout.
    """
    script = read_asset("crawlbench.reference", "table.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(read_asset("crawlbench.reference", "table.html"))
    style = "\n".join(
        (
            css(),
            read_asset("crawlbench.report", "report.css"),
            read_asset("crawlbench.reference", "table.css"),
        )
    )
    data = {
        "rows": pack([_row(row) for row in table.rows]),
        "sessions": pack([_session(one) for one in table.sessions]),
        "pairs": [_pairs(one) for one in table.pairs],
        "titles": _titles(table),
        "current": {row.scenario: row.matrix for row in newest_last(table.rows)},
        "questions": find_questions(table),
        "files": files_at,
        "floors": FLOORS,
        "verdicts": VERDICTS,
    }
    # What is marked as safe is ours: files of this package, and JSON without a `<`.
    return template.render(
        subtitle=_subtitle(table),
        margin=f"{math.expm1(MARGIN) * 100:.0f} %",
        confidence=f"{CONFIDENCE * 100:.0f} %",
        least=MIN_SESSIONS,
        shares=[_share(one) for one in table.shares],
        total=_total(table.shares),
        agreements=_agreements(table),
        style=Markup(style),  # noqa: S704
        data=Markup(script_json(data)),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=Markup(script_hash(script)),  # noqa: S704
    )


def _agreements(table: MatrixTable) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the tables of agreement that have any pair, each with its title."""
    every = {
        "Sessions of one matrix": table.within,
        "A matrix and the one before it": table.across,
        "Sessions on CPUs of two makers": table.elsewhere,
    }
    return [
        (title, [_band(one) for one in bands])
        for title, bands in every.items()
        if any(one.pairs for one in bands)
    ]


def _subtitle(table: MatrixTable) -> str:
    if not table.rows:
        return "No matrix was measured yet."
    matrices = len({row.matrix for row in table.rows})
    # An operation of an event loop has no parser, and is no client.
    clients = {row.strategy for row in table.rows if row.parser != "-"} - {*FLOORS}
    return (
        f"{matrices} {'matrix' if matrices == 1 else 'matrices'} of "
        f"{count_of(len(table.sessions), 'session')}, {count_of(len(clients), 'client')}, "
        f"{days_of(table.rows)}"
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
        "machine": row.machine,
        "kind": "tuned" if row.tuned else "default",
        "first": row.first,
        "last": row.last,
        "library": row.library,
        "model": row.model,
        **_figures(row),
        "verdict": row.verdict,
        "reason": row.reason,
        "cpuVerdict": str(row.cpu.verdict) if row.cpu else "",
        "rank": row.rank,
        "same": row.same,
        "sessions": row.sessions,
        "reviewed": row.reviewed,
    }


def _figures(row: TableRow) -> dict[str, object]:
    """Return the numbers of a row, each with its text."""
    ends = row.time.interval if row.time else None
    return {
        "perPage": row.per_page,
        "perPageText": _seconds(row.per_page),
        "begin": row.begin,
        # An intercept may lie below 0, but nothing takes less time than none.
        "beginText": "about 0" if row.begin is not None and row.begin <= 0 else _seconds(row.begin),
        "pageRatioText": ratio_text(row.page),
        "pageIntervalText": interval_text(row.page),
        # Without two lengths nobody asked, but the pool says `unclear`, without an interval.
        "pageVerdict": str(row.page.verdict) if row.page and row.page.interval else "",
        "crawlText": _seconds(row.seconds),
        "ratio": _cut(row.time.estimate if row.time else None),
        "low": _cut(ends.low if ends else None),
        "high": _cut(ends.high if ends else None),
        "ratioText": ratio_text(row.time),
        "intervalText": interval_text(row.time),
        "cpu": row.cpu_per_page,
        "cpuText": _seconds(row.cpu_per_page),
        "hasLengths": row.has_lengths,
        "cpuRatioText": ratio_text(row.cpu),
        "cpuIntervalText": interval_text(row.cpu),
        "memory": row.memory,
        "memoryText": format_bytes(row.memory),
    }


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else format_seconds(seconds)


def _cut(value: float | None) -> float | None:
    """Return a number with as many digits as a page needs."""
    return None if value is None else round(value, 5)


def _pairs(one: Pairs) -> dict[str, object]:
    """Return a scenario's pairs: for each its log ratio, half its interval, and the sign."""
    count = len(one.members)
    values: list[float | int | None] = []
    # In this order `table.js` works out where a pair is.
    for first in range(count):
        for second in range(first + 1, count):
            pair = one.found.get((first, second))
            if pair is None:
                values += [None, None, None]
            else:
                half = (pair.interval.high - pair.interval.low) / 2
                # Too few sessions (null) are not the same as a pair that cannot be told apart (0).
                sign = pair.sign if pair.sessions >= MIN_SESSIONS else None
                values += [round(pair.estimate, 4), round(half, 4), sign]
    members = ["|".join(axes) for axes in one.members]
    return {"matrix": one.matrix, "scenario": one.scenario, "members": members, "values": values}


def _titles(table: MatrixTable) -> dict[str, str]:
    """Return the question, in words, of each scenario that is one of our parts."""
    names = dict.fromkeys(row.scenario for row in table.rows)
    told = {name: describe_part(name.partition(":")[0]) for name in names}
    return {name: text for name, text in told.items() if text}


def _session(one: Measured) -> dict[str, object]:
    session = one.session
    loud = (warning.text for warning in session.warnings)
    return {
        "file": one.file,
        "created": session.created,
        "rounds": len(session.rounds),
        "took": format_length(session.seconds),
        "command": due_command(one.content.session),
        "doubts": " ".join(f"{text}." for text in loud),
        "tool": session.tool,
    }


def _share(one: Shares) -> tuple[str, ...]:
    return (
        one.scenario,
        one.matrix,
        one.baseline,
        f"{one.unclear} of {one.compared}" if one.compared else "preliminary",
        f"{one.apart} of {one.pairs}" if one.pairs else "-",
    )


def _total(shares: Sequence[Shares]) -> str:
    compared, pairs = sum(s.compared for s in shares), sum(s.pairs for s in shares)
    unclear, apart = sum(s.unclear for s in shares), sum(s.apart for s in shares)
    waiting = sum(s.preliminary for s in shares)
    if not compared:
        few = f"{count_of(waiting, 'comparison')} {_be(waiting)} preliminary."
        return few if waiting else "Nothing was compared yet."
    rest = f" {waiting} more {_be(waiting)} preliminary." if waiting else ""
    told = f"{format_share(unclear / compared)} of {count_of(compared, 'comparison')}"
    told += f" with a baseline {_be(compared)} unclear"
    among = f"{format_share(apart / pairs)} of {count_of(pairs, 'pair')}" if pairs else ""
    return f"{told}{f'; {among} {_be(pairs)} told apart' if among else ''}.{rest}"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _band(one: Band) -> tuple[str, ...]:
    near = f"{one.nearest * 100:.0f} %"
    is_last = math.isinf(one.farthest)
    distance = f"{near} and more" if is_last else f"{near} to {one.farthest * 100:.0f} %"
    share = "-" if one.share is None else format_share(one.share) if one.share else "0 %"
    counts = (one.pairs, one.answered, one.flipped, one.reversed)
    return (distance, *map(str, counts), share)
