"""What is concluded: summaries, comparisons, noise and doubts (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

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
    values: int
    seconds: float
    """Mean over rounds of the mean over laps."""
    seconds_error: float | None
    """Half-width of its t interval over rounds, at the plan's confidence; None for one round."""
    per_s: float
    """Pages per second; of an operation, what it counts."""
    cpu_user_s: float
    """Per crawl, as are the next three."""
    cpu_system_s: float
    parse_s: float | None
    """CPU time in the parser, part of the two above; None if it ran in processes of its own."""
    wait_s: float
    """Time without CPU use: for the network, the mirror, or a CPU."""
    yields: float
    """Context switches per crawl because the worker waited."""
    preemptions: float
    """Context switches per crawl because something else got its CPU."""
    wire_bytes: float
    """Per crawl, sent by the mirror."""
    extra_rss_bytes: int | None
    """Peak memory beyond what the worker had before the value; None where it cannot be read."""
    peak_rss_bytes: int | None
    connections: float
    """Per crawl."""
    most_in_flight: int
    """The highest that the mirror saw in any value."""
    server_share: float
    """Of what the mirror can do, what the cell asked for: the larger of busy time and rate."""
    server_wait_share: float
    """Of the mirror's way to its answers, the time without a CPU."""
    mark: str
    """`server-bound`, `peer-bound` or `mirror disturbed` if the row tells of more than the client;
    else empty."""
    of_limit: float | None
    """The least time that the network and a client without costs would take, over the cell's."""
    figures: dict[str, float] = field(default_factory=dict)
    """Means of what an operation measured besides its time."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A cell against its baseline, as log ratios (0: equal, positive: slower)."""

    cell: str
    baseline: str
    rounds: int
    """Rounds in which both were measured: the unit of replication."""
    estimate: float | None
    """None where it could not be made; `reason` says why."""
    low: float | None
    high: float | None
    """Interval at the level that Holm's step gave this comparison."""
    verdict: Verdict
    reason: str = ""
    """Why the verdict is no answer; empty otherwise."""


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """What the control of one group shows: its baseline measured against itself."""

    group: str
    rounds: int
    estimate: float | None
    low: float | None
    high: float | None
    margin: float | None
    """Log ratio that a difference must exceed here; None if the control gave no interval."""
    refusal: str = ""
    """Why no verdict of this group can be believed; empty if the control was steady."""


@dataclass(frozen=True, slots=True)
class SlotEffect:
    """How much longer values took in one place of the lap, as a log ratio."""

    slot: str
    """`first` or `last`."""
    rounds: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WarningNote:
    """A doubt about the results, shown in every output."""

    topic: str
    """One word, for scripts."""
    text: str
    """What is doubtful and what would help."""
