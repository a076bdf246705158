"""Checks that the suite `loops` finds a loop that is 5 % slower in `call-soon` in three minutes.

    python -m benchmarks.planted_loop [SESSIONS [BUDGET_S]]

How much extra work makes the loop of `slow_loop.py` 5 % slower, and how much slower it then really
is, is measured first, without crawlbench: both loops take turns in one process. Then each session
measures all operations on asyncio's loop and on the slow one. Prints a line for each session; exits
with 1 if one of them does not call `call-soon` slower, or if it excludes the truth by more than a
third of its interval's width.
"""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import slow_loop
from benchmarks.loops import write_suite
from benchmarks.slow_loop import SlowLoop
from benchmarks.usage import read_words

from crawlbench.base.records import Quantity, Verdict
from crawlbench.measure.store import load_session
from crawlbench.report.measures import tell_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

SESSIONS, BUDGET_S = 3, 180.0
OPERATION = "call-soon"
PLANTED = 0.05
"""By what share the slow loop should be slower."""
CALLBACKS = 8_000
PAIRS = 400
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure the truth, then what sessions say of it."""
    options = read_words(__doc__, sessions=SESSIONS, budget_s=BUDGET_S)
    slow_loop.STEPS = round(slow_loop.STEPS * PLANTED / (measure_truth() - 1))
    truth = measure_truth()
    print(f"the slow loop really takes {truth:.3f} of asyncio's time for {OPERATION}", flush=True)
    results = [measure(seed, options.budget_s, truth) for seed in range(1, options.sessions + 1)]
    print(f"found in {sum(results)} of {len(results)} sessions")
    sys.exit(0 if all(results) else 1)


def measure_truth() -> float:
    """Return the slow loop's time over the stock loop's: the median of the ratios of pairs."""
    ratios = []
    for number in range(PAIRS):
        makers = (asyncio.SelectorEventLoop, SlowLoop)
        order = (0, 1) if number % 2 else (1, 0)
        seconds = {place: time_callbacks(makers[place]) for place in order}
        ratios.append(seconds[1] / seconds[0])
    return median(ratios)


def time_callbacks(make: Callable[[], asyncio.AbstractEventLoop]) -> float:
    """Return the seconds in which a new loop is asked for callbacks, all at once, and runs them."""

    async def run() -> float:
        loop, ran = asyncio.get_running_loop(), [0]

        def count() -> None:
            ran[0] += 1

        began = time.perf_counter()
        for _ in range(CALLBACKS):
            loop.call_soon(count)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        took = time.perf_counter() - began
        assert ran == [CALLBACKS]
        return took

    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(run())


def measure(seed: int, budget_s: float, truth: float) -> bool:
    """Measure one session, print its result, and return whether it found the slow loop."""
    slow = f"{SlowLoop.__module__}:{SlowLoop.__name__}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session"
        suite = write_suite(Path(folder) / "loops.toml", budget_s)
        command = [sys.executable, "-m", "crawlbench", "run", str(suite)]
        command += ["-l", "asyncio", "-l", slow, "--seed", str(seed), "-o", str(path)]
        # Exit code 4 is possible: whatever else happens to a cell is not the question here.
        subprocess.run(
            command,
            check=False,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                slow_loop.VARIABLE: str(slow_loop.STEPS),
            },
            stdout=subprocess.DEVNULL,
        )
        session = load_session(path)
    (found,) = (
        one
        for one in session.against_baseline(Quantity.TIME)
        if session.plan.cell(one.cell).operation == OPERATION
    )
    head = f"session {seed}: {len(session.rounds)} rounds in {session.seconds:.0f} s"
    if found.estimate is None or found.low is None or found.high is None:
        print(f"{head}: {found.verdict}, without a ratio", flush=True)
        return False
    ratio, ends = tell_numbers(found)
    print(f"{head}: {ratio} ({ends}) {found.verdict}", flush=True)
    spare, true = (found.high - found.low) / 3, math.log(truth)
    return found.verdict is Verdict.SLOWER and found.low - spare <= true <= found.high + spare


if __name__ == "__main__":
    main()
