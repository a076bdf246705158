"""What a round needs of those who measure, and who follows a session (floor 3).

`executor.py` has the real ones; tests of the round put scripted ones in their place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from crawlbench.base.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyperf

    from crawlbench.base.children import Message
    from crawlbench.base.counters import Counters
    from crawlbench.base.digest import Row
    from crawlbench.base.records import Cell, Sample, Session

__all__ = ["AnchorWorker", "Conduct", "Executor", "Mirror", "Value", "Watcher", "Worker"]


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a worker saw of its contestant around one value."""

    started_at: float
    """When the clock started, on that of `time.perf_counter`."""
    pages_read: int | None
    """Calls of `site.read` within the clock, over all loops; None for an operation."""
    items_read: int
    """On those pages."""
    rest_cpu_s: float
    """CPU time that was used while the worker stood still before the value; 0 before the first."""
    rest_s: float
    """How long it stood still."""
    broken: list[str]
    """What of the harness is not as it was before the contestant was imported, a clause each."""
    first_read_at: float = 0.0
    """When the first page began to be read, on the clock of `started_at`; 0 if that is not known,
    as of pages that are read in other processes."""
    last_s: float = 0.0
    """How long the process's value before this one took, where it was another cell's."""
    bodies_kept: int = 0
    """Pages that were read from the very bytes from which the crawl before read its first one."""
    cpus: int = 0
    """On which the worker may run; 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a worker reports of one value; seconds are over all loops."""

    seconds: float
    used: Usage
    parse_s: float | None
    """CPU seconds in the parser; None where the crawls used processes of their own."""
    base_rss_bytes: int | None
    """Resident memory before the value."""
    peak_rss_bytes: int | None
    digests: list[str]
    """One digest for each crawl in the value; empty for an operation."""
    event_loops: list[str]
    """Top-level modules of the event loops that ran."""
    http_parser: str
    """Module that parsed the responses; empty for an operation."""
    conduct: Conduct
    figures: dict[str, float] = field(default_factory=dict)
    """What an operation measured besides its time."""

    @classmethod
    def from_message(cls, message: Message) -> Value:
        """Return what a worker's message of that kind says."""
        fields = {name: message[name] for name in cls.__slots__}
        fields["used"] = Usage(**message["used"])
        fields["conduct"] = Conduct(**message["conduct"])
        return cls(**fields)


class Worker(Protocol):
    """What takes one cell's values in a round: a process, or a seat in one that is shared."""

    async def get_ready(self) -> None:
        """See that nothing of an earlier turn is in the way of the next one.

        Raises:
            CellError: there is no process for it any more.
        """

    async def take(self) -> Value:
        """Let the worker through the turnstile for one value.

        Raises:
            CellError: it crashed, hung or raised.
        """

    async def show(self) -> list[list[Row]]:
        """Return what each crawl of the last value returned, in order of rank."""

    async def finish(self) -> pyperf.Run:
        """Let the worker end and return its run.

        Raises:
            CellError: it ended badly or left no run.
        """

    async def kill(self) -> None:
        """End the worker now; no harm if it has ended."""


class Mirror(Protocol):
    """What a round needs of the other end: a mirror, or the peer of operations."""

    async def begin(
        self,
        epoch: str,
        *,
        plays_network: bool,
        lap: int = 0,
        laps: int = 1,
        trace_file: Path | None = None,
        door: str = "",
        alters: bool = False,
    ) -> None:
        """Count anew, with the network's delays or without, and note each request in a file.

        Delays are spread evenly over the laps of an epoch, which is a round. Requests are to come
        in by that door, which is the cell's of that name: all others are strays. Every other crawl
        may be served another edition, so that what was kept from before shows.
        """

    async def end(self) -> Counters:
        """Return what was counted."""

    async def shut_doors(self, names: Iterable[str] | None = None) -> None:
        """Shut the doors of these cells, or of all: nobody comes in by them any more."""


class AnchorWorker(Protocol):
    """The process that times the machine's anchors."""

    async def time(self) -> tuple[float, float]:
        """Let it through the turnstile once and return the seconds of computing and of sending.

        Raises:
            CellError: it crashed or hung.
        """

    async def kill(self) -> None:
        """End it now; no harm if it has ended."""


class Executor(Protocol):
    """Makes workers."""

    def is_hosted(self, cell: Cell) -> bool:
        """Tell whether a cell will have no process of its own, but share that of others."""

    async def start(self, cell: Cell, loops: int, warmups: int, values: int) -> Worker:
        """Start a worker and return when it is ready for its first turn.

        Raises:
            CellError: it did not get there.
        """

    async def start_anchor(self) -> AnchorWorker:
        """Start what times the anchors, on the workers' CPUs, and return when it is ready.

        Raises:
            CellError: it did not get there.
        """


class Watcher(Protocol):
    """Follows a session while it is measured; it is always called outside the clock."""

    def on_start(self, session: Session) -> None:
        """See what is planned, and what an earlier part of the session has measured."""

    def on_sample(self, number: int, sample: Sample) -> None:
        """See each value that was right, with its round; round 0 is the calibration."""

    def on_session(self, session: Session) -> None:
        """See the session after the calibration and after each finished round."""
