"""Checks whether `crawlbench ab` finds planted differences, and no others.

    python -m benchmarks.planted [PART ...]

Two copies of a package make the same crawl; one of them makes it longer by a known share. A part
compares the plain copy with another in a number of sessions, at a margin and with a budget: see
`PARTS`. Each session's answer is kept in results/planted and not measured again, so that a part can
be measured in pieces and on several days. First a plain loop, which shares no code with the
sessions, measures how much longer each copy really takes. Exits with 1 if a complete part did not
find what it should.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.company import spinners
from benchmarks.usage import read_words

from crawlbench.report.numbers import format_interval, format_ratio

KEPT = Path("results/planted")

STRATEGY = '''
"""One page after another, and then as much longer as a planted package says."""

import time

import planted

from crawlbench.strategies.http_client_serial import crawl as crawl_plainly


def crawl(site, concurrency):
    start = time.{clock}()
    items = crawl_plainly(site, concurrency)
    end = time.{clock}() + (time.{clock}() - start) * planted.SHARE
    while time.{clock}() < end:
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
TRUTH = '''
"""Times both copies in turn, by a loop of its own, and prints the ratio of each pair."""

import random
import sys
import time

import planted_crawl
from crawlbench import mirror
from crawlbench.plugins import registry
from crawlbench.measure.crawling import make_site

spec = registry.load(registry.Kind.SITE, "douban-top250")
read = registry.load(registry.Kind.PARSER, "lxml")(spec)
with mirror("douban-top250", "loopback") as served:
    site = make_site(spec, served.url, read, None)
    for _ in range(int(sys.argv[2])):
        seconds = {}
        for share in random.sample((0.0, float(sys.argv[1])), 2):
            planted_crawl.planted.SHARE = share
            start = time.perf_counter()
            planted_crawl.crawl(site, 1)
            seconds[share or "plain"] = time.perf_counter() - start
        print(seconds[float(sys.argv[1]) or "plain"] / seconds["plain"])
'''
TRUTH_PAIRS = 300


@dataclass(frozen=True, slots=True)
class Part:
    """Sessions of one kind, and what they must find."""

    sessions: int
    share: float
    """The share by which the other copy takes longer."""
    budget_s: float
    margin_percent: float
    wanted: frozenset[str]
    """Verdicts that are right."""
    most_others: int
    """How many sessions may end with another verdict."""
    answer: str = "changes"
    """The key in the answer: changes of wall time, or `cpu_changes`."""
    spinners: int = 0
    """How many processes do nothing but compute during the session."""


ANYTHING = frozenset({"faster", "slower", "same", "unclear"})
PARTS = {
    "5": Part(10, 0.05, 30, 2, frozenset({"slower"}), 1),
    "2": Part(10, 0.02, 120, 0.5, frozenset({"slower"}), 2),
    "1-coarse": Part(20, 0.01, 60, 2, ANYTHING - {"slower", "faster"}, 1),
    "1-fine": Part(20, 0.01, 60, 0.5, ANYTHING - {"same", "faster"}, 1),
    "itself": Part(20, 0.0, 90, 2, frozenset({"same"}), 1),
    "5-loaded": Part(10, 0.05, 60, 2, frozenset({"slower"}), 2, "cpu_changes", 2),
    "itself-loaded": Part(20, 0.0, 60, 2, ANYTHING - {"slower", "faster"}, 1, "cpu_changes", 2),
}


def main() -> None:
    """Measure what is missing in the parts, and print the results."""
    parts = read_words(__doc__, "part").part or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"unknown part {min(unknown)!r}; known: {', '.join(PARTS)}")
    KEPT.mkdir(parents=True, exist_ok=True)
    is_right = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in parts:
            write_strategy(folder, PARTS[part])
            write_copy(folder, PARTS[part].share)
            is_right &= measure_part(part, PARTS[part], folder)
    sys.exit(not is_right)


def measure_part(name: str, part: Part, folder: Path) -> bool:
    """Measure the missing sessions of a part, and return whether it found what it should."""
    kept = KEPT / f"{name}.jsonl"
    answers = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    print(f"{name}: the copy takes {measure_truth(folder, part.share)} of the other's time")
    for number in range(len(answers), part.sessions):
        with spinners(part.spinners):
            answers.append(measure(folder, part, number))
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(answers[-1]) + "\n")
        print(f"{name}: {describe(answers[-1])}", flush=True)
    verdicts = Counter(answer["verdict"] for answer in answers)
    others = sum(count for verdict, count in verdicts.items() if verdict not in part.wanted)
    found = ", ".join(f"{verdict} in {count}" for verdict, count in verdicts.most_common())
    seconds = statistics.median(answer["seconds"] for answer in answers)
    print(
        f"{name}: {found} of {len(answers)} sessions; {' or '.join(sorted(part.wanted))} is right, "
        f"{part.most_others} may end otherwise; the median session took {seconds:.0f} s"
    )
    return others <= part.most_others


def write_strategy(folder: Path, part: Part) -> None:
    """Write the strategy, which makes crawls longer by wall time, or at load by CPU time."""
    clock = "process_time" if part.spinners else "perf_counter"
    (folder / "planted_crawl.py").write_text(STRATEGY.format(clock=clock), encoding="utf-8")


def write_copy(folder: Path, share: float) -> None:
    """Write the plain package, and one whose crawls take longer by a share."""
    for name, value in (("plain", 0.0), ("copy", share)):
        package = folder / name / "planted"
        package.mkdir(parents=True, exist_ok=True)
        (package.parent / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        (package / "__init__.py").write_text(f"SHARE = {value}\n", encoding="utf-8")


def measure_truth(folder: Path, share: float) -> str:
    """Return how much longer a copy really takes, with the interval of its mean at 95 %."""
    if not share:
        return "1"
    path = os.pathsep.join([str(folder), str(folder / "copy")])
    command = [sys.executable, "-c", TRUTH, str(share), str(TRUTH_PAIRS)]
    environment = {**os.environ, "PYTHONPATH": path}
    told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    ratios = sorted(float(line) for line in told.stdout.splitlines())
    middle = ratios[len(ratios) // 4 : -len(ratios) // 4]
    # The error of the mean of the middle half, by Tukey and McLaughlin.
    ends = ratios[len(ratios) // 4], ratios[-len(ratios) // 4 - 1]
    winsorised = [min(max(ratio, ends[0]), ends[1]) for ratio in ratios]
    error = statistics.stdev(winsorised) / (0.5 * math.sqrt(len(ratios)))
    mean = statistics.fmean(middle)
    return f"{mean:.4f} ({mean - 1.96 * error:.4f} to {mean + 1.96 * error:.4f})"


def measure(folder: Path, part: Part, number: int) -> dict[str, Any]:
    """Compare the plain copy with the other, and return the answer."""
    output = folder / f"out-{part.share}-{part.margin_percent}-{part.spinners}-{number}"
    options = ["-s", "planted_crawl.py", "--budget", str(part.budget_s)]
    margin = ["--margin", str(part.margin_percent)]
    command = [sys.executable, "-m", "crawlbench", "ab", "plain", "copy", *options, *margin]
    start = time.monotonic()
    ended = subprocess.run(
        [*command, "-o", str(output)], cwd=folder, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - start
    told = output / "answer.json"
    if not told.exists():
        raise SystemExit(f"crawlbench ab measured nothing:\n{ended.stderr}")
    (change,) = json.loads(told.read_text(encoding="utf-8"))[part.answer]
    return {**change, "seconds": seconds, "code": ended.returncode, "date": time.strftime("%F")}


def describe(answer: dict[str, Any]) -> str:
    """Return a session's answer in words."""
    found = answer["reason"]
    if answer["estimate"] is not None:
        ends = answer["low"], answer["high"]
        found = f"{format_ratio(answer['estimate'], *ends)} ({format_interval(*ends)})"
    return f"{answer['verdict']}: {found}, {answer['rounds']} rounds, {answer['seconds']:.0f} s"


if __name__ == "__main__":
    main()
