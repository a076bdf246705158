"""What is concluded: summaries, comparisons, noise and doubts (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

# msgspec reads the annotations when it decodes.
from crawlbench.records.ranges import (  # noqa: TC001
    Count,
    Counted,
    End,
    Figure,
    LogRatio,
    Number,
    Share,
    Span,
    Took,
)

__all__ = ["Comparison", "NoiseFloor", "SlotEffect", "Summary", "Verdict", "WarningNote"]


class Verdict(StrEnum):
    """What may be said of a cell against its baseline."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNCLEAR = "unclear"
    INVALID = "invalid"
    UNSUPPORTED = "not supported"
    """The event loop says that it does not have the operation."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the samples of one valid cell come to."""

    cell: str
    values: Number
    seconds: Took
    """Mean over rounds of the mean over laps."""
    seconds_error: Counted | None
    """Half-width of its t interval over rounds, at the plan's confidence; None for one round."""
    per_s: Counted
    """Pages per second; of an operation, what it counts."""
    cpu_user_s: Span
    """Per crawl, as are the next three."""
    cpu_system_s: Span
    parse_s: Span | None
    """CPU time in the parser, part of the two above; None if it ran in processes of its own."""
    wait_s: Figure
    """Time without CPU use: for the network, the mirror, or a CPU."""
    yields: Counted
    """Context switches per crawl because the worker waited."""
    preemptions: Counted
    """Context switches per crawl because something else got its CPU."""
    wire_bytes: Counted
    """Per crawl, sent by the mirror."""
    extra_rss_bytes: int | None
    """Peak memory beyond what the worker had before the value; None where it cannot be read."""
    peak_rss_bytes: Count | None
    connections: Counted
    """Per crawl."""
    most_in_flight: Count
    """The highest that the mirror saw in any value."""
    server_share: Share
    """Of what the mirror can do, what the cell asked for: the larger of busy time and rate."""
    server_wait_share: Share
    """Of the mirror's way to its answers, the time without a CPU."""
    mark: str
    """`server-bound`, `peer-bound` or `mirror disturbed` if the row tells of more than the client;
    else empty."""
    of_limit: Share | None
    """The least time that the network and a client without costs would take, over the cell's."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """Means of what an operation measured besides its time."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A cell against its baseline, as log ratios (0: equal, positive: slower)."""

    cell: str
    baseline: str
    rounds: Count
    """Rounds in which both were measured: the unit of replication."""
    estimate: LogRatio | None
    """None where it could not be made; `reason` says why."""
    low: End | None
    high: End | None
    """Interval at the level that Holm's step gave this comparison."""
    verdict: Verdict
    reason: str = ""
    """Why the verdict is no answer; empty otherwise."""


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """What the control of one group shows: its baseline measured against itself."""

    group: str
    rounds: Count
    estimate: LogRatio | None
    low: End | None
    high: End | None
    margin: End | None
    """Log ratio that a difference must exceed here; None if the control gave no interval."""
    refusal: str = ""
    """Why no verdict of this group can be believed; empty if the control was steady."""


@dataclass(frozen=True, slots=True)
class SlotEffect:
    """How much longer values took in one place of the lap, as a log ratio."""

    slot: str
    """`first` or `last`."""
    rounds: Count
    estimate: LogRatio
    low: End
    high: End


@dataclass(frozen=True, slots=True)
class WarningNote:
    """A doubt about the results, shown in every output."""

    topic: str
    """One word, for scripts."""
    text: str
    """What is doubtful and what would help."""
