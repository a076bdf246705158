"""What is concluded: summaries, comparisons, controls and warnings (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What can be said of one cell against another."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNCLEAR = "unclear"
    INVALID = "invalid"
    UNSUPPORTED = "not supported"
    """The event loop says that it does not support the operation."""


class Quantity(StrEnum):
    """What two cells are compared by."""

    TIME = "time"
    """Wall time of a whole crawl, or of an operation's call."""
    CPU = "CPU"
    """CPU time of all threads and children, within the same clock."""
    PAGE = "per page"
    """Wall time that one more page adds, from two lengths of one site."""
    BEGIN = "to begin"
    """Wall time of a crawl without its pages' share. Two cells are compared by the difference, so
    its numbers are seconds, not log ratios."""
    CPU_PAGE = "CPU per page"
    """CPU time that one more page adds."""

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return {
            Quantity.TIME: "time",
            Quantity.CPU: "CPU time",
            Quantity.PAGE: "time per page",
            Quantity.BEGIN: "time to begin",
            Quantity.CPU_PAGE: "CPU time per page",
        }[self]

    @property
    def prefix(self) -> str:
        """What begins the names of its fields in JSON, such as `per_page_`; nothing for time."""
        return "" if self is Quantity.TIME else f"{self.value.lower().replace(' ', '_')}_"

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
        """The quantity of a whole crawl from which this one is worked out."""
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
    """Why there is no verdict, or only `unclear`; `report.reasons` says it in words."""

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
    """One of the sessions crawled a single length of the site, or other lengths than the other."""
    HALF = "half"
    """A doubt (named in `detail`) is half of the time or more in one of the cells; between
    sessions, `detail` names that cell where it is the baseline."""
    DOUBT = "doubt"
    """With a doubt (named in `detail`) taken off, the verdict would be another."""
    SLOW_LAPS = "slow laps"
    """The typical times are the same, but rare slow laps make the means differ, or could."""
    CONTROL = "control"
    """The twins differ, and adding their difference to the interval changes the answer."""
    OTHER_SITE = "other site"
    """The site has the name of the newest session's site, but other content."""
    OTHER_BASELINE = "other baseline"
    """The group is compared with another cell than in the newest session."""
    OTHER_NETWORK = "other network"
    """The network has the name of the newest session's network, but other numbers."""
    PLAIN = "plain"
    """Plain and normalised times of two sessions do not say the same."""
    OPEN = "open"
    """The interval reaches across the margin: more rounds may tell."""


class Mark(StrEnum):
    """What a row's time depends on besides the client; a note, not a veto."""

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
    """Typical time: the baseline's, times the cell's ratio, so that time, ratio and order agree."""
    seconds_error: float | None
    """How far its t interval over rounds reaches upwards, at the plan's confidence; None for one
    round. The interval is one of logarithms, so that downwards it reaches as many times less."""
    per_s: float
    """Pages per second; for an operation, what it counts."""
    cpu_user_s: float
    """CPU time in the program, per crawl; the next three are per crawl, too."""
    cpu_system_s: float
    parse_s: float | None
    """CPU time in the parser, part of the two above; None if it ran in other processes."""
    wait_s: float
    """Time without CPU use: spent waiting for the network, the mirror or a CPU."""
    yields: float
    """Context switches per crawl because the worker waited."""
    preemptions: float
    """Context switches per crawl because something else got its CPU."""
    wire_bytes: float
    """Bytes that the mirror sent per crawl."""
    extra_rss_bytes: int | None
    """Peak memory beyond what the worker had before the value; None where it cannot be read."""
    peak_rss_bytes: int | None
    connections: float
    """Per crawl."""
    most_in_flight: int
    """The highest number that the mirror saw in any value."""
    server_share: float
    """Share of the mirror's capacity that the cell used: by busy time or by rate, whichever is
    larger."""
    server_wait_share: float
    """Share of the mirror's response time in which it had no CPU."""
    mark: Mark
    of_limit: float | None
    """The shortest time that the network allows a client without costs, as a share of the
    cell's."""
    figures: dict[str, float] = field(default_factory=dict)
    """Means of what an operation measured besides its time."""
    excess: float = 0.0
    """How far slow laps lift the mean of all laps above the typical time, as a log ratio."""
    starved_share: float = 0.0
    """Share of the time in which the worker was ready but others had its CPU."""
    http: str = ""
    """HTTP version that was spoken; empty for an operation, and where it is not known."""
    per_page_s: float | None = None
    """Typical time that each further page adds; it agrees with the ratio per page. This and the
    next four are None where one length was measured, or where the cost of a page could not be
    told."""
    per_page_error_s: float | None = None
    """How far its t interval over rounds reaches upwards, as that of `seconds`."""
    to_begin_s: float | None = None
    """Typical time of a crawl without its pages' share; below 0 where later pages cost more."""
    to_begin_error_s: float | None = None
    parse_per_page_s: float | None = None
    """CPU time in the parser that each further page adds."""
    cpu_per_page_s: float | None = None
    """CPU time of all threads and children that each further page adds; None also where no exact
    clock was read."""
    middle_s: float | None = None
    """Typical time of a crawl of the middle length; None where there is none."""
    long_s: float | None = None
    """Typical time of a crawl of the longest length; None where there is none."""
    is_bent: bool = False
    """Whether the three do not lie on a line, so that nothing is said per page or to begin."""


@dataclass(frozen=True, slots=True)
class DoubtSize:
    """How much of the two cells' time a doubt may account for, and what that could change."""

    doubt: Doubt
    cell_share: float
    """Share of the cell's time, from 0 to 1."""
    baseline_share: float
    shift: float
    """How far the log ratio moves if the doubt is taken off both sides."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cell against another, as log ratios (0: equal, positive: slower).

    For the cost to begin, the numbers are differences in seconds.
    """

    cell: str
    baseline: str
    """What it is compared with. The group's baseline stands for the mean of both twins."""
    rounds: int
    """Rounds in which both were measured: the unit of replication."""
    estimate: float | None
    """From the values as measured; None where there is none, and `obstacle` says why."""
    low: float | None
    high: float | None
    """Interval at the plan's confidence for this pair alone: wide enough for every doubt, taken off
    or not, and widened where the twins differ."""
    verdict: Verdict
    quantity: Quantity = Quantity.TIME
    obstacle: Obstacle | None = None
    """Why the verdict does not answer the question; None if it does."""
    detail: str = ""
    """What `obstacle` is about: a failure's reason, or a `Doubt`."""
    p: float | None = None
    """p of the best supported claim, before Holm; where a session watches its rounds, the smallest
    so far."""
    doubts: tuple[DoubtSize, ...] = ()
    """The doubts that are large enough to change a printed digit."""
    excess: float = 0.0
    """How far the log ratio of the means exceeds that of the typical times: slow laps."""
    means_high: float | None = None
    """Upper end of the interval of the log ratio of the means, at the plan's confidence."""
    detectable: float | None = None
    """The smallest log ratio that would have been found with a chance of 80 %."""
    more_rounds: int | None = None
    """About how many more rounds would settle an `unclear`; None if it is settled or none would."""

    @property
    def is_answered(self) -> bool:
        """Whether the verdict answers the question."""
        return self.verdict in (Verdict.FASTER, Verdict.SLOWER, Verdict.SAME)


@dataclass(frozen=True, slots=True)
class Control:
    """What the control of one group shows: its baseline compared with itself."""

    group: str
    rounds: int
    estimate: float | None
    """Log ratio of control and baseline; None if fewer than two rounds have both."""
    low: float | None
    high: float | None
    widening: float = 0.0
    """How much every interval of the group is widened on both sides: by what the twins differ, if
    that exceeds their own interval, else by 0."""
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
