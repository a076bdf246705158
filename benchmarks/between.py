"""Compares sessions of the same code with each other, and counts false verdicts.

    python -m benchmarks.between [--sessions 12] [--minutes 10] [--suite quick]

Sessions lie apart in time, and before every second one both CPUs work for a minute. Each is kept as
a bundle in results/between when it ends, so that they can be measured one by one and on several
days. Then all pairs are compared as `crawlbench compare` does; the variance between sessions comes
from the sessions outside the pair. As nothing changed, `faster` and `slower` are false, and an
interval that does not contain equality has missed. Exits with 1 if more than 5 % of pairs have a
false verdict, if less than 90 % of intervals contain equality, or if the half-width for asyncio and
uvloop is above 1.5 %; with 3 if sessions are missing.
"""

from __future__ import annotations

import argparse
import math
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.company import spinners

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.records import Verdict
from crawlbench.base.storage import write_bytes
from crawlbench.measure.store import load_session
from crawlbench.reference.bundle import ENDING, encode_bundle, load_bundle, restore
from crawlbench.reference.submission import make_bundle
from crawlbench.report.numbers import format_share
from crawlbench.stats.compare import compare_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Session
    from crawlbench.stats.compare import SessionComparison

KEPT = Path(__file__).resolve().parent.parent / "results" / "between"
MARGIN = math.log1p(0.01)
HEAVY_S = 60.0
MAX_FALSE = 0.05
"""The share of pairs that may have a false verdict."""
MIN_COVERAGE = 0.9
MAX_HALF_WIDTH = 0.015
"""The largest half-width for the ratio of asyncio and uvloop from session to session."""
FALSE = {Verdict.FASTER, Verdict.SLOWER}


@dataclass(frozen=True, slots=True)
class Tally:
    """The results of all pairs of sessions."""

    pairs: int
    false: tuple[str, ...]
    """A line for each false verdict."""
    false_pairs: int
    held: int
    intervals: int
    half_widths: tuple[float, ...]
    """Half-widths for two event loops: one for each strategy of a pair that has both."""


def main() -> None:
    """Measure the missing sessions as far as time allows, and print the results so far."""
    options = _read_options()
    measure(options.sessions, options.suite, options.minutes)
    paths = sorted(KEPT.glob(f"{options.suite}-*{ENDING}"))
    sessions = [restore(load_bundle(path).content) for path in paths]
    missing = max(0, options.sessions - len(sessions))
    if len(sessions) < 2:
        print(f"{missing} of {options.sessions} sessions are missing; two are needed")
        sys.exit(3)
    tally = count(sessions)
    is_good = tell(tally)
    print(f"{missing} of {options.sessions} sessions are missing")
    sys.exit(3 if missing else 0 if is_good else 1)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--sessions", type=int, default=12, help="How many are compared.")
    parser.add_argument("--minutes", type=float, default=90, help="Begin none after this time.")
    parser.add_argument("--suite", default="quick", help="The suite to measure.")
    return parser.parse_args()


def measure(sessions: int, suite: str, minutes: float) -> None:
    """Measure the missing sessions as far as time allows, and keep each when it ends."""
    ends_at = time.monotonic() + minutes * 60
    for number in range(1, sessions + 1):
        path = KEPT / f"{suite}-{number:02}{ENDING}"
        if path.exists():
            continue
        if time.monotonic() >= ends_at:
            return
        if number % 2 == 0:
            with spinners(2):
                time.sleep(HEAVY_S)
        write_bytes(_make(path), encode_bundle(make_bundle(take(suite))))
        print(f"{path.name} is kept", flush=True)


def _make(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def take(suite: str) -> Session:
    """Measure one session."""
    folder = Path(tempfile.mkdtemp())
    try:
        call = ("run", suite, "-o", str(folder / "out"), "--quiet", "--no-page")
        command = python_command("crawlbench", *call)
        subprocess.run(command, env=clean_environment(), check=True, stdout=subprocess.DEVNULL)
        return load_session(folder / "out")
    finally:
        shutil.rmtree(folder)


def count(sessions: Sequence[Session]) -> Tally:
    """Compare every two sessions; the others show the variance between sessions."""
    false: list[str] = []
    false_pairs = held = intervals = 0
    half_widths: list[float] = []
    for one, two in combinations(range(len(sessions)), 2):
        others = [s for place, s in enumerate(sessions) if place not in {one, two}]
        found = compare_sessions(sessions[one], sessions[two], MARGIN, others)
        wrong = list(_false_of(found))
        false += [f"{one + 1} to {two + 1}: {line}" for line in wrong]
        false_pairs += bool(wrong)
        for change in found.changes:
            for seen in change.ways:
                held += seen.interval.low <= 0 <= seen.interval.high
                intervals += 1
        ends = [kin.seen.interval for kin in found.kin]
        half_widths += [math.expm1((one.high - one.low) / 2) for one in ends]
    pairs = len(sessions) * (len(sessions) - 1) // 2
    return Tally(pairs, tuple(false), false_pairs, held, intervals, tuple(half_widths))


def _false_of(found: SessionComparison) -> list[str]:
    changes = [f"{c.cell} is {c.verdict}" for c in found.changes if c.verdict in FALSE]
    kin = [f"{k.other} to {k.cell} is {k.seen.verdict}" for k in found.kin]
    return changes + [
        line for k, line in zip(found.kin, kin, strict=True) if k.seen.verdict in FALSE
    ]


def tell(tally: Tally) -> bool:
    """Print the counts; return whether all goals are met."""
    for line in tally.false:
        print(f"false: {line}")
    false, coverage = tally.false_pairs / tally.pairs, tally.held / tally.intervals
    print(f"{tally.false_pairs} of {tally.pairs} pairs of sessions have a false verdict")
    print(f"{format_share(coverage)} of {tally.intervals} intervals contain equality")
    width = median(tally.half_widths) if tally.half_widths else math.inf
    print(f"asyncio against uvloop: half-width {100 * width:.2f} %, the median of all pairs")
    return false <= MAX_FALSE and coverage >= MIN_COVERAGE and width <= MAX_HALF_WIDTH


if __name__ == "__main__":
    main()
