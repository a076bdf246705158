"""Where values are taken: what all workers and hosts do alike (floor 3; imported by workers).

The manager's job comes as JSON in the environment; what is measured is a `Task`.
"""

from __future__ import annotations

import asyncio
import atexit
import faulthandler
import json
import os
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict
from gc import freeze
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from crawlbench.base.errors import LoopRefusal
from crawlbench.base.offspring import keep_descendants
from crawlbench.base.stopwatch import Others
from crawlbench.base.usage import peak_rss_bytes, reset_peak_rss, rss_bytes
from crawlbench.measure.gate import ManagerLink
from crawlbench.measure.job import JOB_VARIABLE
from crawlbench.measure.seal import Rest, Seal, await_kernel_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.digest import Row
    from crawlbench.base.stopwatch import Timing
    from crawlbench.measure.job import Expected, Job, Told

LARGE_BYTES = 16 * 2**20
STANDARD_ERROR = 2
"""The file in which a hang is told: a contestant may have put something else in `sys.stderr`."""


class Task(Protocol):
    """What a cell does in its values: crawls, or an operation of an event loop."""

    closes_loops: bool
    """Whether the task is to make and close event loops, hundreds of them in a value."""

    def run(self, loops: int) -> Timing:
        """Do it `loops` times; return the time of all together, which this method itself takes."""

    def look(self) -> dict[str, object]:
        """Return the fields of the `Reading` of the last value; none where nothing is read."""

    def tell(self, *, is_alone: bool) -> Told:
        """Return what `Value` needs to know about the last value, besides times and memory."""

    def show(self) -> list[list[Row]]:
        """Return what each crawl of the last value returned."""


class Workplace:
    """The process in which values are taken: its job, its line to the manager, and its seal."""

    seal: Seal
    """Made by `seal_ours`."""

    def __init__(self, job: Job, gate: ManagerLink, event_loops: set[str]) -> None:
        """Take the job, the line to the manager, and the set of `watch_event_loops`."""
        self.job = job
        self.gate = gate
        self._event_loops = event_loops
        self._others: Others | None = None
        """What others had used when the last clock stopped, until the rest begins."""
        self._closing_s = 0.0
        """CPU seconds in which the last event loop was closed, until the rest begins."""

    def seal_ours(self) -> None:
        """Seal everything of ours, and freeze it, before anything of a contestant is imported.

        The garbage collector then passes over some 30,000 objects that are no garbage. Walking
        through them takes 10 ms, before each value, and also within a value that is long enough for
        a full collection, where it would be charged to the contestant.
        """
        self.seal = Seal()
        freeze()

    def time(self, task: Task, loops: int) -> tuple[Timing, int | None]:
        """Do a task `loops` times; return the time of all together, and resident memory before.

        The caller has let Python collect its garbage. If it takes longer than the job allows, this
        process ends itself, with a traceback.
        """
        reset_peak_rss()
        self._event_loops.clear()
        base_rss_bytes = rss_bytes()
        faulthandler.dump_traceback_later(self.job["timeout_s"], exit=True, file=STANDARD_ERROR)
        try:
            timing = task.run(loops)
        except Exception:
            raise
        except BaseException as error:
            # Nobody else would tell of it: pyperf takes a KeyboardInterrupt for its own.
            _tell_error(self.gate, error)
            raise SystemExit(1) from error
        faulthandler.cancel_dump_traceback_later()
        has_waited = await_kernel_threads()  # which use CPU time, too, that is no contestant's
        self._others = Others.now() if has_waited and timing.others else timing.others
        self._closing_s = timing.closing_s
        return timing, base_rss_bytes

    def rest(self) -> Rest:
        """Return what measures the rest that begins now; what others did after the clock counts.

        This thread's own work since then does not: it is ours, and the end of event loops, except
        for what takes longer there than to end one.
        """
        others, self._others = self._others, None
        closing_s, self._closing_s = self._closing_s, 0.0
        return Rest(others, closing_s)

    def describe(
        self, task: Task, timing: Timing, base_rss_bytes: int | None, rested: tuple[float, float]
    ) -> dict[str, Any]:
        """Return the report on a value for the manager.

        The peak of resident memory is None if the task used other processes, whose memory is not
        known here.

        Args:
            task: what was measured.
            timing: the time that it took.
            base_rss_bytes: resident memory before.
            rested: what `Rest.stop` said of the time before the value.
        """
        reading = task.look()  # before anything looks at what was crawled
        peak = peak_rss_bytes() if timing.is_alone else None  # before the task makes its rows
        told = task.tell(is_alone=timing.is_alone)
        return {
            "kind": "value",
            "seconds": timing.seconds,
            "used": asdict(timing.used),
            "base_rss_bytes": base_rss_bytes,
            "peak_rss_bytes": peak,
            "event_loops": sorted(self._event_loops),
            "conduct": {
                "started_at": timing.started_at,
                "reading": reading,
                "rest_cpu_s": rested[0],
                "rest_s": rested[1],
                "broken": self.seal.find_broken(),
                "cpus": len(self.seal.cpus),
            },
            **told,
        }

    def spread_out(self) -> None:
        """Use all CPUs: when a round is over, all workers end at once."""
        if self.job["all_cpus"]:
            os.sched_setaffinity(0, self.job["all_cpus"])


def work(serve: Callable[[Workplace], None]) -> None:
    """Set this process up, let it serve the manager, and tell the manager if that fails."""
    leaving = Leaving()  # first, so that its exit handler comes last: it ends the process
    job: Job = json.loads(os.environ[JOB_VARIABLE])
    _settle_allocator()
    keep_descendants()
    event_loops = _watch_event_loops()
    gate = ManagerLink(job["port"], job["token"], job["cell"]["name"])
    try:
        if expected := job["environment"]:
            _assert_environment(expected)
        serve(Workplace(job, gate, event_loops))
        leaving.is_done = True
    except Exception as error:  # not SystemExit, which `Gate.wait` raises when the manager has gone
        _tell_error(gate, error)
        sys.exit(1)


class Leaving:
    """Ends the process as soon as its exit handlers have run, if all went well.

    Otherwise the interpreter would first take all modules and objects apart. That costs a worker as
    much CPU time as a fifth of its start, and nobody needs it.
    """

    def __init__(self) -> None:
        """Register first, so as to be called last: after whatever a contestant registers."""
        self.is_done = False
        """Whether the work is done; if not, the process ends as any other does."""
        self._end = os._exit  # bound before anybody can patch it
        self._stderr = sys.stderr
        atexit.register(self._leave)

    def _leave(self) -> None:
        if self.is_done:
            with suppress(ValueError):  # somebody has closed it
                self._stderr.flush()
            self._end(0)


class WrongEnvironment(Exception):  # noqa: N818  (the message says what is wrong)
    """Raised when a worker finds another Python or other packages than expected."""


def _assert_environment(expected: Expected) -> None:
    """Compare this process with what the manager recorded of its environment when it was built.

    Raises:
        WrongEnvironment: something differs; the message says what.
    """
    # Only some workers need these.
    from importlib import metadata  # noqa: PLC0415

    from crawlbench.plugins.about import describe_python  # noqa: PLC0415

    if (python := describe_python()) != expected["python"]:
        raise WrongEnvironment(f"this worker is {python}, not {expected['python']}")
    if Path(sys.prefix).resolve() != Path(expected["folder"]).resolve():
        raise WrongEnvironment(f"this worker lives in {sys.prefix}, not {expected['folder']}")
    # Asking a distribution for its name and its version would parse its metadata twice.
    every = (distribution.metadata for distribution in metadata.distributions())
    # crawlbench itself is borrowed from the manager, and no part of the environment.
    found = {one["Name"]: one["Version"] for one in every if one["Name"] != "crawlbench"}
    wanted = expected["versions"]
    for name in sorted({*found, *wanted}):
        if found.get(name) != wanted.get(name):
            raise WrongEnvironment(
                f"this worker has {name} {found.get(name, '(none)')}, the environment had "
                f"{wanted.get(name, 'none')} when it was built; remove it with `crawlbench env "
                "remove`, and it will be built again"
            )


def _tell_error(gate: ManagerLink, error: BaseException) -> None:
    """Tell the manager about an exception while it is being handled."""
    reason = _name_error(error)
    is_refusal = isinstance(error, LoopRefusal)
    told = {"reason": str(error) if is_refusal else reason, "is_refusal": is_refusal}
    gate.say({"kind": "raised", **told, "detail": traceback.format_exc()})


def _name_error(error: BaseException) -> str:
    """Return the first line that an error says; for a group of one, also that of what is in it."""
    try:
        text = str(error)
    except Exception:  # whatever the contestant's class does there
        text = "(it cannot be shown)"
    line = f"{type(error).__name__}: {text}".splitlines()[0].removesuffix(": ")
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return f"{line}: {_name_error(error.exceptions[0])}"
    return line


def _settle_allocator() -> None:
    """Free one large block, so that all workers have the allocator in the same state.

    glibc takes large blocks from the system and returns them, at two page faults each, until a
    block of that size has been freed. asyncio asks for 256 KiB with every `recv`: some operations
    took twice as long, and did so in every round, if a worker happened not to free that much during
    its imports.
    """
    bytearray(LARGE_BYTES)


def _watch_event_loops() -> set[str]:
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

    # Python's own loops look the function up in `asyncio.events`, and uvloop in `asyncio`.
    asyncio.events._set_running_loop = asyncio._set_running_loop = watch
    return modules
