"""The process of one strategy at several lengths: `-m crawlbench.measure.lengthhost` (floor 3).

It crawls the short site and the long one in turn, as the manager says, and looks around each value
as a worker of one cell does. The job comes as JSON in the environment.
"""

from __future__ import annotations

import json
import os
import sys
from gc import collect
from typing import TYPE_CHECKING

import pyperf

from crawlbench.base.offspring import keep_descendants
from crawlbench.measure.crawling import Crawling
from crawlbench.measure.gate import Gate
from crawlbench.measure.job import JOB_VARIABLE
from crawlbench.measure.leaving import Leaving
from crawlbench.measure.seal import Rest, Seal
from crawlbench.measure.worker import (
    assert_environment,
    describe_value,
    settle_allocator,
    tell_error,
    time_task,
    watch_event_loops,
)

if TYPE_CHECKING:
    from crawlbench.measure.job import Job, Order

__all__ = ["main"]

NO_REST = (0.0, 0.0)


def main() -> None:
    """Take values until the manager says that it is over."""
    leaving = Leaving()
    job: Job = json.loads(os.environ[JOB_VARIABLE])
    settle_allocator()
    keep_descendants()
    event_loops = watch_event_loops()
    gate = Gate(job["port"], job["token"], job["cell"]["name"])
    try:
        assert_environment(job["environment"])
        seal = Seal()  # with all that is ours, and nothing of a contestant's
        crawlings = _load(job, seal)
        seal.move_to(job["cpus"])
        metadata = pyperf.Run([1.0], collect_metadata=True).get_metadata()
        gate.say({"kind": "ready", "metadata": metadata})
        _Host(job, crawlings, seal, gate, event_loops).serve()
        leaving.is_done = True
    except Exception as error:
        tell_error(gate, error)
        sys.exit(1)


def _load(job: Job, seal: Seal) -> dict[str, Crawling]:
    """Return the crawls by cell: all sites are found first, and the contestant last."""
    crawlings = {name: Crawling(_at(job, name)) for name in job["lengths"]}
    for crawling in crawlings.values():
        crawling.load_site(seal)
    for crawling in crawlings.values():
        crawling.load_strategy()
    return crawlings


def _at(job: Job, name: str) -> Job:
    """Return the job of one length alone."""
    length = job["lengths"][name]
    cell = {**job["cell"], "site": length["site"]}
    return {**job, "cell": cell, "origin": length["origin"]}  # type: ignore[typeddict-item]


class _Host:
    """All lengths of one strategy."""

    def __init__(
        self,
        job: Job,
        crawlings: dict[str, Crawling],
        seal: Seal,
        gate: Gate,
        event_loops: set[str],
    ) -> None:
        self._job = job
        self._crawlings = crawlings
        self._seal = seal
        self._gate = gate
        self._event_loops = event_loops
        self._last: tuple[str, float] = ("", 0.0)
        """Whose value was the last one, and how long it took."""

    def serve(self) -> None:
        """Do what the manager says, and stand still in between.

        When the round is over, all workers end at once: they may use all CPUs for that.
        """
        rest, has_begun = Rest(), False
        while (message := self._gate.wait())["kind"] != "end":
            if message["kind"] == "show":
                self._gate.say({"kind": "crawls", "crawls": self._crawlings[self._last[0]].show()})
            else:  # an import may still settle before the first value
                self._take(message["order"], rest.stop() if has_begun else NO_REST)
                has_begun = True
            rest = Rest()
        if self._job["all_cpus"]:
            os.sched_setaffinity(0, self._job["all_cpus"])

    def _take(self, order: Order, rested: tuple[float, float]) -> None:
        """Take one value and tell it."""
        name = order["task"]
        crawling = self._crawlings[name]
        if self._last[0] not in {"", name}:
            self._crawlings[self._last[0]].forget()  # as if its process were another
        collect()
        timing, base_rss_bytes = time_task(
            crawling, order["loops"], self._job["timeout_s"], self._event_loops
        )
        message = describe_value(crawling, timing, base_rss_bytes, self._event_loops)
        broken = self._seal.find_broken()
        message["conduct"] |= {"rest_cpu_s": rested[0], "rest_s": rested[1], "broken": broken}
        message["conduct"]["last_s"] = 0.0 if name == self._last[0] else self._last[1]
        self._last = name, timing.seconds
        self._gate.say(message)


if __name__ == "__main__":
    main()
