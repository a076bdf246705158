"""Measures beside a process that spins on the mirror's CPU; exits with 1 if a verdict is false.

    python -m benchmarks.disturbed

The spinner has the mirror's priority, so that the mirror gets about half of its CPU. Marks and
doubts must show this, and verdicts that are still given must agree with the quiet session before.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.company import spinners, verdicts
from benchmarks.usage import read_words

from crawlbench.measure.machine import describe_machine
from crawlbench.measure.store import load_session

if TYPE_CHECKING:
    from crawlbench.base.records import Verdict

SESSION = ("quick", "-n", "loopback", "--budget", "60")


def main() -> None:
    """Measure both sessions and print; exit with 1 if a mark is missing or a verdict is false."""
    read_words(__doc__)
    rows, marked, quiet = measure()
    print(f"alone: {marked} of {rows} rows marked, {len(quiet)} pairs answered", flush=True)
    with spinners(1, describe_machine().mirror_cpus[0]):
        rows, marked, found = measure()
    false = [pair for pair, verdict in found.items() if quiet.get(pair, verdict) is not verdict]
    print(
        f"with company: {marked} of {rows} rows marked, {len(found)} pairs answered, "
        f"{len(false)} of them false"
    )
    sys.exit(1 if false or not marked else 0)


def measure() -> tuple[int, int, dict[tuple[str, str], Verdict]]:
    """Measure a session; return how many rows it has, how many are marked, and the verdicts."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "session"
        command = [sys.executable, "-P", "-m", "crawlbench", "run", *SESSION, "-o", str(output)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        session = load_session(output)
    marked = sum(bool(summary.mark) for summary in session.summaries)
    return len(session.summaries), marked, verdicts(session)


if __name__ == "__main__":
    main()
