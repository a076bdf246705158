"""The types of load: what is asked for and when, and what came of it (floor 4; pure).

Times are float seconds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 30.0
"""How long a generator's process may take to start."""
AT_ONCE = 64
"""Connections to make at a time, so that no listener's backlog overflows."""
PROBES = 5
"""Requests that one connection makes alone before the run, to time an unloaded server."""
PROBE_FAILURES = 3
"""How many of these requests must fail until a run does not begin; each is made once more."""


class Arrival(StrEnum):
    """When requests are made."""

    CLOSED = "closed"
    """A connection asks again when it has its answer."""
    CONSTANT = "constant"
    """Requests come at equal intervals, answered or not."""
    POISSON = "poisson"
    """Requests come at random, independent of each other, answered or not."""


@dataclass(frozen=True, slots=True)
class Target:
    """The one page that is asked for."""

    host: str
    """Name or address, as `urllib.parse` gives it."""
    port: int
    path: str
    """Path with the query."""
    is_tls: bool = False
    ca_file: str | None = None
    """Authority to trust; None for those of the system."""

    @property
    def origin(self) -> str:
        """Address without path, such as `http://127.0.0.1:8000`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One run: what all generators do together."""

    arrival: Arrival
    span_s: float
    """How long requests are made; answers are awaited beyond it."""
    connections: int
    """Connections of all generators. Closed: all are always busy. Open: the most in use."""
    rate_per_s: float | None = None
    """The rate of all generators together; None if closed."""
    generators: int = 0
    """Processes that share the load; 0 if their number is yet to be chosen."""
    timeout_s: float = 10.0
    """How long an answer may take after its request."""
    drain_s: float = 10.0
    """How long to wait for missing answers at the end of the span."""
    seed: int = 1
    """Seed for random arrival."""

    @property
    def is_open(self) -> bool:
        """Whether requests are made regardless of answers."""
        return self.arrival is not Arrival.CLOSED

    @property
    def ready_s(self) -> float:
        """Seconds within which a generator must be ready.

        That is its start, and `timeout_s` for each batch of connections and for each probe, those
        that fail included.
        """
        most = share(self.connections, 0, max(1, self.generators))
        return START_S + self.timeout_s * (-(-most // AT_ONCE) + PROBES + PROBE_FAILURES)


def due_times(load: Load, number: int) -> Iterator[float]:
    """Yield when the requests of one generator are due, in seconds from the start, ascending.

    With constant arrival the generators take turns, so that together they keep equal intervals.
    With Poisson arrival each has a stream of its own; together these form one of the whole rate.

    Args:
        load: an open load, which has a rate.
        number: the generator's number, from 0.
    """
    assert load.rate_per_s
    if load.arrival is Arrival.CONSTANT:
        place = number
        while (due := place / load.rate_per_s) < load.span_s:
            yield due
            place += load.generators
        return
    draw = random.Random(f"{load.seed}/{number}")
    own_rate = load.rate_per_s / load.generators
    due = draw.expovariate(own_rate)
    while due < load.span_s:
        yield due
        due += draw.expovariate(own_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorPart:
    """What one generator reported. Counts are of requests."""

    number: int
    """The generator's number, from 0."""
    due: int
    """Requests that should have been made. Each was either answered or failed."""
    due_first: int
    """How many of them were due in the span's first half."""
    sent: int
    answered: int
    """Answered with a status below 400, whenever that was."""
    answered_in_span: int
    done_first: int
    """How many of those were answered by that half's end, or an unloaded answer later."""
    done_second: int
    """Answered by the span's end, or an unloaded answer later, and not among `done_first`."""
    failed: dict[str, int]
    """Failures by kind."""
    refused: int
    """New connections that failed during the run."""
    received_bytes: int
    latency: str
    """HdrHistogram of answers in microseconds, counted from the intended start; its V2 text
    form."""
    service: str
    """The same, counted from the real start."""
    lag: str
    """The same for the sender: how late it saw that a request was due. Empty if closed."""
    cpu_share: float
    """CPU time of the generator during the span, as a share of the span."""
    cpu_wait_share: float
    """Time during the span that it could have run but had no CPU, as a share."""
    busy_share: float
    """Share of the span in which no connection was free."""
    unloaded_s: float
    """Median time of an answer when one connection asked alone, before the run."""
    late_s: float
    """How late it began."""
    began_utc: str
    """When it began, in UTC by its machine's clock, as ISO 8601."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A generator that reported nothing, so that nothing is known of what it did."""

    number: int
    place: str
    """Where it ran."""
    reason: str
    part_of_rate_per_s: float | None = None
    """Its share of the requested rate; None if closed."""


class GeneratorLost(BenchError):  # noqa: N818  (an event that a run records and goes on from)
    """Raised when a generator dies, or says nothing by its deadline."""


class NotReady(BenchError):  # noqa: N818  (an event that a session may try again after)
    """Raised when a run cannot begin for a reason that may pass, so that nothing was measured.

    A generator was lost, or the server failed single requests to it.
    """


def share(total: int, number: int, parts: int) -> int:
    """Return how many of a total this part gets; sizes differ by at most 1."""
    return len(range(number, total, parts))
