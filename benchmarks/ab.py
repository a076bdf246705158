"""Tells whether `crawlbench ab` finds a copy that is 5 % slower, and no other.

    python -m benchmarks.ab [SELF [PLANTED [BUDGET_S]]]

Holds a package against itself SELF times, then against copies that make the same crawl 5 % and 1 %
longer, PLANTED times each. Itself must be "the same" in 19 of 20; 5 % must be slower (exit code
1); 1 % may pass or be unclear (0 or 3), never fail. Also times the first and second use of an
environment, of which the second must take less than two seconds. Exits 1 if any of that is not so.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from crawlbench.report.numbers import format_interval, format_ratio

STRATEGY = '''
"""One page after another, and then as much longer as a planted package says."""

import time

import planted

from crawlbench.strategies.http_client_serial import crawl as crawl_plainly


def crawl(site, concurrency):
    start = time.perf_counter()
    items = crawl_plainly(site, concurrency)
    end = time.perf_counter() + (time.perf_counter() - start) * planted.SHARE
    while time.perf_counter() < end:
        pass
    return items
'''
PROJECT = """
[build-system]
requires = ["flit-core>=3.9"]
build-backend = "flit_core.buildapi"

[project]
name = "planted"
version = "1.0"
description = "planted"
"""
ALLOWED = {0.0: (0, 3), 0.05: (1,), 0.01: (0, 3)}
"""Exit codes that are right, by the share that a copy is slower."""
MIN_SAME = 0.95
"""Of the sessions of a package against itself."""
MAX_AGAIN_S = 2.0
"""For an environment that was built before to be ready."""


def main() -> None:
    """Measure and print."""
    numbers = [int(word) for word in sys.argv[1:]]
    itself, planted, budget_s = [*numbers, *(20, 3, 120)[len(numbers) :]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CRAWLBENCH_CACHE"] = str(folder / "cache")
        (folder / "planted_crawl.py").write_text(STRATEGY, encoding="utf-8")
        for share in ALLOWED:
            write_copy(folder, share)
        again_s = print_use(folder)
        codes, verdicts = Counter[tuple[float, int]](), Counter[tuple[float, str]]()
        for share, times in ((0.0, itself), (0.05, planted), (0.01, planted)):
            for number in range(times):
                code, verdict = measure(folder, share, number, budget_s)
                codes[share, code] += 1
                verdicts[share, verdict] += 1
    for (share, verdict), count in sorted(verdicts.items()):
        print(f"{share * 100:g} % slower: {verdict} in {count}")
    for (share, code), count in sorted(codes.items()):
        print(f"{share * 100:g} % slower: exit code {code} in {count}")
    is_same = verdicts[0.0, "same"] >= MIN_SAME * itself
    is_right = all(code in ALLOWED[share] for share, code in codes)
    sys.exit(not (is_same and is_right and again_s < MAX_AGAIN_S))


def write_copy(folder: Path, share: float) -> None:
    """Write a package whose crawls take so much longer."""
    package = name_copy(folder, share) / "planted"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (package / "__init__.py").write_text(f"SHARE = {share}\n", encoding="utf-8")


def name_copy(folder: Path, share: float) -> Path:
    """Return where the copy lies."""
    return folder / f"by-{share * 100:g}"


def print_use(folder: Path) -> float:
    """Print how long an environment takes at first and second use until it can be measured.

    Returns the seconds of the second.
    """
    command = [sys.executable, "-c", USE, str(name_copy(folder, 0.0))]
    seconds = 0.0
    for use in ("first", "second"):
        start = time.monotonic()
        subprocess.run(command, check=True, cwd=folder)
        seconds = time.monotonic() - start
        print(f"{use} use of an environment: {seconds:.1f} s", flush=True)
    return seconds


USE = """
import sys
from crawlbench.environments.spec import parse_sides
from crawlbench.measure.suite import load_suite
from crawlbench.environments.prepared import prepare_environments
prepare_environments(parse_sides(sys.argv[1:], ""), load_suite("ab"), lambda line: None)
"""


def measure(folder: Path, share: float, number: int, budget_s: int) -> tuple[int, str]:
    """Hold the plain copy against another, print what was found, return exit code and verdict."""
    output = folder / f"out-{share}-{number}"
    sides = [str(name_copy(folder, 0.0)), str(name_copy(folder, share))]
    options = ["-s", "planted_crawl.py", "--budget", str(budget_s), "--margin", "2"]
    command = [sys.executable, "-m", "crawlbench", "ab", *sides, *options, "-o", str(output)]
    start = time.monotonic()
    code = subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode
    answer = json.loads((output / "answer.json").read_text(encoding="utf-8"))
    (change,) = answer["changes"]
    if change["estimate"] is None:
        found = change["reason"]
    else:
        ends = change["low"], change["high"]
        found = f"{format_ratio(change['estimate'], *ends)} ({format_interval(*ends)})"
    bare = "" if change["low"] is None else f", half-width {half_width(change):.2f} %"
    print(
        f"{share * 100:g} % slower: {change['verdict']}, exit code {code}: {found}{bare}, "
        f"{change['rounds']} rounds, {time.monotonic() - start:.0f} s",
        flush=True,
    )
    return code, change["verdict"]


def half_width(change: dict[str, float]) -> float:
    """Return half of an interval in percent."""
    return math.expm1((change["high"] - change["low"]) / 2) * 100


if __name__ == "__main__":
    main()
