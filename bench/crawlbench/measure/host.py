"""The process of many operations on one event loop: `python -m crawlbench.measure.host` (floor 3).

It takes a value of an operation whenever the manager says so, and checks after each value what the
operation has left behind. If it cannot go on, after an error for instance, it ends, and the manager
starts another host for the operations that work.
"""

from __future__ import annotations

from gc import collect, freeze
from typing import TYPE_CHECKING

from crawlbench.measure.hosting import Host, run_host
from crawlbench.measure.operating import Operating
from crawlbench.measure.remains import Remains
from crawlbench.operations import load_loop_factory

if TYPE_CHECKING:
    from crawlbench.measure.job import Order
    from crawlbench.measure.workplace import Workplace


def main() -> None:
    """Take values until the manager says that it is over."""
    run_host(_Operations)


class _Operations(Host):
    """All operations of one event loop."""

    def __init__(self, place: Workplace) -> None:
        """Load the event loop, which comes last, after everything of ours."""
        super().__init__(place)
        self._operations: dict[str, Operating] = {}
        """The operations that were requested, by name."""
        event_loop = place.job["cell"]["event_loop"]
        assert event_loop
        load_loop_factory(event_loop)

    def serve(self) -> None:
        """See `Host.serve`; what was imported is frozen first, so that no collection walks it."""
        collect()
        freeze()
        super().serve()

    def _answer(self, kind: str, rested: tuple[float, float]) -> None:
        """Report how much CPU time the process used while it should have stood still."""
        assert kind == "look"
        self._place.gate.say({"kind": "rested", "cpu_s": rested[0], "seconds": rested[1]})

    def _take(self, order: Order, rested: tuple[float, float]) -> None:
        """Take one value; report it, and what its operation has left behind."""
        name = order["task"]
        is_first = name not in self._operations
        operating = self._operations[name] = self._operations.get(name) or self._find(order)
        before = Remains.now()
        timing, base_rss_bytes = self._place.time(operating, order["loops"])
        collect()  # what this one has left, before the next value
        message = self._place.describe(operating, timing, base_rss_bytes, rested)
        # At its first use, a loop may make what it keeps from then on: that is not reported.
        left = Remains.now().since(before)
        self._place.gate.say({**message, "left": [] if is_first else left})

    def _find(self, order: Order) -> Operating:
        job = self._place.job
        cell = {**job["cell"], "operation": order["task"]}
        return Operating({**job, "cell": cell, "peer": order["peer"]})  # type: ignore[typeddict-item]


if __name__ == "__main__":
    main()
