"""What all harnesses measure: one crawl, and a copy of it that takes longer by a known share.

The crawl is that of `benchmarks/planted.py`: ten pages from a mirror in another process, read by
lxml. Each side is a package on the path; it defines the share of its own time by which a crawl is
made longer, by computing. Programs are made longer by the same share of all of their time,
including the start of Python.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.company import neighbours
from benchmarks.planted import STRATEGY, write_copy

from crawlbench.mirror.handle import ServedMirror

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SIDES = ("plain", "copy")
"""The packages of the two sides; the second may take longer."""
CRAWLS = 5
"""How many crawls one run of the program makes."""
TRUTH_PAIRS = 100
TARGET = '''
"""One crawl of the mirror, which is longer by what the package `planted` on the path says."""

from pathlib import Path

import planted_crawl
from crawlbench.measure.crawling import make_site
from crawlbench.plugins import registry

_SPEC = registry.load(registry.Kind.SITE, "douban-top250")
_READ = registry.load(registry.Kind.PARSER, "lxml")(_SPEC)
_SITE = make_site(_SPEC, Path(__file__).with_name("url").read_text(), _READ, None)


def crawl():
    return planted_crawl.crawl(_SITE, 1)
'''
PROGRAM = '''
"""A program of some crawls, which takes longer by what the package `planted` says."""

import time

began = time.perf_counter() - time.process_time()  # what Python took to start is in it

import planted_crawl
import target

share, planted_crawl.planted.SHARE = planted_crawl.planted.SHARE, 0.0
for _ in range({crawls}):
    target.crawl()
now = time.perf_counter()
end = now + (now - began) * share
while time.perf_counter() < end:
    pass
'''
PYTEST = """
import target


def test_crawl(benchmark):
    benchmark(target.crawl)
"""
PYPERF = """
import pyperf
import target

pyperf.Runner().bench_func("crawl", target.crawl)
"""
ASV = """
import target


def time_crawl():
    target.crawl()
"""


@dataclass(frozen=True, slots=True)
class Told:
    """How a command ended."""

    code: int
    text: str
    """What it printed."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The folder with everything that is measured, and the mirror that serves its site."""

    folder: Path
    share: float
    """The share by which the copy takes longer."""
    cpu: int
    """The CPU on which everything except the mirror runs."""

    def environment(self, side: int) -> dict[str, str]:
        """Return the environment variables with which a side is measured."""
        path = os.pathsep.join([str(self.folder), str(self.folder / SIDES[side])])
        # asv removes the usual variable.
        paths = {"PYTHONPATH": path, "ASV_PYTHONPATH": path}
        return {**os.environ, **paths, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, side: int, *arguments: str, codes: tuple[int, ...] = (0,)) -> Told:
        """Run Python with these arguments in the folder, on the measuring CPU."""
        return self.call(side, sys.executable, *arguments, codes=codes)

    def call(
        self,
        side: int,
        *command: str,
        codes: tuple[int, ...] = (0,),
        environment: Mapping[str, str] | None = None,
    ) -> Told:
        """Run a command in the folder, on the measuring CPU; exit if its code is not in `codes`."""
        with on_cpu(self.cpu):
            child = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**self.environment(side), **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        try:
            text, complaint = child.communicate()
        finally:
            child.kill()  # has no effect on a process that has ended
        if child.returncode not in codes:
            raise SystemExit(f"{' '.join(command[:4])} failed:\n{complaint[-2000:]}{text[-2000:]}")
        return Told(child.returncode, text)


@contextmanager
def open_ground(folder: Path, share: float, *, has_company: bool) -> Iterator[Ground]:
    """Write both sides into a folder and serve their site, on request beside a neighbour.

    The neighbour works in bursts on the measuring CPU, and takes 30 % of it.
    """
    cpus = sorted(os.sched_getaffinity(0))
    write_sides(folder, share)
    with on_cpu(cpus[-1]):
        mirror = ServedMirror("douban-top250", "loopback")
        served = mirror.__enter__()
    try:
        (folder / "url").write_text(served.url, encoding="utf-8")
        with neighbours(cpus[:1] if has_company else []):
            yield Ground(folder, share, cpus[0])
    finally:
        mirror.__exit__(None, None, None)


def write_sides(folder: Path, share: float) -> None:
    """Write the crawl, its two packages, and the files that each harness needs."""
    texts = {
        "planted_crawl.py": STRATEGY.format(clock="perf_counter"),
        "target.py": TARGET,
        "program.py": PROGRAM.format(crawls=CRAWLS),
        "test_crawl.py": PYTEST,
        "bench_crawl.py": PYPERF,
        "benchmarks/bench.py": ASV,
        "benchmarks/__init__.py": "",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip(), encoding="utf-8")
    write_copy(folder, share)


@contextmanager
def on_cpu(cpu: int) -> Iterator[None]:
    """Let child processes that start in the `with` block run on one CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


TRUTH = '''
"""Times crawls of both sides in turn, by a loop of its own, and prints the ratio of each pair."""

import random
import sys
import time

import planted_crawl
import target

share, pairs = float(sys.argv[1]), int(sys.argv[2])
for _ in range(pairs):
    seconds = [0.0, 0.0]
    for side in random.sample((0, 1), 2):
        planted_crawl.planted.SHARE = share * side
        start = time.perf_counter()
        target.crawl()
        seconds[side] = time.perf_counter() - start
    print(seconds[1] / seconds[0])
'''


def measure_crawls(ground: Ground) -> list[float]:
    """Return how much longer the copy's crawl takes, pair by pair, without any harness."""
    told = ground.run(0, "-c", TRUTH, str(ground.share), str(TRUTH_PAIRS))
    return [float(line) for line in told.text.split()]


def measure_programs(ground: Ground) -> list[float]:
    """Return how much longer the copy's program takes, pair by pair."""
    found = []
    for _ in range(TRUTH_PAIRS):
        seconds = [0.0, 0.0]
        for side in random.sample((0, 1), 2):
            start = time.perf_counter()
            ground.run(side, "program.py")
            seconds[side] = time.perf_counter() - start
        found.append(seconds[1] / seconds[0])
    return found


def middle_of(ratios: list[float]) -> float:
    """Return the mean of the middle half."""
    kept = sorted(ratios)[len(ratios) // 4 : len(ratios) - len(ratios) // 4]
    return sum(kept) / len(kept)
