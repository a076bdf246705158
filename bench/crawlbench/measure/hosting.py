"""The base of the processes that take values of several tasks in turn (floor 3)."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pyperf

from crawlbench.base.offspring import keep_descendants
from crawlbench.measure.gate import Gate
from crawlbench.measure.job import JOB_VARIABLE
from crawlbench.measure.leaving import Leaving
from crawlbench.measure.seal import Rest
from crawlbench.measure.worker import (
    assert_environment,
    describe_value,
    seal_ours,
    settle_allocator,
    tell_error,
    watch_event_loops,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crawlbench.base.stopwatch import Timing
    from crawlbench.measure.job import Job, Order
    from crawlbench.measure.seal import Seal
    from crawlbench.measure.worker import Task

NO_REST = (0.0, 0.0)


class Host:
    """Takes a value of one of its tasks whenever the manager says so."""

    def __init__(self, job: Job, seal: Seal, gate: Gate, event_loops: set[str]) -> None:
        self._job = job
        self._seal = seal
        self._gate = gate
        self._event_loops = event_loops

    def serve(self) -> None:
        """Do what the manager says, and stand still in between.

        When the round is over, all workers end at once, and may use all CPUs for that.
        """
        rest, has_begun = Rest(), False
        while (message := self._gate.wait())["kind"] != "end":
            # Before the first value, what an import started may still be settling.
            rested = rest.stop() if has_begun else NO_REST
            if message["kind"] == "go":
                self._take(message["order"], rested)
                has_begun = True
            else:
                self._answer(message["kind"], rested)
            rest = Rest()
        if self._job["all_cpus"]:
            os.sched_setaffinity(0, self._job["all_cpus"])

    def _take(self, order: Order, rested: tuple[float, float]) -> None:
        """Take one value and report it."""
        raise NotImplementedError

    def _answer(self, kind: str, rested: tuple[float, float]) -> None:
        """Answer a message that does not ask for a value."""
        raise NotImplementedError

    def _describe(
        self, task: Task, timing: Timing, base_rss_bytes: int | None, rested: tuple[float, float]
    ) -> dict[str, Any]:
        """Return what the host reports about a value."""
        message = describe_value(task, timing, base_rss_bytes, self._event_loops)
        message["conduct"] |= {
            "rest_cpu_s": rested[0],
            "rest_s": rested[1],
            "broken": self._seal.find_broken(),
            "cpus": len(self._seal.cpus),
        }
        return message


def run_host(make: Callable[[Job, Seal, Gate, set[str]], Host]) -> None:
    """Make a host from the job in the environment, and let it serve until the manager ends it."""
    leaving = Leaving()
    keep_descendants()
    job: Job = json.loads(os.environ[JOB_VARIABLE])
    settle_allocator()
    event_loops = watch_event_loops()
    gate = Gate(job["port"], job["token"], job["cell"]["name"])
    try:
        assert_environment(job["environment"])
        seal = seal_ours()
        host = make(job, seal, gate, event_loops)
        seal.move_to(job["cpus"])
        metadata = pyperf.Run([1.0], collect_metadata=True).get_metadata()
        gate.say({"kind": "ready", "metadata": metadata, "cpus": seal.cpus})
        host.serve()
        leaving.is_done = True
    except Exception as error:
        tell_error(gate, error)
        sys.exit(1)
