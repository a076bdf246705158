"""The process in which values are taken: `python -m crawlbench.measure.worker` (floor 3).

It is a pyperf worker (`--worker --loops=... -o FILE`), each of whose values waits at the turnstile
first. The manager's job comes as JSON in the environment; what is measured is a `Task`.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import sys
import traceback
from dataclasses import asdict
from gc import collect, freeze
from typing import TYPE_CHECKING, Any, Protocol

import pyperf

from crawlbench.base.errors import LoopRefusal
from crawlbench.base.offspring import keep_descendants
from crawlbench.base.usage import peak_rss_bytes, reset_peak_rss, rss_bytes
from crawlbench.measure.gate import Gate
from crawlbench.measure.job import JOB_VARIABLE
from crawlbench.measure.leaving import Leaving
from crawlbench.measure.seal import Rest, Seal, await_kernel_threads, await_kernel_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.digest import Row
    from crawlbench.base.stopwatch import Timing
    from crawlbench.measure.job import Expected, Job, Told

LARGE_BYTES = 16 * 2**20


class Task(Protocol):
    """What a cell does in its values: crawls, or an operation of an event loop."""

    closes_loops: bool
    """Whether the task is to make and close event loops, hundreds of them in a value."""

    def run(self, loops: int) -> Timing:
        """Do it `loops` times; return the time of all together, which this method itself takes."""

    def look(self) -> dict[str, object]:
        """Return what `Conduct` needs to know about what the last value read."""

    def tell(self, *, is_alone: bool) -> Told:
        """Return what `Value` needs to know about the last value, besides times and memory."""

    def show(self) -> list[list[Row]]:
        """Return what each crawl of the last value returned."""


def main() -> None:
    """Take the values that the command line asks for, one per turn."""
    leaving = Leaving()
    job: Job = json.loads(os.environ[JOB_VARIABLE])
    settle_allocator()
    keep_descendants()
    event_loops = watch_event_loops()
    gate = Gate(job["port"], job["token"], job["cell"]["name"])
    try:
        assert_environment(job["environment"])
        make_task = _find_task(job)
        seal = seal_ours()
        task = make_task(seal)
        seal.move_to(job["cpus"])
        turn = _Turn(task, seal, gate, job["timeout_s"], event_loops, job["all_cpus"])
        runner = pyperf.Runner(metadata=job["metadata"])  # moves to the CPUs of --affinity
        gate.say({"kind": "ready", "cpus": seal.cpus})
        turn.wait()
        runner.bench_time_func(job["cell"]["name"], turn.take_value)
        leaving.is_done = True
    except Exception as error:
        tell_error(gate, error)
        sys.exit(1)


def tell_error(gate: Gate, error: Exception) -> None:
    """Tell the manager about an exception while it is being handled."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    is_refusal = isinstance(error, LoopRefusal)
    told = {"reason": str(error) if is_refusal else reason, "is_refusal": is_refusal}
    gate.say({"kind": "raised", **told, "detail": traceback.format_exc()})


def settle_allocator() -> None:
    """Free one large block, so that all workers have the allocator in the same state.

    glibc takes large blocks from the system and returns them, at two page faults each, until a
    block of that size has been freed. asyncio asks for 256 KiB with every `recv`: some operations
    took twice as long, and did so in every round, if a worker happened not to free that much during
    its imports.
    """
    bytearray(LARGE_BYTES)


def seal_ours() -> Seal:
    """Seal everything of ours, and freeze it, before anything of a contestant is imported.

    The garbage collector then passes over some 30,000 objects that are no garbage. Walking through
    them takes 10 ms, before each value, and also within a value that is long enough for a full
    collection, where it would be charged to the contestant.
    """
    seal = Seal()
    freeze()
    return seal


def assert_environment(expected: Expected | None) -> None:
    """Check that this is the right environment; None means the manager's own.

    Raises:
        Exception: it is another one.
    """
    if expected:
        from crawlbench.measure import within  # noqa: PLC0415  (only some workers need it)

        within.assert_environment(expected)


def _find_task(job: Job) -> Callable[[Seal], Task]:
    """Return what loads the contestant and makes its task, and seals what else it loads.

    Only what the cell needs is imported, because some sessions have hundreds of workers.
    """
    if job["cell"]["operation"]:
        from crawlbench.measure.operating import Operating  # noqa: PLC0415

        return lambda _: Operating(job)
    from crawlbench.measure.crawling import Crawling  # noqa: PLC0415

    return Crawling(job).load


class _Turn:
    """How one cell takes a value."""

    def __init__(
        self,
        task: Task,
        seal: Seal,
        gate: Gate,
        timeout_s: float,
        event_loops: set[str],
        all_cpus: list[int],
    ) -> None:
        self._task = task
        self._seal = seal
        self._rest_cpu_s = self._rest_s = 0.0
        self._has_begun = False
        self._gate = gate
        self._timeout_s = timeout_s
        self._all_cpus = all_cpus
        self._event_loops = event_loops

    def take_value(self, loops: int) -> float:
        """Do the task `loops` times, report, wait for the next turn, and return the total seconds.

        The wait comes last, so that even after its last value a worker stands still until the lap
        is over: pyperf's own work at the end would disturb those who still measure.
        """
        collect()
        timing, base_rss_bytes = time_task(self._task, loops, self._timeout_s, self._event_loops)
        worked_s = await_kernel_work() if self._task.closes_loops else 0.0
        self._report(timing, base_rss_bytes)
        self.wait()
        self._rest_cpu_s += worked_s
        return timing.seconds

    def wait(self) -> None:
        """Stand still until the manager gives the turn; show what was crawled if asked.

        When the round is over, all workers end at once, and may use all CPUs for that.
        """
        rest = Rest()
        while (kind := self._gate.wait()["kind"]) == "show":
            self._gate.say({"kind": "crawls", "crawls": self._task.show()})
            rest = Rest()
        if self._has_begun:  # before that, what an import started may still be settling
            self._rest_cpu_s, self._rest_s = rest.stop()
        self._has_begun = True
        if kind == "end" and self._all_cpus:
            os.sched_setaffinity(0, self._all_cpus)

    def _report(self, timing: Timing, base_rss_bytes: int | None) -> None:
        message = describe_value(self._task, timing, base_rss_bytes, self._event_loops)
        message["conduct"] |= {
            "rest_cpu_s": self._rest_cpu_s,
            "rest_s": self._rest_s,
            "broken": self._seal.find_broken(),
            "cpus": len(self._seal.cpus),
        }
        self._gate.say(message)


def time_task(
    task: Task, loops: int, timeout_s: float, event_loops: set[str]
) -> tuple[Timing, int | None]:
    """Do a task `loops` times; return the time of all together, and resident memory before.

    The caller has let Python collect its garbage.

    Args:
        task: what is measured.
        loops: how often to do it.
        timeout_s: the time after which this process ends itself, with a traceback.
        event_loops: cleared first, then gains those that run; see `watch_event_loops`.
    """
    reset_peak_rss()
    event_loops.clear()
    base_rss_bytes = rss_bytes()
    faulthandler.dump_traceback_later(timeout_s, exit=True)
    timing = task.run(loops)
    faulthandler.cancel_dump_traceback_later()
    await_kernel_threads()
    return timing, base_rss_bytes


def describe_value(
    task: Task, timing: Timing, base_rss_bytes: int | None, event_loops: set[str]
) -> dict[str, Any]:
    """Return the report on a value for the manager, without how still the process stood.

    The peak of resident memory is None if the task used other processes, whose memory is not known
    here.
    """
    read = task.look()  # before anything looks at what was crawled
    peak = peak_rss_bytes() if timing.is_alone else None  # before the task makes its rows
    return {
        "kind": "value",
        "seconds": timing.seconds,
        "used": asdict(timing.used),
        "base_rss_bytes": base_rss_bytes,
        "peak_rss_bytes": peak,
        "event_loops": sorted(event_loops),
        "conduct": {"started_at": timing.started_at, **read},
        **task.tell(is_alone=timing.is_alone),
    }


def watch_event_loops() -> set[str]:
    """Return a set that gains the top-level module of every event loop that starts to run.

    Loops announce themselves with `_set_running_loop`, once per start and once per stop, so this
    adds nothing to what they do in between. uvloop looks the function up when it is imported, so
    this must come first.
    """
    modules: set[str] = set()
    announce = asyncio.events._set_running_loop

    def watch(loop: asyncio.AbstractEventLoop | None) -> None:
        if loop is not None:
            modules.add(type(loop).__module__.partition(".")[0])
        announce(loop)

    asyncio.events._set_running_loop = asyncio._set_running_loop = watch
    return modules


if __name__ == "__main__":
    main()
