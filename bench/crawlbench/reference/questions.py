"""Questions that people bring to the table, with the choice that answers each (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.reference.rows import newest_last

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.reference.rows import TableRow
    from crawlbench.reference.table import MatrixTable


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """One question, and where the table answers it."""

    text: str
    parts: tuple[str, ...]
    """Parts of a matrix: the first one that was measured answers."""
    against: tuple[str, str] | None = None
    """Strategy and event loop that others are compared with; None for the baseline."""
    parser: str = ""
    """Parser of what others are compared with, if a part has several."""
    choice: dict[str, str] = field(default_factory=dict)
    """What else is chosen, as the address names it."""


QUESTIONS = (
    PageQuestion(
        "Which client is the fastest for a small JSON API over TLS, on uvloop?",
        ("api",),
        choice={"loop": "uvloop"},
    ),
    PageQuestion(
        "Is httpx2 faster than httpx, by how much, and since when?",
        ("clients", "api", "reuse"),
        ("httpx-async", "asyncio"),
        choice={"client": "httpx2-async", "loop": "asyncio"},
    ),
    PageQuestion(
        "Does turbohtml instead of lxml make a crawl faster?",
        ("parsers",),
        ("aiohttp-gather", "asyncio"),
        "lxml",
        choice={"client": "aiohttp-gather", "loop": "asyncio", "parser": "turbohtml"},
    ),
    PageQuestion(
        "What does it cost to open a session for each request?",
        ("reuse",),
        ("aiohttp-gather", "asyncio"),
        choice={"client": "aiohttp", "loop": "asyncio"},
    ),
)


def find_questions(table: MatrixTable) -> list[dict[str, object]]:
    """Return the questions that can be answered, each with its choice."""
    rows = newest_last(row for row in table.rows if not row.tuned)
    found = ((one.text, _choose(one, rows)) for one in QUESTIONS)
    return [{"text": text, "choice": choice} for text, choice in found if choice]


def _choose(one: PageQuestion, rows: Sequence[TableRow]) -> dict[str, str]:
    """Return the choice that shows the answer; empty if no part has one."""
    for part in one.parts:
        # The last one is of the newest matrix that has the part whole: see `newest_last`.
        last = next((row for row in reversed(rows) if row.part == part), None)
        if last is None:
            continue
        mine = [r for r in rows if (r.scenario, r.matrix) == (last.scenario, last.matrix)]
        others = [
            row
            for row in mine
            if (row.strategy, row.loop) == one.against and one.parser in {"", row.parser}
        ]
        if not any(_is_shown(row, one.choice) for row in mine if row not in others[:1]):
            continue
        if not one.against:
            return {"scenario": last.scenario, **one.choice}
        if others:
            against = f"{others[0].strategy}|{others[0].loop}|{others[0].parser}"
            return {"scenario": last.scenario, **one.choice, "against": against}
    return {}


def _is_shown(row: TableRow, choice: dict[str, str]) -> bool:
    """Return whether the page, which looks for a client by a part of its name, shows a row."""
    axes = {"loop": row.loop, "parser": row.parser}
    is_chosen = all(choice.get(axis, value) == value for axis, value in axes.items())
    return is_chosen and choice.get("client", "") in f"{row.strategy} {row.library}".lower()
