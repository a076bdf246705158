"""The process of many operations on one event loop: `python -m crawlbench.measure.host` (floor 3).

It takes a value of an operation whenever the manager says so, and looks between two of them at what
the first has left behind. What it cannot go on after, such as an error, ends it: the manager starts
another for the operations that are right. The job comes as JSON in the environment, as a worker's.
"""

from __future__ import annotations

import json
import os
import sys
from gc import collect, freeze
from typing import TYPE_CHECKING

import pyperf

from crawlbench.measure.gate import Gate
from crawlbench.measure.job import JOB_VARIABLE
from crawlbench.measure.leaving import Leaving
from crawlbench.measure.operating import Operating
from crawlbench.measure.remains import Remains
from crawlbench.measure.seal import Rest, Seal
from crawlbench.measure.worker import (
    assert_environment,
    describe_value,
    settle_allocator,
    tell_error,
    time_task,
    watch_event_loops,
)
from crawlbench.operations import load_loop_factory

if TYPE_CHECKING:
    from crawlbench.measure.job import Job, Order

__all__ = ["main"]

NO_REST = (0.0, 0.0)


def main() -> None:
    """Take values until the manager says that it is over."""
    leaving = Leaving()
    job: Job = json.loads(os.environ[JOB_VARIABLE])
    settle_allocator()
    event_loops = watch_event_loops()
    gate = Gate(job["port"], job["token"], job["cell"]["name"])
    try:
        assert_environment(job["environment"])
        seal = Seal()
        host = _Host(job, seal, gate, event_loops)
        seal.move_to(job["cpus"])
        metadata = pyperf.Run([1.0], collect_metadata=True).get_metadata()
        gate.say({"kind": "ready", "metadata": metadata})
        host.serve()
        leaving.is_done = True
    except Exception as error:
        tell_error(gate, error)
        sys.exit(1)


class _Host:
    """All operations of one event loop."""

    def __init__(self, job: Job, seal: Seal, gate: Gate, event_loops: set[str]) -> None:
        """Load the event loop, which comes last, after all that is ours."""
        self._job = job
        self._seal = seal
        self._gate = gate
        self._event_loops = event_loops
        self._operations: dict[str, Operating] = {}
        """Those that were asked for, by name."""
        assert job["cell"]["event_loop"]
        load_loop_factory(job["cell"]["event_loop"])

    def serve(self) -> None:
        """Do what the manager says, and stand still in between.

        When the round is over, all workers end at once: they may use all CPUs for that.
        """
        collect()
        freeze()
        rest, has_begun = Rest(), False
        while (message := self._gate.wait())["kind"] != "end":
            rested = rest.stop() if has_begun else NO_REST  # an import may still settle before
            if message["kind"] == "look":
                self._gate.say({"kind": "rested", "cpu_s": rested[0], "seconds": rested[1]})
            else:
                self._take(message["order"], rested)
                has_begun = True
            rest = Rest()
        if self._job["all_cpus"]:
            os.sched_setaffinity(0, self._job["all_cpus"])

    def _take(self, order: Order, rested: tuple[float, float]) -> None:
        """Take one value and tell it, and what its operation has left."""
        name = order["task"]
        is_first = name not in self._operations
        operating = self._operations[name] = self._operations.get(name) or self._find(order)
        before = Remains.now()
        timing, base_rss_bytes = time_task(
            operating, order["loops"], self._job["timeout_s"], self._event_loops
        )
        collect()  # of what this one has left, and for the next value
        message = describe_value(operating, timing, base_rss_bytes, self._event_loops)
        broken = self._seal.find_broken()
        message["conduct"] |= {"rest_cpu_s": rested[0], "rest_s": rested[1], "broken": broken}
        left = Remains.now().since(before)
        self._gate.say({**message, "left": [] if is_first else left})

    def _find(self, order: Order) -> Operating:
        cell = {**self._job["cell"], "operation": order["task"]}
        return Operating({**self._job, "cell": cell, "peer": order["peer"]})  # type: ignore[typeddict-item]


if __name__ == "__main__":
    main()
