"""Writes docs/loops.md: all operations on all event loops, each loop in a session of its own.

    python -m benchmarks.loops [MINUTES [ROUNDS]]

Each loop has a session against the stock loop, in laps that no third loop makes longer, with the
operations that are no other's variant in size; the minutes are those of one session. What is not
installed is left out: `pip install 'crawlbench[loops]'` brings more. Sessions are kept in
results/loops: one that was cut off goes on, one that has had its minutes is not measured again,
and more minutes make it longer. The crawls of `loop_share.py` come last, in so many rounds.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loop_share import ROUNDS, measure

from crawlbench.base.errors import BenchError
from crawlbench.base.records import Quantity, Verdict
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.operations import all_operations
from crawlbench.plugins import registry
from crawlbench.report.markdown import render_table
from crawlbench.report.notes import find_notes
from crawlbench.report.operations import matrix_tables, measured_table, operation_tables
from crawlbench.report.view import SessionView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Session
    from crawlbench.report.table import Table

MINUTES = 5.0
STOCK = "asyncio"
LOOPS = ("uvloop", "rloop", "loopmini", "veloxloop", "bracio", "asyncio-poll", "asyncio-select")
DONE = 0.9
"""A session that has had so much of its minutes is whole: no round fits into what is left."""
PAGE = Path(__file__).resolve().parent.parent / "docs" / "loops.md"
KEPT = PAGE.parent.parent / "results" / "loops"
BEGIN, END = "<!-- from a run: begin -->", "<!-- from a run: end -->"
SHOWN = ("noise", "not supported", "invalid", "session")
"""Labels of notes that stand under the tables; the machine is the same for all."""


def main() -> None:
    """Measure, and put the result between the marks of the page."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    sessions = {loop: run_session(loop, 60 * minutes) for loop in LOOPS if is_installed(loop)}
    shares = asyncio.run(measure(rounds))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{BEGIN}\n\n{render(sessions, shares, minutes, rounds)}\n{END}"
    PAGE.write_text(before + made + after, encoding="utf-8")


def is_installed(loop: str) -> bool:
    """Tell whether a loop can be made here."""
    try:
        registry.load(registry.Kind.EVENT_LOOP, loop)
    except BenchError as error:
        print(f"left out: {error}", file=sys.stderr)
        return False
    return True


def run_session(loop: str, budget_s: float) -> Session:
    """Run a loop's session, or go on with it; what the loop fails at is part of the result."""
    folder = KEPT / loop
    command = [sys.executable, "-m", "crawlbench", "run"]
    if (folder / SESSION_FILE).exists():
        session = load_session(folder)
        if session.seconds >= DONE * budget_s:
            return session
        command += ["--resume", str(folder)]
    else:
        command += ["loops", "-l", STOCK, "-l", loop, "-o", str(folder)]
        names = [one.name for one in all_operations() if not (one.is_variant or one.obstacle)]
        command += [word for name in names for word in ("--operation", name)]
    subprocess.run([*command, "--budget", f"{budget_s:g}"], check=False)
    return load_session(folder)


def render(sessions: dict[str, Session], shares: str, minutes: float, rounds: int) -> str:
    """Return the page's part that comes from the sessions."""
    views = {loop: SessionView(session) for loop, session in sessions.items()}
    days = sorted({session.created[:10] for session in sessions.values()})
    parts = [
        f"Measured {' to '.join(days)} by `python -m benchmarks.loops {minutes:g} {rounds}`: each "
        "loop against the stock one, in a session of its own, with the operations that are no "
        "other's variant in size.",
        summary(views),
        *(render_table(table).replace("### Event loops: ", "### ") for table in join(views)),
        "### What timers do\n\nNegative is too early.",
        *(render_table(table).partition("\n\n")[2] for table in timers(views)),
        "### Notes\n\n"
        + "\n".join(
            f"- **{loop}, {label}**: {text}"
            for loop, view in views.items()
            for label, text in find_notes(view)
            if label in SHOWN
        ),
        "## Does the loop matter to a crawl?\n\n`python -m benchmarks.loop_share`: the Top-250 on "
        "loopback, ten requests in flight.\n\n" + shares,
    ]
    return "\n\n".join(parts) + "\n"


def summary(views: dict[str, SessionView]) -> str:
    """Return how each event loop fared over all operations, by time."""
    lines = [
        "| loop | version | rounds | " + " | ".join(Verdict) + " |",
        "|---|---| ---: |" + " ---: |" * len(Verdict),
    ]
    for loop, view in views.items():
        found = Counter(one.verdict for one in view.session.against_baseline(Quantity.TIME))
        numbers = " | ".join(str(found[verdict]) for verdict in Verdict)
        rounds = len(view.session.rounds)
        lines.append(f"| {loop} | {_version(loop)} | {rounds} | {numbers} |")
    return "\n".join(lines)


def join(views: dict[str, SessionView]) -> Iterator[Table]:
    """Yield each theme's table, with a column per loop; the stock loop's times are the first's."""
    tables = [matrix_tables(view) for view in views.values()]
    for first, *others in zip(*tables, strict=True):
        columns = [*first.columns, *(table.columns[-1] for table in others)]
        found = [{row[0]: row[-1] for row in table.rows} for table in others]
        rows = [(*row, *(fields.get(row[0], "-") for fields in found)) for row in first.rows]
        yield replace(first, columns=tuple(columns), rows=tuple(rows))


def timers(views: dict[str, SessionView]) -> Iterator[Table]:
    """Yield, per theme, what operations measured besides their time; the stock loop's rows once."""
    tables = [operation_tables(view) for view in views.values()]
    for same in zip(*tables, strict=True):
        found = [table for table in map(measured_table, same) if table]
        if found:
            rows = {row[:2]: row for table in reversed(found) for row in table.rows}
            yield replace(found[0], rows=tuple(sorted(rows.values(), key=lambda row: row[0])))


def _version(loop: str) -> str:
    try:
        return version(loop)
    except PackageNotFoundError:
        return "Python's own"


if __name__ == "__main__":
    main()
