"""What was measured: values, rounds, and why a cell failed (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.ranges import Count, Figure, Number, Span, Took  # noqa: TC001

__all__ = ["Anchor", "Failure", "RoundRecord", "Sample"]


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
    """Crawls in the value, or calls of an operation, which per crawl means then."""
    seconds: Took
    """Per crawl; equal to the value in `suite.json`."""
    cpu_user_s: Span
    """Per crawl; with `cpu_system_s` it adds up to `cpu_s` where that is known."""
    cpu_system_s: Span
    cpu_wait_s: Span
    """Per crawl, in which others had the CPUs that the worker wanted: what its threads, and those
    of its children, waited for a CPU, but no more than was left of the CPUs beside the worker's own
    use. Of threads and children that end within the value nobody can tell. Format 1 has the main
    thread's wait alone, its competition with the worker's other threads included."""
    parse_s: Span | None
    """Per crawl, CPU time in the parser; None where the crawl used processes of its own."""
    yields: Count
    """Context switches in the value because the worker waited."""
    preemptions: Count
    """Context switches in the value because something else got its CPU."""
    base_rss_bytes: Count | None
    """Resident memory of the worker before the value."""
    peak_rss_bytes: Count | None
    """Highest resident memory of the worker during the value; None as `parse_s`, or where it cannot
    be read."""
    requests: Count
    """Counted by the mirror, over all loops; so are the next four. An operation has none."""
    connections: Count
    most_in_flight: Count
    wire_bytes: Count
    """Sent by the mirror, heads included."""
    mirror_cpu_s: Span
    """Of the mirror's process, or of the operation's peer, over all loops."""
    mirror_wait_s: Span
    """In which the mirror was ready but had no CPU, over all loops."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """What an operation measured besides its time; a name ends with its unit."""
    cpu_s: Span | None = None
    """Per crawl, CPU time of all threads and of ended and living children, read within the clock;
    None where the system does not tell it exactly, and in format 1."""
    http2_requests: Count | None = None
    """Of the requests, those that came by HTTP/2; None in sessions of before."""
    side_cpu_s: Span | None = None
    """Per crawl, of `cpu_s` that of other threads than the one that crawls, and of children; None
    as `cpu_s`, and in sessions of before."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """In which state the machine was in one lap: seconds of two fixed kernels."""

    group: str
    lap: Count
    """From 0; warmups have none."""
    computing_s: Took
    sending_s: Took
    """Of small messages to and fro over loopback, in one process."""


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """One finished round: a fresh worker per cell, all laps taken."""

    number: Count
    """From 1; 0 is the calibration."""
    started: str
    """UTC, ISO 8601."""
    seconds: Span
    """Wall time with the start and end of the workers."""
    samples: tuple[Sample, ...]
    """In the order in which they were taken."""
    anchors: tuple[Anchor, ...] = ()
    """One for each lap of each group; none in format 1, or where their process failed."""
    laps_s: Span | None = None
    """Of the seconds, those in which laps were taken; the rest is the start, the warmups and the
    end of the workers. None in sessions of before."""


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
    """The event loop says that it does not have the operation: nothing went wrong."""
