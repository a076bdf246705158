"""Exposes every strategy to every fault, and writes the tables of docs/faults.md.

    python -m benchmarks.faults [STRATEGY...]

tests/check/test_matrix.py does the same with shorter deadlines and names the expected outcomes.
Nothing is timed. With names of strategies it only prints their outcomes and writes nothing.
"""

from __future__ import annotations

import asyncio
import platform
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.contestants import table
from benchmarks.meetings import ENDLESS, KINDS, Meeting, Outcome, installed_strategies, meet_all
from benchmarks.places import fill_place
from benchmarks.usage import read_words

from crawlbench.plugins import registry
from crawlbench.plugins.about import describe_strategy

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "faults.md"
DEADLINE_S = 25.0
ENDLESS_DEADLINE_S = 45.0  # more than most clients' own timeouts, of up to 30 s
AT_ONCE = 12  # most of them wait most of the time
SLOW = ("limit-socket", "aiohttp-retry")  # these begin first
KEY = """\
- **right**: the site's items. After a redirect a session refuses the cell all the same, as it made
  more requests than were due.
- **documented error**: an error of the class that the library's documentation says to catch, such
  as `requests.RequestException` or `aiohttp.ClientError` (`DOCUMENTED` in benchmarks/meetings.py).
- **other error**: an error that is not caught by catching that class.
- **refused by the reader**: the library returned something that is not a page of the site as if it
  were one, and `site.read` raised `BlockedPageError`.
- **wrong items**: as if nothing had happened. A strategy passes bytes on, so only a session's
  digest can notice this, and does.
- **hangs**: until the deadline, which ended the process. In a session that is `--timeout`. aiohttp
  and Scrapy have longer timeouts of their own, 300 s and 180 s; aiosonic's timeout of 60 s ends a
  slow head, but not a body that stalls.

By strategy, with the errors that were raised; strategies that are not named for `wrong-charset`
returned wrong items:
"""


async def main() -> None:
    """Expose all installed strategies to all faults; write the tables, or print some strategies."""
    named = read_words(__doc__, "strategy").strategy
    names = named or installed_strategies()
    names.sort(key=lambda name: name not in SLOW)
    meetings: dict[str, list[Meeting]] = {}
    async for row in meet_all(names, deadline_s, AT_ONCE):
        meetings[row[0].strategy] = row
        print(row[0].strategy, *map(describe, row), sep="\n    ", flush=True)
    if not named:
        text = DOCUMENT.read_text(encoding="utf-8")
        tables = render([meetings[name] for name in sorted(meetings)])
        made = fill_place(text, "tables", tables)
        DOCUMENT.write_text(made, encoding="utf-8", newline="\n")


def deadline_s(name: str, kind: str) -> float:  # noqa: ARG001
    """Return the deadline of a strategy for a fault."""
    return ENDLESS_DEADLINE_S if kind in ENDLESS else DEADLINE_S


def describe(meeting: Meeting) -> str:
    """Return a meeting as one line."""
    told = f"{meeting.error}: {meeting.text}" if meeting.error else meeting.text
    return f"{meeting.kind:18} {meeting.outcome:22} {told[:120]}".rstrip()


def render(rows: list[list[Meeting]]) -> str:
    """Return the tables, and the versions that were tried."""
    versions = sorted({version(row[0].strategy) for row in rows})
    known = registry.names(registry.Kind.STRATEGY)
    absent = sorted({*known} - {row[0].strategy for row in rows})
    parts = [
        f"\n`make bench-faults`, {datetime.now(UTC):%Y-%m-%d}, {platform.python_implementation()} "
        f"{platform.python_version()}, on asyncio where a strategy needs a loop; "
        "each request meets\n"
        f"the fault. The deadline is {DEADLINE_S:g} s, of {' and '.join(map(code, ENDLESS))} "
        f"{ENDLESS_DEADLINE_S:g} s.\n",
        f"Tried: {', '.join(versions)}.",
        f"Not installed in that run: {', '.join(map(code, absent))}." if absent else "",
        f"\nHow {len(rows)} strategies ended:\n",
        count_by_fault(rows),
        "",
        KEY,
        list_by_strategy(rows),
        "",
    ]
    return "\n".join(parts) + "\n"


def version(name: str) -> str:
    """Return a strategy's library with its version."""
    fact = describe_strategy(name)
    return f"{fact.library} {fact.version}".strip()


def code(text: str) -> str:
    """Return text as code in Markdown."""
    return f"`{text}`"


def count_by_fault(rows: list[list[Meeting]]) -> str:
    """Return a table with a row for each fault."""
    counts = {kind: Counter[str]() for kind in KINDS}
    for row in rows:
        for meeting in row:
            counts[meeting.kind][meeting.outcome] += 1
    shown = [outcome for outcome in Outcome if any(count[outcome] for count in counts.values())]
    lines = [
        [code(kind), *[str(count[outcome] or "") for outcome in shown]]
        for kind, count in counts.items()
    ]
    return table(["fault", *map(str, shown)], lines)


def list_by_strategy(rows: list[list[Meeting]]) -> str:
    """Return a table in which strategies with the same outcome for all faults share a row."""
    outcomes = [
        outcome
        for outcome in Outcome
        if outcome is not Outcome.WRONG and any(m.outcome is outcome for row in rows for m in row)
    ]
    alike: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        groups = {m.error.rpartition(" of ")[0] for m in row if m.error}
        wrapping = " ".join(f"(in an {code(group)})" for group in sorted(groups) if group)
        cells = [list_kinds(row, outcome) for outcome in outcomes]
        alike.setdefault((wrapping, *cells), []).append(code(row[0].strategy))
    lines = [
        [f"{', '.join(names)} {wrapping}".strip(), *cells]
        for (wrapping, *cells), names in alike.items()
    ]
    return table(["strategies", *map(str, outcomes)], lines)


def list_kinds(row: list[Meeting], outcome: Outcome) -> str:
    """Return the faults with this outcome, by the error that was raised."""
    by_error: dict[str, list[str]] = {}
    for meeting in row:
        if meeting.outcome is outcome:
            by_error.setdefault(shorten(meeting), []).append(meeting.kind)
    return "; ".join(f"{error}{' '.join(kinds)}" for error, kinds in by_error.items())


def shorten(meeting: Meeting) -> str:
    """Return an error's class without its module, if it says more than the column."""
    if not meeting.error or meeting.outcome is Outcome.REFUSED:
        return ""
    error = meeting.error.rpartition(" of ")[2]
    name = error.rpartition(".")[2]
    return f"{code(error if name == 'error' else name)} "  # pycurl.error, zlib.error


if __name__ == "__main__":
    asyncio.run(main())
