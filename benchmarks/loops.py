"""Writes docs/loops.md from one run: all operations on all event loops, and what that means.

    python -m benchmarks.loops [BUDGET_S [ROUNDS]]

The budget is that of `crawlbench run loops` with the loops below and all operations that are no
other's variant in size; the crawls of `loop_share.py` come after it, in so many rounds. What is not
installed is left out; `pip install 'crawlbench[loops]'` brings more. The session is kept in
results/loops: one that was cut off goes on, and a larger budget makes it longer.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loop_share import ROUNDS, measure

from crawlbench.base.records import Verdict
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.operations import all_operations
from crawlbench.report.markdown import render_table
from crawlbench.report.notes import find_notes
from crawlbench.report.operations import matrix_tables, measured_table, operation_tables
from crawlbench.report.view import SessionView

if TYPE_CHECKING:
    from crawlbench.base.records import Session

BUDGET_S = 1200.0
LOOPS = ("asyncio", "*loop*", "bracio*")
"""The stock loop once, not on every selector: the more is compared, the wider all intervals are."""
PAGE = Path(__file__).resolve().parent.parent / "docs" / "loops.md"
KEPT = PAGE.parent.parent / "results" / "loops"
BEGIN, END = "<!-- from a run: begin -->", "<!-- from a run: end -->"
SHOWN = ("noise", "not supported", "invalid", "session", "machine")
"""Labels of notes that stand under the tables."""


def main() -> None:
    """Measure, and put the result between the marks of the page."""
    budget_s = float(sys.argv[1]) if len(sys.argv) > 1 else BUDGET_S
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    session = run_suite(KEPT, budget_s)
    shares = asyncio.run(measure(rounds))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{BEGIN}\n\n{render(session, shares, budget_s, rounds)}\n{END}"
    PAGE.write_text(before + made + after, encoding="utf-8")


def run_suite(folder: Path, budget_s: float) -> Session:
    """Run the suite, or go on with it; a loop that fails at something is part of the result."""
    budget = ["--budget", f"{budget_s:g}"]
    if (folder / SESSION_FILE).exists():
        again = [sys.executable, "-m", "crawlbench", "run", "--resume", str(folder), *budget]
        subprocess.run(again, check=False)
        return load_session(folder)
    names = [one.name for one in all_operations() if not (one.is_variant or one.obstacle)]
    command = [sys.executable, "-m", "crawlbench", "run", "loops"]
    command += [word for loop in LOOPS for word in ("-l", loop)]
    command += [word for name in names for word in ("--operation", name)]
    command += ["--rounds", "30", *budget, "-o", str(folder)]
    subprocess.run(command, check=False)
    return load_session(folder)


def render(session: Session, shares: str, budget_s: float, rounds: int) -> str:
    """Return the page's part that comes from the run."""
    view = SessionView(session)
    notes = [(label, text) for label, text in find_notes(view) if label in SHOWN]
    measured = filter(None, map(measured_table, operation_tables(view)))
    parts = [
        f"Measured {session.created[:10]} by `python -m benchmarks.loops {budget_s:g} {rounds}`, "
        f"which is `crawlbench run loops {' '.join(f'-l {loop!r}' for loop in LOOPS)}` with the "
        f"operations that are no other's variant in size: {len(session.rounds)} rounds of "
        f"{len(session.plan.cells)} cells.",
        summary(session),
        *(
            render_table(table).replace("### Event loops: ", "### ")
            for table in matrix_tables(view)
        ),
        "### What timers do\n\nNegative is too early.",
        *(render_table(table).partition("\n\n")[2] for table in measured),
        "### Notes\n\n" + "\n".join(f"- **{label}**: {text}" for label, text in notes),
        "## Does the loop matter to a crawl?\n\n`python -m benchmarks.loop_share`: the Top-250 on "
        "loopback, ten requests in flight.\n\n" + shares,
    ]
    return "\n\n".join(parts) + "\n"


def summary(session: Session) -> str:
    """Return how each event loop fared over all operations."""
    cells = {cell.name: cell for cell in session.plan.cells}
    counts: dict[str, Counter[Verdict]] = {}
    for comparison in session.comparisons:
        loop = cells[comparison.cell].event_loop or "-"
        counts.setdefault(loop, Counter())[comparison.verdict] += 1
    lines = [
        "| loop | version | " + " | ".join(Verdict) + " |",
        "|---|---|" + " ---: |" * len(Verdict),
    ]
    for loop, found in counts.items():
        numbers = " | ".join(str(found[verdict]) for verdict in Verdict)
        lines.append(f"| {loop} | {_version(loop)} | {numbers} |")
    return "\n".join(lines)


def _version(loop: str) -> str:
    try:
        return version(loop)
    except PackageNotFoundError:
        return "Python's own"


if __name__ == "__main__":
    main()
