"""An event loop's operation as a worker's task (floor 3; imported by workers)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.base.errors import LoopRefusal
from crawlbench.operations import Peer, find_operation, load_loop_factory, run_operation

if TYPE_CHECKING:
    from crawlbench.base.digest import Row
    from crawlbench.base.stopwatch import Timing
    from crawlbench.measure.job import Job, Told
    from crawlbench.operations import Figures


class Operating:
    """One cell's operation; made from the manager's job."""

    def __init__(self, job: Job) -> None:
        """Find the operation and the event loop that the cell names."""
        cell = job["cell"]
        assert cell["event_loop"]
        self._name = cell["event_loop"]
        self._operation = find_operation(cell["operation"])
        self.closes_loops = self._operation.is_plain
        self._factory = load_loop_factory(self._name)
        self._peer = Peer(**job["peer"]) if job["peer"] else None
        self._figures: Figures = {}

    def run(self, loops: int) -> Timing:
        """Call the operation `loops` times, and return how long everything took.

        Raises:
            LoopRefusal: the event loop says that it does not support this.
            OperationWrong: the event loop did something else than the operation demands.
        """
        try:
            outcome = run_operation(self._operation, self._factory, self._peer, loops=loops)
        except self._operation.refusals as error:
            text = f"{type(error).__name__}: {error}".removesuffix(": ")
            raise LoopRefusal(f"{self._name} does not have it ({text})") from error
        self._figures = outcome.figures
        # The threads of a loop that was closed after the clock, as it must be, may still be ending.
        return replace(outcome.timing, others=None)

    def look(self) -> dict[str, object]:
        """Return nothing: there are no pages."""
        return {}

    def tell(self, *, is_alone: bool) -> Told:  # noqa: ARG002  (nothing depends on it)
        """Return what else is known about the last value."""
        return {"parse_s": None, "digests": [], "http_parser": "", "figures": self._figures}

    def show(self) -> list[list[Row]]:
        """Return nothing: an operation verifies itself."""
        return []
