"""Is a planted difference called? Sessions of 60 s in which a strategy burns 5 % or 1 % more CPU.

    python benchmarks/planted.py [SESSIONS]

Prints a line per session: ratio, interval, verdict. 5 % should be `slower`; 1 % may be `same` or
`unclear` or `slower`, and must never be `faster`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from crawlbench.base.records import Verdict
from crawlbench.measure.store import load_session
from crawlbench.report.numbers import format_interval, format_ratio

PLUGINS = Path(__file__).resolve().parent.parent / "tests" / "plugins"
BUDGET_S = 60


def main() -> None:
    """Measure and print; exit 1 if a verdict is one that must not be."""
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    wrong = 0
    for number in range(sessions):
        with tempfile.TemporaryDirectory() as folder:
            wrong += sum(not measure(slower, number, Path(folder)) for slower in (5, 1))
    sys.exit(1 if wrong else 0)


def measure(percent: int, seed: int, folder: Path) -> bool:
    """Measure one session, print what it found, and return whether it may be so."""
    output = folder / f"by-{percent}"
    options = ["-n", "loopback", "-s", "requests-serial", "-s", f"slower-by-{percent}"]
    sizes = ["--rounds", "100", "--laps", "1", "--budget", str(BUDGET_S), "--seed", str(seed)]
    command = [sys.executable, "-m", "crawlbench", "run", *options, *sizes, "-o", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(PLUGINS)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    session = load_session(output)
    (found,) = session.against_baseline()
    if found.estimate is None or found.low is None or found.high is None:
        print(f"{percent} % slower: {found.verdict}: {found.obstacle} {found.detail}")
        return True
    ratio = format_ratio(found.estimate, found.low, found.high)
    interval = format_interval(found.low, found.high)
    print(
        f"{percent} % slower: {ratio} ({interval}) {found.verdict}, "
        f"{found.rounds} rounds in {session.seconds:.0f} s",
        flush=True,
    )
    return found.verdict is not Verdict.FASTER and (percent != 5 or found.verdict is Verdict.SLOWER)


if __name__ == "__main__":
    main()
