"""A badge for each figure, in the format that badge services read (floor 4; pure)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from crawlbench.base.records import Verdict
from crawlbench.base.text import count_of
from crawlbench.reference.rows import interval_text, newest_last, ratio_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crawlbench.reference.rows import TableRow
    from crawlbench.reference.table import MatrixTable

COLOURS = {
    "faster": "brightgreen",
    "slower": "orange",
    "same": "blue",
    "invalid": "red",
}
"""Colour by verdict, as badge services name them; `lightgrey` for all others."""


class Names:
    """What to call rows where nobody sees the table: by all that their part has several of."""

    def __init__(self, rows: Iterable[TableRow]) -> None:
        """Take all rows that are to have names of their own."""
        self._scenarios = _values(rows, lambda row: (row.part, row.scenario))
        self._loops = _values(rows, lambda row: (row.part, row.loop))
        self._parsers = _values(rows, lambda row: (row.part, row.parser))

    def place(self, row: TableRow) -> str:
        """Return the part of a row, or its scenario if the part has several."""
        return row.scenario if len(self._scenarios[row.part]) > 1 else row.part

    def client(self, row: TableRow) -> str:
        """Return a strategy, such as `aiohttp-gather on uvloop with lxml`."""
        loops, parsers = self._loops[row.part], self._parsers[row.part]
        # Clients without a loop, and the usual one where no other was measured, need no word of it.
        is_told = row.loop != "-" and (row.loop != "asyncio" or len(loops - {"-"}) > 1)
        loop = f" on {row.loop.removeprefix('- ')}" if is_told else ""
        reader = {"none": "no parser", "-": ""}.get(row.parser, row.parser)
        parser = f" with {reader}" if reader and len(parsers) > 1 else ""
        return f"{row.strategy}{loop}{parser}"


def _values(
    rows: Iterable[TableRow], pick: Callable[[TableRow], tuple[str, str]]
) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, value in map(pick, rows):
        found.setdefault(key, set()).add(value)
    return found


def make_badges(table: MatrixTable) -> dict[str, str]:
    """Return the JSON of each figure's badge, by file name, from its newest whole row."""
    shown = [row for row in table.rows if not row.tuned and row.verdict != "reference"]
    newest = {row.key: row for row in newest_last(shown)}
    names = Names([*newest.values()])
    baselines = {
        (row.matrix, row.scenario): names.client(row) for row in shown if row.verdict == "baseline"
    }
    return {
        _file(row): make_badge(
            row, names, baselines.get((row.matrix, row.scenario), "the baseline")
        )
        for row in newest.values()
    }


def make_badge(row: TableRow, names: Names, baseline: str) -> str:
    """Return the badge of a row, such as `0.83 of requests-serial, 0.81 to 0.85, 2026-11`."""
    told = {
        "schemaVersion": 1,
        "label": f"{names.place(row)}: {names.client(row)}",
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
        # Shorter than "not told apart from", since a badge stands in a line of others.
        yield f"{count_of(row.same, 'other')} not told apart"
    yield row.last[:7]


def _file(row: TableRow) -> str:
    """Return the name of a row's file: letters, digits, dots and hyphens."""
    loop = [] if row.loop == "-" else [row.loop]
    parts = [row.part, row.scenario.partition(": ")[2], row.strategy, *loop]
    return "-".join(re.sub(r"[^\w.-]+", "-", part) for part in [*parts, row.parser]) + ".json"
