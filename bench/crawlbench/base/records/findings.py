"""What is concluded: summaries, comparisons, controls and warnings (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "Comparison",
    "Control",
    "Doubt",
    "DoubtSize",
    "Mark",
    "Obstacle",
    "Quantity",
    "SlotEffect",
    "Summary",
    "Verdict",
    "WarningNote",
]


class Verdict(StrEnum):
    """What may be said of one cell against another."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNCLEAR = "unclear"
    INVALID = "invalid"
    UNSUPPORTED = "not supported"
    """The event loop says that it does not have the operation."""


class Quantity(StrEnum):
    """What two cells are compared by."""

    TIME = "time"
    """Wall time of a whole crawl, or of an operation's call."""
    CPU = "CPU"
    """CPU time of all threads and children, within the same clock."""
    PAGE = "per page"
    """Wall time that one page more adds, from two lengths of one site."""
    BEGIN = "to begin"
    """Wall time of a crawl less its pages' share. Two cells are compared by their difference: its
    numbers are seconds, not log ratios."""
    CPU_PAGE = "CPU per page"
    """CPU time that one page more adds."""

    @property
    def has_ratio(self) -> bool:
        """Whether its numbers are log ratios; if not, they are seconds."""
        return self is not Quantity.BEGIN

    @property
    def is_of_lengths(self) -> bool:
        """Whether it needs two lengths of a site."""
        return self in (Quantity.PAGE, Quantity.BEGIN, Quantity.CPU_PAGE)

    @property
    def is_cpu(self) -> bool:
        """Whether it is read from the clock of CPU time."""
        return self in (Quantity.CPU, Quantity.CPU_PAGE)

    @property
    def whole(self) -> Quantity:
        """What is read of one length, from which it comes."""
        return Quantity.CPU if self.is_cpu else Quantity.TIME


class Doubt(StrEnum):
    """A measured nuisance: time of a crawl that may not be the client's own."""

    SERVER_WAIT = "server-wait"
    """The mirror, or an operation's peer, was ready to answer, but something else had its CPU."""
    SERVER_LOAD = "server-load"
    """The mirror or peer was at work; counted where it was busy for a good part of the time."""
    STARVATION = "starvation"
    """The worker was ready to run, but something else had its CPU."""
    CONTENTION = "contention"
    """What sharing a CPU adds to CPU time: caches that others have emptied."""


class Obstacle(StrEnum):
    """Why there is no verdict, or none but `unclear`; `report.reasons` says it in words."""

    FAILED = "failed"
    """One of the two cells is invalid; `Comparison.detail` says why."""
    TIMERS = "timers"
    """The time is that of timers, which some event loops round to whole milliseconds."""
    FEW_ROUNDS = "few rounds"
    """Fewer than two rounds have both cells, so there is no interval."""
    FLAT = "flat"
    """In many laps the longer crawl took no longer than the shorter one."""
    BENT = "bent"
    """In the cell that `detail` names, a middle length lies off the line of the two others."""
    ONE_LENGTH = "one length"
    """One of the sessions crawled one length of the site, or other lengths than the other."""
    HALF = "half"
    """A doubt (named in `detail`) is half of the time or more in one of the cells."""
    DOUBT = "doubt"
    """With a doubt (named in `detail`) taken off, the verdict would be another."""
    SLOW_LAPS = "slow laps"
    """The typical times are the same, but rare slow laps make the means differ, or may do so."""
    CONTROL = "control"
    """The twins differ, and that difference, added to the interval, decides."""
    OTHER_SITE = "other site"
    """The site has the name of the newest session's, but other content."""
    PLAIN = "plain"
    """Plain and normalised times do not say the same of two sessions."""
    OPEN = "open"
    """The interval reaches across the margin: more rounds may tell."""


class Mark(StrEnum):
    """What a row tells of beside the client; a note, not a veto."""

    NONE = ""
    SERVER_BOUND = "server-bound"
    PEER_BOUND = "peer-bound"
    DISTURBED = "mirror disturbed"
    STARVED = "starved"


@dataclass(frozen=True, slots=True)
class Summary:
    """What the samples of one valid cell come to."""

    cell: str
    values: int
    seconds: float
    """Typical time: the baseline's, times the cell's ratio. Time, ratio and order agree."""
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
    mark: Mark
    of_limit: float | None
    """The least time that the network and a client without costs would take, over the cell's."""
    figures: dict[str, float] = field(default_factory=dict)
    """Means of what an operation measured besides its time."""
    excess: float = 0.0
    """By how much the mean of all laps exceeds the typical time, as a log ratio: slow laps."""
    starved_share: float = 0.0
    """Of the time, that in which the worker was ready but others had its CPU."""
    http: str = ""
    """Version that was spoken; empty for an operation, and where that is not known."""
    per_page_s: float | None = None
    """Typical time that one page more adds; it agrees with the ratio per page. None, as are the
    next four, where one length was measured, or where a page has no cost that could be told."""
    per_page_error_s: float | None = None
    """Half-width of its t interval over rounds."""
    to_begin_s: float | None = None
    """Typical time of a crawl less its pages' share; below 0 where later pages cost more."""
    to_begin_error_s: float | None = None
    parse_per_page_s: float | None = None
    """CPU time in the parser that one page more adds."""
    cpu_per_page_s: float | None = None
    """CPU time of all that one page more adds; None where no exact clock was read, too."""
    middle_s: float | None = None
    """Typical time of the crawl of a middle length; None where there is none."""
    long_s: float | None = None
    """The same of the longer one."""
    is_bent: bool = False
    """Whether the three lie on no line: then nothing is said per page, or to begin."""


@dataclass(frozen=True, slots=True)
class DoubtSize:
    """How much of two cells' time a doubt may account for, and what that could change."""

    doubt: Doubt
    cell_share: float
    """Of the cell's time, from 0 to 1."""
    baseline_share: float
    shift: float
    """By how much the log ratio moves if the doubt is taken off both sides."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cell against another, as log ratios (0: equal, positive: slower).

    By what it costs to begin, they are differences in seconds.
    """

    cell: str
    baseline: str
    """What it is compared with. The group's baseline stands for both twins, averaged."""
    rounds: int
    """Rounds in which both were measured: the unit of replication."""
    estimate: float | None
    """Of the values as measured; None where there is none, and `obstacle` says why."""
    low: float | None
    high: float | None
    """Interval at the plan's confidence for this pair alone: the union over all doubts taken off
    and none, widened where the twins differ."""
    verdict: Verdict
    quantity: Quantity = Quantity.TIME
    obstacle: Obstacle | None = None
    """Why the verdict is no answer; None if it is one."""
    detail: str = ""
    """What `obstacle` is about: a failure's reason, or a `Doubt`."""
    p: float | None = None
    """Of the best supported claim, before Holm; as small as it ever was where rounds are
    watched."""
    doubts: tuple[DoubtSize, ...] = ()
    """Those that could change a digit."""
    excess: float = 0.0
    """By how much the log ratio of means exceeds that of typical times: slow laps."""
    detectable: float | None = None
    """Log ratio from which on a difference would have been found, with a chance of 80 %."""
    more_rounds: int | None = None
    """About as many would settle an `unclear`; None if it is settled, or no number would."""

    @property
    def is_answered(self) -> bool:
        """Whether the verdict answers the question."""
        return self.verdict in (Verdict.FASTER, Verdict.SLOWER, Verdict.SAME)


@dataclass(frozen=True, slots=True)
class Control:
    """What the control of one group shows: its baseline measured against itself."""

    group: str
    rounds: int
    estimate: float | None
    """Log ratio of control and baseline; None if there were fewer than two rounds of both."""
    low: float | None
    high: float | None
    widening: float = 0.0
    """By so much every interval of the group grows on both sides: what the twins differ by, if that
    is beyond their own interval, else 0."""
    quantity: Quantity = Quantity.TIME


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
