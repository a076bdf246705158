"""What was measured: values, rounds, and why a cell failed (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.ranges import Count, Figure, Number, Span, Took  # noqa: TC001


@dataclass(frozen=True, slots=True)
class Sample:
    """One value and what was seen while it was taken."""

    cell: str
    lap: Count
    """From 0; warmups have laps of their own, from 0 too."""
    slot: Count
    """Place in the lap, from 0."""
    warmup: bool
    loops: Number
    """Crawls in the value; for an operation, calls, to which "per crawl" then refers."""
    seconds: Took
    """Per crawl; the same as the value in `suite.json`."""
    cpu_user_s: Span
    """Per crawl; with `cpu_system_s` it adds up to `cpu_s` where that is known."""
    cpu_system_s: Span
    cpu_wait_s: Span
    """Per crawl, how long others had the CPUs that the worker wanted: the time that its threads and
    its children's waited for a CPU, but no more than the worker left unused of its CPUs. Threads
    and children that end within the value are lost. Format 1 has the main thread's wait alone,
    including its competition with the worker's other threads."""
    parse_s: Span | None
    """Per crawl, CPU time in the parser; None where the crawl used processes of its own."""
    yields: Count
    """Context switches in the value because the worker waited."""
    preemptions: Count
    """Context switches in the value because something else got its CPU."""
    base_rss_bytes: Count | None
    """Resident memory of the worker before the value."""
    peak_rss_bytes: Count | None
    """Highest resident memory of the worker during the value; None as for `parse_s`, or where it
    cannot be read."""
    requests: Count
    """Counted by the mirror over all loops, as are the next four. An operation has none."""
    connections: Count
    most_in_flight: Count
    wire_bytes: Count
    """Bytes that the mirror sent, with heads."""
    mirror_cpu_s: Span
    """CPU time of the mirror's process, or of the operation's peer, over all loops."""
    mirror_wait_s: Span
    """Time in which the mirror was ready but had no CPU, over all loops."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """What an operation measured besides its time; each name ends with its unit."""
    cpu_s: Span | None = None
    """Per crawl, CPU time of all threads and of all children, read within the clock; None where the
    system does not give it exactly, and in format 1."""
    http2_requests: Count | None = None
    """How many of the requests came by HTTP/2; None in older sessions."""
    side_cpu_s: Span | None = None
    """Per crawl, the part of `cpu_s` used by children, and by threads other than the crawling one;
    None as for `cpu_s`, and in older sessions."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The state of the machine in one lap: how many seconds two fixed kernels took."""

    group: str
    lap: Count
    """From 0; warmups have none."""
    computing_s: Took
    sending_s: Took
    """Time to send small messages to and fro over loopback, in one process."""


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """One finished round: a fresh worker per cell, all laps taken."""

    number: Count
    """From 1; 0 is the calibration."""
    started: str
    """UTC, ISO 8601."""
    seconds: Span
    """Wall time, including the start and end of the workers."""
    samples: tuple[Sample, ...]
    """In the order in which they were taken."""
    anchors: tuple[Anchor, ...] = ()
    """One for each lap of each group; none in format 1, or where their process failed."""
    laps_s: Span | None = None
    """The part of `seconds` in which laps were taken; the rest is the start, the warmups and the
    end of the workers. None in older sessions."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a cell is invalid."""

    cell: str
    round: Count
    reason: str
    """One line."""
    detail: str = ""
    """The worker's last words, such as a traceback; may be long."""
    is_refusal: bool = False
    """Whether the event loop says that it does not support the operation: nothing went wrong."""
