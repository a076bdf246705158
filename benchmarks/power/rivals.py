"""The other harnesses, each used as its documentation advises.

Each measures blocks of one side with its own command, and concludes by its own code: from recorded
values, or live, from its first command to its answer.
"""

from __future__ import annotations

import json
import math
import re
import shlex
import statistics
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import pyperf
from asv.commands.compare import _is_result_better
from asv.runner import BENCHMARK_RUN_SCRIPT
from asv_runner.statistics import compute_stats
from benchmarks.power.records import Block, Said
from pyperf._utils import is_significant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.power.ground import Ground
    from benchmarks.power.pieces import Level

MARGIN_PERCENT = 1
"""The difference that does not matter, for harnesses that ask for one: half of the planted one."""
_FACTOR = 1 + MARGIN_PERCENT / 100


class Rival(Protocol):
    """One harness."""

    def record(self, ground: Ground, level: Level) -> list[Block]:
        """Measure blocks of both sides in turn."""
        ...

    def say(self, base: Sequence[float], head: Sequence[float]) -> Said:
        """Return the harness's conclusion from the values of both sides."""
        ...

    def ask(self, ground: Ground, seconds: float) -> int:
        """Compare both sides, from first command to answer; return the sign of the answer."""
        ...


class _InBlocks:
    """A harness that measures one side as a whole, then the other."""

    def record(self, ground: Ground, level: Level) -> list[Block]:
        """Measure as many blocks as the level has."""
        return [self.take(ground, place % 2, level.block_s) for place in range(level.blocks)]

    def take(self, ground: Ground, side: int, seconds: float) -> Block:
        """Measure one block of about this many seconds."""
        raise NotImplementedError


class Pyperf(_InBlocks):
    """`python bench.py -o FILE` for each side, then `pyperf compare_to`."""

    def __init__(self) -> None:
        self._worker_s = 1.2

    def take(self, ground: Ground, side: int, seconds: float) -> Block:
        """Let pyperf start one worker after the other; the first one calibrates."""
        began = time.time()
        runs = self._run(ground, side, self._count(seconds))
        took = time.time() - began
        self._worker_s = took / (len(runs) + 1)
        values = []
        for run in runs:
            about = run.get_metadata()
            ended = datetime.fromisoformat(about["date"]).timestamp() + about["duration"]
            values += [(ended - began, value) for value in run.values]
        return Block(side, took, tuple(values))

    def _count(self, seconds: float) -> int:
        return max(2, round(seconds / self._worker_s) - 1)

    def _run(self, ground: Ground, side: int, count: int) -> list[pyperf.Run]:
        path = ground.folder / f"pyperf-{side}.json"
        path.unlink(missing_ok=True)
        ground.run(side, "bench_crawl.py", "-p", str(count), "--quiet", "-o", str(path))
        (bench,) = pyperf.BenchmarkSuite.load(str(path)).get_benchmarks()
        return [run for run in bench.get_runs() if run.values]

    def say(self, base: Sequence[float], head: Sequence[float]) -> Said:
        """Compare as `compare_to --min-speed` does."""
        if min(len(base), len(head)) < 2 or len(base) != len(head):
            # pyperf's t test needs equal counts; without the test everything is "significant".
            count = min(len(base), len(head))
            base, head = base[len(base) - count :], head[:count]
        if len(base) < 2:
            return Said(0, 0.0)
        is_told, _ = is_significant(base, head)
        ratio = statistics.fmean(head) / statistics.fmean(base)
        is_told = is_told and abs(_percent(ratio)) >= MARGIN_PERCENT
        return Said(_sign(ratio) if is_told else 0, math.log(ratio))

    def ask(self, ground: Ground, seconds: float) -> int:
        """Measure both sides, and let pyperf compare its files."""
        count = self._count(seconds / 2)
        for side in (0, 1):
            self._run(ground, side, count)  # equal counts, or pyperf would not test
        files = [f"pyperf-{side}.json" for side in (0, 1)]
        call = ("-m", "pyperf", "compare_to", *files, "--min-speed", str(MARGIN_PERCENT))
        found = ground.run(0, *call)
        if "ot significant" in found.text:
            return 0
        return 1 if "slower" in found.text else -1


class PytestBenchmark(_InBlocks):
    """`pytest --benchmark-save`, then `pytest --benchmark-compare-fail`."""

    def __init__(self) -> None:
        self._around_s = 1.5

    def take(self, ground: Ground, side: int, seconds: float) -> Block:
        """Run the test for about this many seconds."""
        path = ground.folder / f"pytest-{side}.json"
        began = time.time()
        self._run(ground, side, seconds, f"--benchmark-json={path}")
        took = time.time() - began
        data = json.loads(path.read_text(encoding="utf-8"))["benchmarks"][0]["stats"]["data"]
        self._around_s = max(0.0, took - sum(data))
        return Block(side, took, _ended(data, took))

    def _run(
        self, ground: Ground, side: int, seconds: float, *more: str, codes: tuple[int, ...] = (0,)
    ) -> int:
        longest = max(0.5, seconds - self._around_s)
        call = ("-m", "pytest", "test_crawl.py", "-q", "-p", "no:cacheprovider")
        options = ("--benchmark-only", f"--benchmark-max-time={longest:.2f}")
        return ground.run(side, *call, *options, *more, codes=codes).code

    def say(self, base: Sequence[float], head: Sequence[float]) -> Said:
        """Compare the fastest rounds, as `--benchmark-compare-fail=min:1%` does."""
        if not (base and head):
            return Said(0, 0.0)
        ratio = min(head) / min(base)
        return Said(_sign(ratio) if _percent(ratio) > MARGIN_PERCENT else 0, math.log(ratio))

    def ask(self, ground: Ground, seconds: float) -> int:
        """Save one side, compare the other with it, and see whether the suite fails."""
        self._run(ground, 0, seconds / 2, "--benchmark-save=base")
        against = ("--benchmark-compare=*_base", f"--benchmark-compare-fail=min:{MARGIN_PERCENT}%")
        code = self._run(ground, 1, seconds / 2, *against, codes=(0, 1))
        return int(code == 1)


class Hyperfine(_InBlocks):
    """`hyperfine -N --warmup 3 A B`, then its own `welch_ttest.py`."""

    WARMUPS = 3

    def __init__(self) -> None:
        self._program_s = 0.6

    def take(self, ground: Ground, side: int, seconds: float) -> Block:
        """Let it run the program often enough to fill the block."""
        path = ground.folder / "hyperfine.json"
        began = time.time()
        call = [*self._options(seconds, path), f"{sys.executable} program.py"]
        ground.call(side, *call)
        took = time.time() - began
        times = json.loads(path.read_text(encoding="utf-8"))["results"][0]["times"]
        self._program_s = took / (len(times) + self.WARMUPS)
        return Block(side, took, _ended(times, took))

    def _options(self, seconds: float, path: Path) -> list[str]:
        runs = max(2, round(seconds / self._program_s) - self.WARMUPS)
        counts = ["--warmup", str(self.WARMUPS), "--runs", str(runs)]
        return ["hyperfine", "-N", "--style", "none", *counts, "--export-json", str(path)]

    def say(self, base: Sequence[float], head: Sequence[float]) -> Said:
        """Compare by Welch's t, as hyperfine's script does: a difference if p is below 0.05."""
        if min(len(base), len(head)) < 2:
            return Said(0, 0.0)
        from scipy import stats  # noqa: PLC0415  (takes a second to import)

        score, p = stats.ttest_ind(head, base, equal_var=False)
        ratio = statistics.fmean(head) / statistics.fmean(base)
        return Said(int(math.copysign(1, score)) if p < 0.05 else 0, math.log(ratio))

    def ask(self, ground: Ground, seconds: float) -> int:
        """Let it run both programs, and apply its script's rule to its file."""
        path = ground.folder / "hyperfine.json"
        programs = [
            shlex.join(
                [
                    *("env", f"PYTHONPATH={ground.environment(side)['PYTHONPATH']}"),
                    *(sys.executable, "program.py"),
                ]
            )
            for side in (0, 1)
        ]
        ground.call(0, *self._options(seconds / 2, path), *programs)
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
        return self.say(*(one["times"] for one in results)).sign


class Asv:
    """`asv continuous --interleave-rounds -a rounds=N -f 1.01`: a process a round, in turn."""

    BENCHMARK = "bench.time_crawl"

    def record(self, ground: Ground, level: Level) -> list[Block]:
        """Measure rounds of both sides in turn, by asv's own code, as asv itself does."""
        ends_at = time.time() + level.seconds
        blocks: list[Block] = []
        while time.time() < ends_at or len(blocks) % 2:
            blocks.append(self._take(ground, len(blocks) % 2))
        return blocks

    def _take(self, ground: Ground, side: int) -> Block:
        path = ground.folder / "asv.json"
        began = time.time()
        call = (BENCHMARK_RUN_SCRIPT, "run", str(ground.folder / "benchmarks"), self.BENCHMARK)
        ground.run(side, *call, json.dumps({"rounds": 4}), "None", str(path))
        took = time.time() - began
        return Block(side, took, _ended(json.loads(path.read_text())["samples"], took))

    def say(self, base: Sequence[float], head: Sequence[float]) -> Said:
        """Compare as `asv continuous -f 1.01` does."""
        if not (base and head):
            return Said(0, 0.0)
        sides = [(compute_stats(list(values), 1), list(values)) for values in (base, head)]
        middles = [found[0] for found, _ in sides]
        known = [(found[1], values) for found, values in sides]
        is_slower = _is_result_better(middles[0], middles[1], known[0], known[1], _FACTOR)
        is_faster = _is_result_better(middles[1], middles[0], known[1], known[0], _FACTOR)
        return Said(int(is_slower) - int(is_faster), math.log(middles[1] / middles[0]))

    def ask(self, ground: Ground, seconds: float) -> int:
        """Let asv compare two commits, in environments that it makes."""
        from benchmarks.power.commits import Commits  # noqa: PLC0415  (needs git)

        text = Commits(ground).compare(_FACTOR, seconds)
        if re.search(r"PERFORMANCE DECREASED", text):
            return 1
        return -1 if re.search(r"PERFORMANCE INCREASED", text) else 0


RIVALS: dict[str, Rival] = {
    "pyperf": Pyperf(),
    "pytest-benchmark": PytestBenchmark(),
    "asv": Asv(),
    "hyperfine": Hyperfine(),
}


def _ended(values: Sequence[float], took: float) -> tuple[tuple[float, float], ...]:
    """Return each value with the time at which it ended; the last one ends with its block."""
    found, ends = [], took
    for value in reversed(values):
        found.append((ends, value))
        ends -= value
    return tuple(reversed(found))


def _percent(ratio: float) -> float:
    return 100 * (ratio - 1)


def _sign(ratio: float) -> int:
    return 1 if ratio > 1 else -1
