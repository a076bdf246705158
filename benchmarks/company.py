"""Counts the answers, right and wrong, of sessions beside a neighbour that comes and goes.

On each CPU a process works for 5 to 50 ms and then sleeps, so that it takes 30 % of the CPU. Quiet
sessions of the same day are the truth: a verdict is wrong if all quiet sessions that have one have
another.

    python -m benchmarks.company [QUIET] [DISTURBED] [SUITE]

Each session is kept in results/company and is not measured again.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.usage import read_words

from crawlbench.base.records import Quantity, Verdict
from crawlbench.base.text import one_line
from crawlbench.measure.store import SESSION_FILE, load_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from crawlbench.base.records import Session

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path("results/company")
SHARE = 0.3
BURST_S = (0.005, 0.05)
NEIGHBOUR = "--neighbour"


SPINNER = """
import os, sys
if cpus := set(map(int, sys.argv[1:])):
    os.sched_setaffinity(0, cpus)
parent = os.getppid()
while os.getppid() == parent:
    pass
"""
"""Computes until its parent has ended, even if that was killed; on certain CPUs if it is told."""


def be_neighbour(cpu: int) -> None:
    """Work and sleep in turn on one CPU until killed, or until the parent has ended."""
    parent = os.getppid()
    os.sched_setaffinity(0, {cpu})
    draw = random.Random(cpu)
    while os.getppid() == parent:
        busy_s = draw.uniform(*BURST_S)
        stop = time.process_time() + busy_s
        while time.process_time() < stop:
            pass
        time.sleep(busy_s * (1 - SHARE) / SHARE)


@contextmanager
def neighbours(cpus: Iterable[int] | None = None) -> Iterator[None]:
    """Run a neighbour on each of these CPUs, or on all, while the block lasts."""
    if cpus is None:
        cpus = sorted(os.sched_getaffinity(0))
    with running([["-m", "benchmarks.company", NEIGHBOUR, str(cpu)] for cpu in cpus]):
        yield


@contextmanager
def spinners(count: int, *cpus: int) -> Iterator[None]:
    """Run processes that only compute while the block lasts, on these CPUs or on any."""
    with running([["-c", SPINNER, *map(str, cpus)]] * count):
        yield


@contextmanager
def running(programs: Sequence[Sequence[str]]) -> Iterator[None]:
    """Run Python with each list of arguments, in the root of the repository, while the block lasts.

    Raises:
        SystemExit: one of them ended by itself, so that the block was not measured beside it.
    """
    found = [subprocess.Popen([sys.executable, *words], cwd=ROOT) for words in programs]
    try:
        yield
        for words, process in zip(programs, found, strict=True):
            if (code := process.poll()) is not None:
                sys.exit(
                    f"what should have run beside the benchmark ended by itself with exit code "
                    f"{code}, so that part of it was measured alone: {one_line(' '.join(words))}"
                )
    finally:
        for process in found:
            process.kill()
            process.wait()


def measure(
    folder: Path, suite: str, company: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Session:
    """Return a session; measure it if it is not kept.

    It is kept only if it came to its end, and if its company was there so long.

    Args:
        folder: where to keep it.
        suite: what to measure.
        company: runs other programs beside it.
    """
    if not (folder / SESSION_FILE).exists():
        under_way = folder.with_name(f"{folder.name}-under-way")
        shutil.rmtree(under_way, ignore_errors=True)
        call = [sys.executable, "-P", "-m", "crawlbench", "run", suite, "-q", "-o", str(under_way)]
        with company():
            subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
        under_way.rename(folder)
    return load_session(folder)


def verdicts(session: Session) -> dict[tuple[str, str], Verdict]:
    """Return the answers by pair, on wall time."""
    return {
        (one.cell, one.baseline): one.verdict
        for one in session.comparisons
        if one.quantity is Quantity.TIME and one.is_answered
    }


def tell(name: str, session: Session, truth: list[dict[tuple[str, str], Verdict]]) -> None:
    """Print how many pairs a session answered, and which answers are wrong."""
    found, base = verdicts(session), session.against_baseline()
    wrong = [
        pair
        for pair, verdict in found.items()
        if (known := [one[pair] for one in truth if pair in one]) and verdict not in known
    ]
    pairs = sum(one.quantity is Quantity.TIME for one in session.comparisons)
    print(
        f"{name:12} {sum(one.is_answered for one in base):2} of {len(base)} against the baseline, "
        f"{len(found):2} of {pairs} pairs, wrong {len(wrong)}, {len(session.rounds)} rounds, "
        f"{session.seconds:.0f} s{''.join(f'; wrong: {pair}' for pair in wrong)}",
        flush=True,
    )


def main() -> None:
    """Measure, and print a line for each session."""
    if sys.argv[1:2] == [NEIGHBOUR]:
        be_neighbour(int(sys.argv[2]))
        return
    options = read_words(__doc__, quiet=3, disturbed=10, suite="default")
    KEPT.mkdir(parents=True, exist_ok=True)
    truth = []
    for number in range(options.quiet):
        session = measure(KEPT / f"quiet-{number}", options.suite)
        truth.append(verdicts(session))
        tell(f"quiet {number}", session, truth)
    for number in range(options.disturbed):
        session = measure(KEPT / f"company-{number}", options.suite, neighbours)
        tell(f"company {number}", session, truth)


if __name__ == "__main__":
    main()
