"""The process of one cell: `python -m crawlbench.measure.worker` (floor 3).

It is a pyperf worker (`--worker --loops=... -o FILE`), each of whose values waits at the turnstile
first.
"""

from __future__ import annotations

from gc import collect
from typing import TYPE_CHECKING

import pyperf

from crawlbench.measure.seal import await_kernel_work
from crawlbench.measure.workplace import work

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.measure.job import Job
    from crawlbench.measure.seal import Seal
    from crawlbench.measure.workplace import Task, Workplace


def main() -> None:
    """Take the values that the command line asks for, one per turn."""
    work(_take_turns)


def _take_turns(place: Workplace) -> None:
    job = place.job
    make_task = _find_task(job)  # imports what is ours, so that the seal covers it
    place.seal_ours()
    turn = _Turn(place, make_task(place.seal))  # imports the contestant
    place.seal.move_to(job["cpus"])
    runner = pyperf.Runner(metadata=job["metadata"])  # moves to the CPUs of --affinity
    place.gate.say({"kind": "ready", "cpus": place.seal.cpus})
    turn.wait()  # for the first turn; `take_value` waits after each value
    runner.bench_time_func(job["cell"]["name"], turn.take_value)


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

    def __init__(self, place: Workplace, task: Task) -> None:
        self._place = place
        self._task = task
        self._rest_cpu_s = self._rest_s = 0.0
        self._has_begun = False

    def take_value(self, loops: int) -> float:
        """Do the task `loops` times, report, wait for the next turn, and return the total seconds.

        The wait comes last, so that even after its last value a worker stands still until the lap
        is over: pyperf's own work at the end would disturb those who still measure.
        """
        collect()
        timing, base_rss_bytes = self._place.time(self._task, loops)
        worked_s = await_kernel_work() if self._task.closes_loops else 0.0
        rested = self._rest_cpu_s, self._rest_s  # before this value; `wait` measures anew
        self._place.gate.say(self._place.describe(self._task, timing, base_rss_bytes, rested))
        self.wait()
        self._rest_cpu_s += worked_s  # else a thread could work unseen while we waited
        return timing.seconds

    def wait(self) -> None:
        """Stand still until the manager gives the turn; show what was crawled if asked."""
        rest, gate = self._place.rest(), self._place.gate
        while (kind := gate.wait()["kind"]) == "show":
            gate.say({"kind": "crawls", "crawls": self._task.show()})
            rest = self._place.rest()  # to make the rows was our own work
        if self._has_begun:  # before that, what an import started may still be settling
            self._rest_cpu_s, self._rest_s = rest.stop()
        self._has_begun = True
        if kind == "end":
            self._place.spread_out()


if __name__ == "__main__":
    main()
