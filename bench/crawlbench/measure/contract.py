"""The interfaces that a round relies on: workers, mirrors, and watchers of a session (floor 3).

The real workers come from `executor.py`; tests of the round use scripted ones instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from crawlbench.base.errors import CellError
from crawlbench.base.records import Sample

# msgspec reads the annotations when it converts.
from crawlbench.base.usage import Usage  # noqa: TC001
from crawlbench.measure.reading import Reading  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyperf

    from crawlbench.base.children import Message
    from crawlbench.base.counters import Counters
    from crawlbench.base.digest import Row
    from crawlbench.base.records import Session
    from crawlbench.measure.schedule import Turn


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a worker observed about its contestant around one value."""

    started_at: float
    """When the clock started, on the clock of `time.perf_counter`."""
    reading: Reading
    """What was read within the clock, over all loops; nothing for an operation."""
    rest_cpu_s: float
    """CPU time used while the worker should stand still before the value; 0 before the first."""
    rest_s: float
    """How long it should have stood still, in seconds."""
    broken: list[str]
    """What has changed in the harness since before the contestant was imported: a clause for each
    change."""
    last_s: float = 0.0
    """How long the process's previous value took, if that was another cell's; otherwise 0."""
    cpus: int = 0
    """How many CPUs the worker may use; 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a worker reports about one value; seconds are totals over all loops."""

    seconds: float
    used: Usage
    parse_s: float | None
    """CPU seconds in the parser; None if the crawls used processes of their own."""
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
        """Return what a worker's message about a value says.

        Raises:
            CellError: it says something else than is asked, such as a figure that is no number.
        """
        try:
            return msgspec.convert(message, cls)
        except msgspec.ValidationError as error:
            raise CellError(f"the worker's report on a value cannot be read: {error}") from error

    def as_sample(self, turn: Turn, counters: Counters, loops: int) -> Sample:
        """Return the sample of the turn in which it was taken, with times per crawl."""
        used = self.used
        return Sample(
            cell=turn.cell,
            lap=turn.lap,
            slot=turn.slot,
            warmup=turn.warmup,
            loops=loops,
            seconds=self.seconds / loops,
            cpu_user_s=used.user_s / loops,
            cpu_system_s=used.system_s / loops,
            cpu_wait_s=used.cpu_wait_s / loops,
            parse_s=None if self.parse_s is None else self.parse_s / loops,
            yields=used.yields,
            preemptions=used.preemptions,
            base_rss_bytes=self.base_rss_bytes,
            peak_rss_bytes=self.peak_rss_bytes,
            requests=counters.requests,
            connections=counters.connections,
            most_in_flight=counters.most_in_flight,
            wire_bytes=counters.wire_bytes,
            mirror_cpu_s=counters.cpu_s,
            mirror_wait_s=counters.cpu_wait_s,
            figures=self.figures,
            http2_requests=counters.http2_requests,
            cpu_s=None if used.cpu_s is None else used.cpu_s / loops,
            side_cpu_s=None if used.side_cpu_s is None else used.side_cpu_s / loops,
        )


class Worker(Protocol):
    """Takes one cell's values in a round: a process, or a seat in a shared one."""

    async def get_ready(self) -> None:
        """Make sure that nothing from an earlier turn is in the way of the next one.

        Raises:
            CellError: there is no longer a process for it.
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
        """End the worker now; harmless if it has already ended."""


class Counterpart(Protocol):
    """What a round needs from the other end: a mirror, or the peer of operations."""

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
        """Start counting the requests of one turn.

        Args:
            epoch: names the round, over whose laps delays are spread evenly.
            plays_network: whether to play the network's delays.
            lap: which of its laps the cell takes, from 0.
            laps: how many laps the cell has in this epoch.
            trace_file: where to note each request; None for nowhere.
            door: the cell by whose door requests should come in; all others are strays.
            alters: whether every other crawl is served another edition, which shows what a crawl
                kept from the one before.
        """

    async def end(self, *, has_failed: bool = False) -> Counters:
        """Stop counting, and return what was counted.

        Raises:
            MirrorError: it is gone or hangs. Where the worker `has_failed`, which that would
                explain, this is certain to be noticed.
        """

    async def shut_doors(self, names: Iterable[str] | None = None) -> None:
        """Shut the doors of these cells, or of all, so that nobody comes in by them any more."""


class Watcher:
    """Follows a session while it is measured; always called outside the clock.

    This one shows nothing; others override what they have a use for.
    """

    def on_start(self, session: Session) -> None:
        """See what is planned, and what an earlier part of the session has measured."""

    def on_sample(self, number: int, sample: Sample) -> None:
        """See each correct value with its round; round 0 is the calibration."""

    def on_session(self, session: Session) -> None:
        """See the session after the calibration and after each finished round."""
