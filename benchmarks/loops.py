"""Writes docs/loops.md: all operations on all event loops, each loop in a session of its own.

    python -m benchmarks.loops [MINUTES [ROUNDS [LOOP...]]]

Each loop has a session with the stock loop, so that no third loop makes the laps longer. It
measures all operations except variants in size; MINUTES are those of one session, which looks at
its results once, when they are over. Loops that are not installed are left out: `pip install
'crawlbench[loops]'` installs more. Sessions are kept in results/loops: an interrupted one
continues, and one that has ended is not measured again. A session of several loops may be kept
under the name of each. The crawls of `loop_share.py` come last, in ROUNDS rounds; with 0 the page
keeps those that it has.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loop_share import ROUNDS, measure
from benchmarks.usage import read_words

import crawlbench
from crawlbench.base.errors import BenchError, UsageError
from crawlbench.base.records import Quantity, Verdict
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.operations import all_operations
from crawlbench.plugins import registry
from crawlbench.report.markdown import render_table
from crawlbench.report.notes import find_notes
from crawlbench.report.operations import matrix_tables, measured_table, operation_tables
from crawlbench.report.table import Column, Table
from crawlbench.report.view import SessionView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Session

MINUTES = 5.0
STOCK = "asyncio"
LOOPS = ("uvloop", "rloop", "loopmini", "veloxloop", "bracio", "asyncio-poll", "asyncio-select")
SUITE = Path(crawlbench.__file__).parent / "suites" / "loops.toml"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "loops.md"
KEPT = PAGE.parent.parent / "results" / "loops"
BEGIN, END = "<!-- from a run: begin -->", "<!-- from a run: end -->"
CRAWLS = "## Does the loop matter to a crawl?"
SHARES = (
    f"{CRAWLS}\n\n`python -m benchmarks.loop_share`: the Top-250 on loopback, ten requests in "
    "flight.\n\n"
)
FOLDER = re.compile(r"/\S*/(?:site-packages|python3[.]\d+)/")
"""Matches the folder of a loop's package, which is not published."""
SHOWN = ("noise", "not supported", "invalid", "session")
"""Labels of the notes under the tables; the machine is the same for all loops."""


def main() -> None:
    """Measure, and write the result between the marks of the page."""
    options = read_words(__doc__, "loop", minutes=MINUTES, rounds=ROUNDS)
    rounds = options.rounds
    loops = [loop for loop in options.loop or LOOPS if is_installed(loop)]
    sessions = {loop: run_session(loop, 60 * options.minutes) for loop in loops}
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    old, _, after = rest.partition(END)
    shares = f"{SHARES}{asyncio.run(measure(rounds))}\n" if rounds else old[old.index(CRAWLS) :]
    made = f"{BEGIN}\n\n{render(sessions, shares)}\n{END}"
    PAGE.write_text(before + made + after, encoding="utf-8")


def is_installed(loop: str) -> bool:
    """Return whether a loop can be made here, or its session is kept already."""
    if (KEPT / loop / SESSION_FILE).exists():
        return True
    try:
        registry.load(registry.Kind.EVENT_LOOP, loop)
    except BenchError as error:
        print(f"left out: {error}", file=sys.stderr)
        return False
    return True


def run_session(loop: str, budget_s: float) -> Session:
    """Run or continue a loop's session; operations at which it fails are part of the result."""
    folder = KEPT / loop
    command = [sys.executable, "-m", "crawlbench", "run"]
    if (folder / SESSION_FILE).exists():
        session = load_session(folder)
        if not session.ending.is_early:
            return session
        command += ["--resume", str(folder)]
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        suite = write_suite(folder.with_suffix(".toml"), budget_s)
        command += [suite.name, "-l", STOCK, "-l", loop, "-o", str(folder)]
        names = [one.name for one in all_operations() if not (one.is_variant or one.obstacle)]
        command += [word for name in names for word in ("--operation", name)]
    # A suite is told as it was typed: no folder.
    if subprocess.run(command, check=False, cwd=KEPT).returncode == UsageError.exit_code:
        sys.exit(UsageError.exit_code)  # crawlbench has said why
    return load_session(folder)


def write_suite(path: Path, budget_s: float) -> Path:
    """Write the suite `loops` with another budget; it looks once, which `--budget` would change."""
    text = SUITE.read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^budget_s = .*$", f"budget_s = {budget_s:.1f}", text)
    path.write_text(changed, encoding="utf-8")
    return path


def render(sessions: dict[str, Session], shares: str) -> str:
    """Return the part of the page that comes from the sessions."""
    views = {loop: SessionView(session) for loop, session in sessions.items()}
    parts = [
        " ".join(tell_sessions(sessions)),
        summary(views),
        *(render_table(table).replace("### Event loops: ", "### ") for table in join(views)),
        "### What timers do\n\nNegative is too early.",
        *(render_table(table).partition("\n\n")[2] for table in timers(views)),
        "### Notes\n\n"
        + "\n".join(
            f"- **{', '.join(loops)}, {label}**: {FOLDER.sub('', text)}"
            for loops in share_sessions(sessions)
            for label, text in find_notes(views[loops[0]])
            if label in SHOWN
        ),
        shares.rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def share_sessions(sessions: dict[str, Session]) -> list[list[str]]:
    """Return the loops of each session, without repeating a session."""
    found: dict[str, list[str]] = {}
    for loop, session in sessions.items():
        found.setdefault(session.created, []).append(loop)
    return list(found.values())


def tell_sessions(sessions: dict[str, Session]) -> Iterator[str]:
    """Yield a sentence for each session, with the command that repeats it."""
    for loops in share_sessions(sessions):
        session = sessions[loops[0]]
        named = " ".join(f"-l '{loop}'" for loop in (STOCK, *loops))
        yield (
            f"{', '.join(loops)}: {session.created[:10]}, {len(session.rounds)} rounds of "
            f"{len(session.plan.cells)} cells in {session.seconds / 60:.0f} minutes, as by "
            f"`crawlbench run loops {named}`."
        )


def summary(views: dict[str, SessionView]) -> str:
    """Return how each event loop fared over all operations, by time."""
    lines = [
        "| loop | version | rounds | " + " | ".join(Verdict) + " |",
        "|---|---| ---: |" + " ---: |" * len(Verdict),
    ]
    for loop, view in views.items():
        end = f"/{loop}"
        ratios = view.session.against_baseline(Quantity.TIME)
        found = Counter(one.verdict for one in ratios if one.cell.endswith(end))
        numbers = " | ".join(str(found[verdict]) for verdict in Verdict)
        version = view.session.machine.versions.get(loop, "Python's own")
        lines.append(f"| {loop} | {version} | {len(view.session.rounds)} | {numbers} |")
    return "\n".join(lines)


def join(views: dict[str, SessionView]) -> Iterator[Table]:
    """Yield each theme's table, with a column per loop; the stock loop's times are the first's."""
    fields: dict[str, dict[tuple[str, str], str]] = {}
    for loop, view in views.items():
        for table in matrix_tables(view):
            place = [column.header for column in table.columns].index(loop)
            fields.setdefault(loop, {}).update(
                {(table.title, row[0]): row[place] for row in table.rows}
            )
    first = next(iter(views.values()))
    for table in matrix_tables(first):
        columns = (*table.columns[:2], *(Column(loop, is_number=True) for loop in views))
        rows = [
            (*row[:2], *(fields[loop].get((table.title, row[0]), "-") for loop in views))
            for row in table.rows
        ]
        yield replace(table, columns=columns, rows=tuple(rows))


def timers(views: dict[str, SessionView]) -> Iterator[Table]:
    """Yield, for each theme, what operations measure besides time; the stock loop's rows once."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    tables = [measured_table(table) for view in views.values() for table in operation_tables(view)]
    for table in filter(None, tables):
        for row in table.rows:
            found.setdefault(row[:2], row)
    head = next(filter(None, tables))
    yield replace(head, rows=tuple(sorted(found.values(), key=lambda row: row[0])))


if __name__ == "__main__":
    main()
