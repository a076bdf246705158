"""Checks that equal event loops come out equal: asyncio's loop against itself under another name.

    python -m benchmarks.twin_loop [SESSIONS [BUDGET_S]]

Each session measures a dozen operations on the stock loop, and on the same class as
`module:factory`, as any other loop would be named. Each verdict of faster or slower is false.
Prints a line for each session, and then how many sessions have a false verdict, in wall time and in
CPU time. At most 5 % may have one in each. Exits with 1 if there are more of them than chance would
produce once in 100 times.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.base.records import Quantity, Verdict
from crawlbench.measure.store import load_session
from crawlbench.report.measures import tell_numbers

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison

SESSIONS, BUDGET_S = 20, 60.0
TWIN = "asyncio:SelectorEventLoop"
OPERATIONS = (
    "call-soon",
    "call-soon-threadsafe",
    "sleep-zero",
    "task-spawn",
    "gather",
    "queue-workers",
    "lock",
    "run-in-executor",
    "getaddrinfo-literal",
    "pipes",
    "tcp-protocol-1k",
    "tcp-streams-10k",
)
QUANTITIES = (Quantity.TIME, Quantity.CPU)
ALLOWED = 0.05
"""The share of sessions that may have a false verdict."""
UNLIKELY = 0.01


def main() -> None:
    """Measure and print; exit with 1 if there are too many false verdicts to be chance."""
    options = read_words(__doc__, sessions=SESSIONS, budget_s=BUDGET_S)
    sessions, budget_s = options.sessions, options.budget_s
    false = dict.fromkeys(QUANTITIES, 0)
    for seed in range(1, sessions + 1):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(seed, budget_s, Path(folder) / "session")
        for quantity, wrong in found.items():
            false[quantity] += bool(wrong)
    is_too_much = False
    for quantity, count in false.items():
        print(f"{quantity}: {count} of {sessions} sessions have a false verdict")
        is_too_much |= chance_of(count, sessions) < UNLIKELY
    sys.exit(1 if is_too_much else 0)


def measure(seed: int, budget_s: float, folder: Path) -> dict[Quantity, list[Comparison]]:
    """Measure one session, print its results, and return its false verdicts."""
    command = [sys.executable, "-m", "crawlbench", "run", "loops", "-l", "asyncio", "-l", TWIN]
    command += [word for name in OPERATIONS for word in ("--operation", name)]
    command += ["--budget", f"{budget_s:g}", "--seed", str(seed), "-o", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    session = load_session(folder)
    found = {quantity: session.against_baseline(quantity) for quantity in QUANTITIES}
    compared = found[Quantity.TIME]
    answered = sum(one.is_answered for one in compared)
    print(
        f"session {seed}: {len(session.rounds)} rounds in {session.seconds:.0f} s, "
        f"{answered} of {len(compared)} answered",
        flush=True,
    )
    wrong = {quantity: [*filter(is_false, of)] for quantity, of in found.items()}
    for one in (one for of in wrong.values() for one in of):
        ratio, ends = tell_numbers(one)
        print(f"  false: {one.cell} {one.quantity}: {ratio} ({ends}) {one.verdict}", flush=True)
    return wrong


def is_false(comparison: Comparison) -> bool:
    """Return whether a verdict says that equal loops differ."""
    return comparison.verdict in (Verdict.FASTER, Verdict.SLOWER)


def chance_of(count: int, sessions: int) -> float:
    """Return the probability of so many false sessions or more if the allowed share were true."""
    return sum(
        math.comb(sessions, k) * ALLOWED**k * (1 - ALLOWED) ** (sessions - k)
        for k in range(count, sessions + 1)
    )


if __name__ == "__main__":
    main()
