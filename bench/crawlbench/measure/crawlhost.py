"""The process of one strategy for several cells: `-m crawlbench.measure.crawlhost` (floor 3).

It crawls the short site and the long one, on all networks, in turn, as the manager says, and checks
around each value what the worker of a single cell checks.
"""

from __future__ import annotations

from gc import collect
from typing import TYPE_CHECKING

from crawlbench.measure.crawling import Crawling
from crawlbench.measure.hosting import Host, run_host

if TYPE_CHECKING:
    from crawlbench.measure.job import Job, Order
    from crawlbench.measure.workplace import Workplace


def main() -> None:
    """Take values until the manager says that it is over."""
    run_host(_Crawls)


def _at(job: Job, name: str) -> Job:
    """Return the job for one cell alone."""
    target = job["crawls"][name]
    cell = {**job["cell"], "site": target["site"]}
    return {**job, "cell": cell, "origin": target["origin"]}  # type: ignore[typeddict-item]


class _Crawls(Host):
    """All crawls of one strategy."""

    def __init__(self, place: Workplace) -> None:
        """Load what the crawls need: all sites first, and the contestant last."""
        super().__init__(place)
        self._crawlings = {name: Crawling(_at(place.job, name)) for name in place.job["crawls"]}
        # A site that is loaded after the contestant would be sealed as the contestant has left it.
        for crawling in self._crawlings.values():
            crawling.load_site(place.seal)
        for crawling in self._crawlings.values():
            crawling.load_strategy()
        self._last: tuple[str, float] = ("", 0.0)
        """The cell of the last value, and how long that took."""

    def _answer(self, kind: str, rested: tuple[float, float]) -> None:  # noqa: ARG002  (one question)
        """Show what the last value's crawls returned."""
        assert kind == "show"
        self._place.gate.say({"kind": "crawls", "crawls": self._crawlings[self._last[0]].show()})

    def _take(self, order: Order, rested: tuple[float, float]) -> None:
        """Take one value and report it."""
        name = order["task"]
        crawling = self._crawlings[name]
        if self._last[0] not in {"", name}:
            self._crawlings[self._last[0]].forget()  # another process would not hold it either
        collect()
        timing, base_rss_bytes = self._place.time(crawling, order["loops"])
        message = self._place.describe(crawling, timing, base_rss_bytes, rested)
        # What the other cell has left unfinished may be a share of its value, not of this one.
        message["conduct"]["last_s"] = 0.0 if name == self._last[0] else self._last[1]
        self._last = name, timing.seconds
        self._place.gate.say(message)


if __name__ == "__main__":
    main()
