"""A badge for each figure, in the format that badge services read (floor 4; pure)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from crawlbench.base.records import Verdict
from crawlbench.base.text import count_of
from crawlbench.reference.rows import interval_text, newest_last, ratio_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.reference.rows import TableRow
    from crawlbench.reference.table import Table

COLOURS = {
    "faster": "brightgreen",
    "slower": "orange",
    "same": "blue",
    "invalid": "red",
}
"""Colour by verdict, as badge services name them; `lightgrey` for all others."""


def make_badges(table: Table) -> dict[str, str]:
    """Return the JSON of each figure's badge, by file name, from its newest whole row."""
    shown = [row for row in table.rows if not row.tuned and row.verdict != "reference"]
    newest = {row.key: row for row in newest_last(shown)}
    baselines = {(one.matrix, one.scenario): one.baseline for one in table.shares}
    return {
        _file(row): make_badge(row, baselines.get((row.matrix, row.scenario), "the baseline"))
        for row in newest.values()
    }


def make_badge(row: TableRow, baseline: str) -> str:
    """Return the badge of a row, such as `0.83 of requests-serial, 0.81 to 0.85, 2026-11`."""
    told = {
        "schemaVersion": 1,
        "label": f"{row.part}: {row.strategy}",
        "message": ", ".join(_parts(row, baseline)),
        "color": COLOURS.get(row.verdict, "lightgrey"),
    }
    return json.dumps(told, indent=1) + "\n"


def _parts(row: TableRow, baseline: str) -> Iterable[str]:
    if row.verdict == Verdict.INVALID:
        yield "invalid"
    elif row.verdict == "baseline":
        yield "baseline"
    elif row.time is None or row.time.interval is None:
        yield "no figure"
    else:
        yield f"{ratio_text(row.time)} of {baseline}"
        yield interval_text(row.time)
        if row.time.is_preliminary:
            yield "preliminary"
    if row.same:
        yield f"same as {count_of(row.same, 'other')}"
    yield row.last[:7]


def _file(row: TableRow) -> str:
    """Return the name of a row's file: letters, digits, dots and hyphens."""
    loop = [] if row.loop == "-" else [row.loop]
    parts = [row.part, row.scenario.partition(": ")[2], row.strategy, *loop]
    return "-".join(re.sub(r"[^\w.-]+", "-", part) for part in [*parts, row.parser]) + ".json"
