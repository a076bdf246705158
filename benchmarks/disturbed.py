"""Is a mirror that shares its CPU with a busy process noticed? Sessions with and without one.

    python benchmarks/disturbed.py

Beside the mirror's CPU a process spins at the same priority, so that the mirror gets about half of
it. Rows must be marked then, and get no verdict; without the process none may be. Exit 1 otherwise.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from crawlbench.measure.machine import describe_machine
from crawlbench.measure.store import load_session
from crawlbench.records import Verdict

SPIN = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True:\n    pass\n"
SESSION = ("quick", "-n", "loopback", "--rounds", "3")


def main() -> None:
    """Measure both and print; exit 1 if a mark is missing or wrong."""
    quiet = count_marks()
    mirror_cpu = str(describe_machine().mirror_cpus[0])
    spinner = subprocess.Popen([sys.executable, "-c", SPIN, mirror_cpu])
    try:
        disturbed = count_marks()
    finally:
        spinner.kill()
        spinner.wait()
    for name, (marked, rows, verdicts) in (("alone", quiet), ("with company", disturbed)):
        print(f"mirror {name}: {marked} of {rows} rows marked, {verdicts} verdicts given")
    sys.exit(0 if not quiet[0] and disturbed[0] and not disturbed[2] else 1)


def count_marks() -> tuple[int, int, int]:
    """Return marked rows, all rows, and verdicts of one session."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "session"
        command = [sys.executable, "-m", "crawlbench", "run", *SESSION, "-o", str(output)]
        subprocess.run(command, env={**os.environ}, check=True, capture_output=True)
        session = load_session(output)
    marked = sum(bool(summary.mark) for summary in session.summaries)
    verdicts = sum(c.verdict is not Verdict.UNCLEAR for c in session.comparisons)
    return marked, len(session.summaries), verdicts


if __name__ == "__main__":
    main()
