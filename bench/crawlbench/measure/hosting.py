"""The base of the processes that take values of several tasks in turn (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyperf

from crawlbench.measure.workplace import work

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.measure.job import Order
    from crawlbench.measure.workplace import Workplace

NO_REST = (0.0, 0.0)


class Host:
    """Takes a value of one of its tasks whenever the manager says so."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def serve(self) -> None:
        """Do what the manager says, and stand still in between."""
        rest, has_begun = self._place.rest(), False
        while (message := self._place.gate.wait())["kind"] != "end":
            # Before the first value, what an import started may still be settling.
            rested = rest.stop() if has_begun else NO_REST
            if message["kind"] == "go":
                self._take(message["order"], rested)
                has_begun = True
            else:
                self._answer(message["kind"], rested)
            rest = self._place.rest()  # what answering has cost is our own work
        self._place.spread_out()

    def _take(self, order: Order, rested: tuple[float, float]) -> None:
        """Take one value and report it."""
        raise NotImplementedError

    def _answer(self, kind: str, rested: tuple[float, float]) -> None:
        """Answer a message that does not ask for a value."""
        raise NotImplementedError


def run_host(make: Callable[[Workplace], Host]) -> None:
    """Make a host once everything of ours is sealed, and let it serve until the manager ends it."""

    def serve(place: Workplace) -> None:
        place.seal_ours()  # before the contestant, which `make` imports
        host = make(place)
        place.seal.move_to(place.job["cpus"])  # with all that the import has started
        # pyperf describes the process in which it is called, so the manager cannot do this.
        metadata = pyperf.Run([1.0], collect_metadata=True).get_metadata()
        place.gate.say({"kind": "ready", "metadata": metadata, "cpus": place.seal.cpus})
        host.serve()

    work(serve)
