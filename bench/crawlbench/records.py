"""What is planned, measured and concluded: the content of `session.json` (floor 0).

All are frozen; a session that goes on is a new `Session`. Times are float seconds per crawl unless
a name says otherwise, sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "FORMAT",
    "Cell",
    "Comparison",
    "Failure",
    "Machine",
    "NoiseFloor",
    "Plan",
    "RoundRecord",
    "Sample",
    "Session",
    "Summary",
    "Verdict",
    "WarningNote",
]

FORMAT = 1
"""Version of `session.json`. 1: first."""


class Verdict(StrEnum):
    """What may be said of a cell against its baseline."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    UNCLEAR = "unclear"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of site x network x strategy x event loop x parser x concurrency x environment."""

    site: str
    network: str
    strategy: str
    event_loop: str | None
    """None for a strategy that is not `async`."""
    parser: str
    concurrency: int
    environment: str = ""
    """Empty for the manager's own."""
    control: bool = False
    """True for the baseline's twin, which must come out equal."""

    @property
    def name(self) -> str:
        """Key of the cell in all published files, such as `aiohttp-gather/uvloop/lxml/c10/wan`."""
        parts = [
            self.strategy,
            self.event_loop or "-",
            self.parser,
            f"c{self.concurrency}",
            self.network,
            self.site,
        ]
        if self.environment:
            parts.append(f"@{self.environment}")
        if self.control:
            parts.append("control")
        return "/".join(parts)

    @property
    def group(self) -> str:
        """Cells of one group are compared with each other: same site, same network."""
        return f"{self.site}/{self.network}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides how a session measures."""

    suite: str
    cells: tuple[Cell, ...]
    """Baselines and controls included."""
    baselines: dict[str, str]
    """Group to the name of the cell that others of the group are compared with."""
    rounds: int
    """At the most."""
    laps: int
    """Values per cell and round."""
    warmups: int
    """Values per cell and round that are thrown away."""
    min_time_s: float
    """A value lasts about this long at least: `loops` are chosen so."""
    budget_s: float | None
    """No round starts that would end later than this after the session's start."""
    precision: float | None
    """Half-width of the log ratio below which a comparison needs no more rounds."""
    margin: float
    """Differences up to this log ratio do not matter to the user."""
    confidence: float
    """Of all intervals, over the family of comparisons."""
    timeout_s: float
    """A value that takes longer is a hang."""
    seed: int
    """Of the order within laps and of the network's delays."""

    def cell(self, name: str) -> Cell:
        """Return the cell of that name."""
        return next(cell for cell in self.cells if cell.name == name)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value and what was seen while it was taken."""

    cell: str
    lap: int
    """From 0; warmups have laps of their own, from 0 too."""
    slot: int
    """Place in the lap, from 0."""
    warmup: bool
    loops: int
    """Crawls in the value."""
    seconds: float
    """Per crawl; equal to the value in `suite.json`."""
    cpu_user_s: float
    """Per crawl, all threads and ended children of the worker."""
    cpu_system_s: float
    peak_rss_bytes: int | None
    """Highest resident memory of the worker during the value; None where it cannot be read."""
    requests: int
    """Counted by the mirror, over all loops; so are the next four."""
    connections: int
    most_in_flight: int
    wire_bytes: int
    """Sent by the mirror, heads included."""
    mirror_cpu_s: float
    """Of the mirror's process, over all loops."""


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """One finished round: a fresh worker per cell, all laps taken."""

    number: int
    """From 1; 0 is the calibration."""
    started: str
    """UTC, ISO 8601."""
    seconds: float
    """Wall time with the start and end of the workers."""
    samples: tuple[Sample, ...]
    """In the order in which they were taken."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a cell is invalid."""

    cell: str
    round: int
    reason: str
    """One line."""
    detail: str = ""
    """The worker's last words, such as a traceback; may be long."""


@dataclass(frozen=True, slots=True)
class WarningNote:
    """A doubt about the results, shown in every output."""

    topic: str
    """One word, for scripts."""
    text: str
    """What is doubtful and what would help."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a session ran."""

    hostname: str
    cpu_model: str
    cpu_count: int
    """CPUs that this session may use."""
    memory_bytes: int | None
    platform: str
    python: str
    """Implementation and version."""
    versions: dict[str, str]
    """Distribution to version, of all that a worker or the mirror runs."""
    worker_cpus: tuple[int, ...]
    mirror_cpus: tuple[int, ...]
    """Both empty where CPUs cannot be chosen."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the samples of one valid cell come to."""

    cell: str
    values: int
    seconds: float
    """Mean over rounds of the mean over laps."""
    seconds_error: float | None
    """Half-width of its t interval over rounds, at the plan's confidence; None for one round."""
    pages_per_s: float
    cpu_s: float
    """User and system, per crawl."""
    peak_rss_bytes: int | None
    connections: float
    """Per crawl."""
    most_in_flight: int
    """The highest that the mirror saw in any value."""


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


@dataclass(frozen=True, slots=True)
class Session:
    """One call of `crawlbench run`, as it stands after its last finished round."""

    plan: Plan
    machine: Machine
    created: str
    """UTC, ISO 8601."""
    tool: str
    """Version of crawlbench."""
    networks: dict[str, dict[str, float]]
    """Name to the numbers that the mirror played."""
    loops: dict[str, int] = field(default_factory=dict)
    """Cell to crawls per value, found by calibration."""
    http_parsers: dict[str, str] = field(default_factory=dict)
    """Cell to the module that read its responses."""
    rounds: tuple[RoundRecord, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[WarningNote, ...] = ()
    summaries: tuple[Summary, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    noise: tuple[NoiseFloor, ...] = ()
    seconds: float = 0.0
    """Wall time from start to the last finished round."""
    ending: str = ""
    """A key of `report.notes.ENDINGS`, such as `rounds`; empty if it has not ended."""
    format: int = FORMAT

    def values(self, cell: str) -> list[float]:
        """Return a cell's values without warmups, in the order in which they were taken."""
        return [
            sample.seconds
            for record in self.rounds
            for sample in record.samples
            if sample.cell == cell and not sample.warmup
        ]

    def failure(self, cell: str) -> Failure | None:
        """Return why a cell is invalid, or None if it is not."""
        return next((failure for failure in self.failures if failure.cell == cell), None)
