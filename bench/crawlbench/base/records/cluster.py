"""What many machines measured, and what follows: the content of `cluster.json` (floor 0).

A cell's ratio on a machine is a mean over rounds; over machines, a mean over those.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.findings import Quantity, Verdict
from crawlbench.base.records.machine import Machine  # noqa: TC001
from crawlbench.base.records.plan import Plan  # noqa: TC001

__all__ = [
    "CLUSTER_FORMAT",
    "BlockResult",
    "CellEstimate",
    "ClusterMachine",
    "ClusterSession",
    "ControlEstimate",
    "Fingerprint",
    "KindVerdict",
    "LeftOut",
    "LostBlock",
    "MergedComparison",
    "MergedNoise",
]

CLUSTER_FORMAT = 1
"""Version of `cluster.json` and `block.json`. 1: first."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a machine is and runs, as far as it can change a result."""

    machine: Machine
    """Its versions name the packages of the plan's strategies, event loops and parsers."""
    architecture: str
    """Such as `x86_64`."""
    tool: str
    """Version of crawlbench."""
    digest: str
    """Of the files of crawlbench."""
    files: dict[str, str]
    """Plug-in or site that is a file, to the digest of its content; `absent` if it is not there."""
    boot: str
    """The same for all that runs under one kernel; empty where the system does not tell."""

    @property
    def kind(self) -> str:
        """Machines of one kind have the same CPU, architecture and Python."""
        return f"{self.machine.cpu_model}, {self.architecture}, {self.machine.python}"


@dataclass(frozen=True, slots=True)
class ClusterMachine:
    """One machine of a cluster."""

    name: str
    """Of its Dask worker, else its host's."""
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """A cell against its baseline on one machine."""

    cell: str
    rounds: int
    """In which both were measured."""
    mean: float | None
    """Log ratio; None where there is none, and `reason` says why."""
    error: float | None
    """Standard error of the mean over rounds."""
    verdict: Verdict
    """What that machine's own session says."""
    reason: str = ""
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class ControlEstimate:
    """The control of one group on one machine; see `Control`."""

    group: str
    rounds: int
    mean: float | None
    error: float | None
    noise: float | None
    """Half-width of its interval: how far apart equal cells may look there."""
    widening: float = 0.0
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class BlockResult:
    """One machine's part: a whole session of one sheet. The content of `block.json`."""

    sheet: int
    """From 1."""
    machine: ClusterMachine
    cells: tuple[CellEstimate, ...]
    controls: tuple[ControlEstimate, ...]
    rounds: int
    seconds: float
    """Wall time."""
    ending: str
    """Of the session."""
    warnings: tuple[str, ...] = ()
    """Topics of the session's warnings."""
    failures: int = 0
    """Cells that are invalid there, baselines and controls included; refusals are none."""
    seed: int = 0
    """Of the plan that this machine measured: no two machines of a sheet have the same."""
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    """Name to what was in it there, if it was built: `Python` and packages, with versions."""
    format: int = CLUSTER_FORMAT


@dataclass(frozen=True, slots=True)
class LeftOut:
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
    """What the machines of one kind say of a cell; fields as of `MergedComparison`."""

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
    """That gave an estimate: the unit of replication."""
    verdict: Verdict
    estimate: float | None = None
    """Mean over machines; None where there is none, and `reason` says why."""
    low: float | None = None
    high: float | None = None
    """Interval of the mean at the plan's confidence, for this comparison alone."""
    is_fixed: bool = False
    """Whether it holds on these machines only; of five or more it holds for machines of that sort.
    """
    spread: float | None = None
    """Standard deviation of the true log ratio from machine to machine; None for one machine."""
    spread_share: float | None = None
    """Of the variance between the machines' estimates, what is no noise of theirs (I squared)."""
    spread_p: float | None = None
    """Chance of such a spread if the true ratio is one and the same on all machines."""
    new_low: float | None = None
    new_high: float | None = None
    """Interval of the true ratio on one more machine of that sort; None for less than three."""
    holds_on: int = 0
    """Machines whose own interval, at the cell's level, says the same."""
    against_on: int = 0
    """Machines whose own interval, at that level over their number, says something else."""
    against: dict[str, Verdict] = field(default_factory=dict)
    """The first of them."""
    without_on: int = 0
    """Machines that measured it in vain."""
    without: dict[str, str] = field(default_factory=dict)
    """The first of them, with the reason."""
    reason: str = ""
    """Why the verdict is no answer; empty otherwise."""
    kinds: tuple[KindVerdict, ...] = ()
    """Empty if all machines are of one kind."""
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class MergedNoise:
    """What the controls of one group show over all machines."""

    sheet: int
    group: str
    machines: int
    estimate: float | None
    low: float | None
    high: float | None
    widening: float = 0.0
    """By so much every interval of the group grows, as in a session; 0 if the twins agree."""
    quantity: Quantity = Quantity.TIME


@dataclass(frozen=True, slots=True)
class ClusterSession:
    """One call of `crawlbench run --cluster`."""

    plan: Plan
    """Of all sheets."""
    sheet_cells: int
    """Most cells of a sheet."""
    copies: int
    """Machines that were to measure each sheet."""
    created: str
    """UTC, ISO 8601."""
    tool: str
    machines: tuple[ClusterMachine, ...] = ()
    """Those that measured, and those that were to."""
    blocks: int = 0
    """That are finished."""
    lost: tuple[LostBlock, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    noise: tuple[MergedNoise, ...] = ()
    comparisons: tuple[MergedComparison, ...] = ()
    failures: dict[str, int] = field(default_factory=dict)
    """Machine to how many cells are invalid on it, in all sheets; those without are not there."""
    notes: tuple[str, ...] = ()
    """Doubts and what happened, as sentences."""
    seconds: float = 0.0
    """Wall time of the last call."""
    ending: str = ""
    """`whole`, `incomplete`, `scheduler` (it was lost) or `interrupted`; empty: has not ended."""
    format: int = CLUSTER_FORMAT
