"""What many machines measured, and what was concluded: the content of `cluster.json` (floor 4).

A cell's ratio on one machine is a mean over rounds; over all machines, it is the mean of those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.endings import Ending  # noqa: TC001
from crawlbench.base.records.findings import Quantity, Verdict
from crawlbench.base.records.machine import Machine  # noqa: TC001
from crawlbench.base.records.plan import Plan  # noqa: TC001

CLUSTER_FORMAT = 1
"""Version of `cluster.json` and `block.json`. 1: first."""


class ClusterEnding(StrEnum):
    """Why a cluster measures no further block."""

    WHOLE = "whole"
    """All blocks are finished."""
    INCOMPLETE = "incomplete"
    """Not all of them could be."""
    SCHEDULER = "scheduler"
    """The scheduler was lost."""
    INTERRUPTED = "interrupted"
    NONE = ""
    """It has not ended."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a machine is and runs, as far as it can change a result."""

    machine: Machine
    """The machine; its versions are those of the plan's strategies, event loops and parsers."""
    architecture: str
    """Such as `x86_64`."""
    tool: str
    """Version of crawlbench."""
    digest: str
    """Hash of crawlbench's files."""
    files: dict[str, str]
    """Digest of each plug-in, site or network that is a file; `absent` if it cannot be read."""
    boot: str
    """Identifies what runs under one kernel; empty where the system does not say."""

    @property
    def kind(self) -> str:
        """The kind of machine: all with the same CPU, architecture and Python are of one kind."""
        return f"{self.machine.cpu_model}, {self.architecture}, {self.machine.python}"


@dataclass(frozen=True, slots=True)
class ClusterMachine:
    """One machine of a cluster."""

    name: str
    """Name of its Dask worker, or else of its host."""
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """A cell against its baseline on one machine."""

    cell: str
    rounds: int
    """Rounds in which both were measured."""
    mean: float | None
    """Mean log ratio; None where there is none, and `reason` says why."""
    error: float | None
    """Standard error of the mean over rounds."""
    verdict: Verdict
    """What the machine's own session says."""
    reason: str = ""
    quantity: Quantity = Quantity.TIME
    of_means: float | None = None
    """The same of mean times, in which rare slow laps count in full; None in blocks of earlier
    versions, of which nothing can be called the same."""
    of_means_error: float | None = None
    """Standard error of that."""
    moved_down: float = 0.0
    """How far the doubts that lower the mean log ratio do so, if they are taken off; 0 or less."""
    moved_up: float = 0.0
    """The same of those that raise it; 0 or more."""


@dataclass(frozen=True, slots=True)
class ControlEstimate:
    """What the control of one group showed on one machine; see `Control`."""

    group: str
    rounds: int
    mean: float | None
    error: float | None
    noise: float | None
    """Half-width of its interval: how far apart equal cells may seem on that machine."""
    widening: float = 0.0
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class BlockResult:
    """One machine's part: a whole session of one sheet, and the content of `block.json`."""

    sheet: int
    """From 1."""
    machine: ClusterMachine
    cells: tuple[CellEstimate, ...]
    controls: tuple[ControlEstimate, ...]
    rounds: int
    seconds: float
    """Wall time."""
    ending: Ending
    """How the session ended."""
    warnings: tuple[str, ...] = ()
    """Topics of the session's warnings."""
    failures: int = 0
    """Cells that are invalid there, with baselines and controls, without refusals."""
    seed: int = 0
    """Seed of the plan that this machine measured: no two machines of a sheet have the same."""
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    """For each environment that was built there: its Python and its packages, with versions."""
    format: int = CLUSTER_FORMAT


@dataclass(frozen=True, slots=True)
class UnsteadyMachine:
    """A machine that was too unsteady for one group of cells."""

    machine: str
    sheet: int
    group: str
    reason: str
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class LostBlock:
    """A block that was not finished anywhere."""

    sheet: int
    tries: int
    reason: str


@dataclass(frozen=True, slots=True)
class KindVerdict:
    """What the machines of one kind say about a cell; `MergedComparison` explains the fields."""

    kind: str
    machines: int
    estimate: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class MergedComparison:
    """A cell against its baseline over all machines, as log ratios."""

    cell: str
    baseline: str
    sheet: int
    machines: int
    """How many gave an estimate: the unit of replication."""
    verdict: Verdict
    estimate: float | None = None
    """Mean over machines; None where there is none, and `reason` says why."""
    low: float | None = None
    high: float | None = None
    """Interval of the mean, at the plan's confidence, for this comparison alone."""
    is_fixed: bool = False
    """Whether the interval holds for these machines only; from five machines on it holds for all
    machines like them."""
    spread: float | None = None
    """Standard deviation of the true log ratio from machine to machine; None for one machine."""
    spread_share: float | None = None
    """Share of the variance between the machines' estimates that is not their own noise (I
    squared)."""
    spread_p: float | None = None
    """Chance of seeing such a spread if the true ratio were the same on all machines."""
    new_low: float | None = None
    new_high: float | None = None
    """Interval of the ratio that one more machine of this sort would measure; None below three."""
    holds_on: int = 0
    """Machines whose own interval, at the cell's level, says the same."""
    against_on: int = 0
    """Machines whose own interval, at that level divided by their number, says something else."""
    against: dict[str, Verdict] = field(default_factory=dict)
    """The first few of them, with what they say."""
    without_on: int = 0
    """Machines that measured the cell without a result."""
    without: dict[str, str] = field(default_factory=dict)
    """The first few of them, with the reason."""
    reason: str = ""
    """Why the verdict does not answer the question; empty if it does."""
    kinds: tuple[KindVerdict, ...] = ()
    """What each kind of machine says; empty if all machines are of one kind."""
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class MergedNoise:
    """What the controls of one group show across all machines."""

    sheet: int
    group: str
    machines: int
    estimate: float | None
    low: float | None
    high: float | None
    widening: float = 0.0
    """How much every interval of the group is widened, as in a session; 0 if the twins agree."""
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class ClusterSession:
    """One call of `crawlbench run --cluster`."""

    plan: Plan
    """The plan of all sheets together."""
    sheet_cells: int
    """The most cells that a sheet may have."""
    copies: int
    """How many machines were to measure each sheet."""
    created: str
    """UTC, ISO 8601."""
    tool: str
    machines: tuple[ClusterMachine, ...] = ()
    """Those that measured, and those that were meant to."""
    blocks: int = 0
    """How many are finished."""
    lost: tuple[LostBlock, ...] = ()
    left_out: tuple[UnsteadyMachine, ...] = ()
    noise: tuple[MergedNoise, ...] = ()
    comparisons: tuple[MergedComparison, ...] = ()
    failures: dict[str, int] = field(default_factory=dict)
    """Machine to the number of its invalid cells, in all sheets; only machines that have some."""
    notes: tuple[str, ...] = ()
    """Doubts and events, as sentences."""
    seconds: float = 0.0
    """Wall time of the last call."""
    ending: ClusterEnding = ClusterEnding.NONE
    format: int = CLUSTER_FORMAT
