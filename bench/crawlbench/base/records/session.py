"""The content of `session.json` (floor 0)."""

from __future__ import annotations

from dataclasses import dataclass, field

from crawlbench.base.records.endings import Ending

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.environment import EnvironmentFacts  # noqa: TC001
from crawlbench.base.records.findings import (
    Comparison,
    Control,
    Quantity,
    SlotEffect,
    Summary,
    WarningNote,
)
from crawlbench.base.records.machine import Conditions, Machine  # noqa: TC001
from crawlbench.base.records.plan import Plan  # noqa: TC001
from crawlbench.base.records.ranges import Counted, Figure, Number, Span  # noqa: TC001
from crawlbench.base.records.samples import Failure, RoundRecord  # noqa: TC001

FORMAT = 2
"""Version of `session.json`. 1: first. 2: rounds in a file of their own, `rounds.jsonl`; CPU time
read within the clock, waits of all threads, anchors."""


@dataclass(frozen=True, slots=True)
class Session:
    """One call of `crawlbench run`, as it stands after its last finished round."""

    plan: Plan
    machine: Machine
    created: str
    """UTC, ISO 8601."""
    tool: str
    """Version of crawlbench."""
    networks: dict[str, dict[str, Figure]]
    """Network to the numbers that the mirror played."""
    environments: tuple[EnvironmentFacts, ...] = ()
    """Facts of the plan's environments, in its order."""
    loops: dict[str, Number] = field(default_factory=dict)
    """Cell to crawls per value, found by calibration."""
    passes: dict[str, Number] = field(default_factory=dict)
    """Group to laps per turn in the next round: found by calibration, and chosen again after some
    rounds if the plan is paced. The samples of a round show which laps it had."""
    long_every: dict[str, Number] = field(default_factory=dict)
    """Group to the number of laps of which long forms take part in one; found by calibration, 1 for
    groups that are not named."""
    resting: dict[str, Number] = field(default_factory=dict)
    """Cell to the number of laps of which it takes part in one in the next round, for cells whose
    pairs are settled; chosen after each round if the plan is paced."""
    unhosted: tuple[str, ...] = ()
    """Groups of operations that are not hosted any more, because one of them left something behind
    in its host, or disturbed others there: each of their cells has a process of its own."""
    http_parsers: dict[str, str] = field(default_factory=dict)
    """Cell to the module that read its HTTP responses."""
    models: dict[str, str] = field(default_factory=dict)
    """Strategy to its model of concurrency, as its docstring puts it."""
    codes: dict[str, str] = field(default_factory=dict)
    """Strategy or parser to the SHA-256 of its file when the session began; empty in older
    sessions."""
    rounds: tuple[RoundRecord, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[WarningNote, ...] = ()
    summaries: tuple[Summary, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    """All pairs of each group, those with its baseline first, by each quantity."""
    controls: tuple[Control, ...] = ()
    slots: tuple[SlotEffect, ...] = ()
    conditions: Conditions | None = None
    """None before the first look."""
    ceilings: dict[str, Counted] = field(default_factory=dict)
    """Group to the most requests per second that its mirror reached when asked for all it had."""
    seconds: Span = 0.0
    """Wall time from start to the last finished round."""
    ending: Ending = Ending.NONE
    format: int = FORMAT

    def values(self, cell: str) -> list[float]:
        """Return a cell's values without warmups, in the order in which they were taken."""
        return [
            sample.seconds
            for record in self.rounds
            for sample in record.samples
            if sample.cell == cell and not sample.warmup
        ]

    def environment(self, name: str) -> EnvironmentFacts | None:
        """Return what an environment holds; None for the manager's own."""
        return next((facts for facts in self.environments if facts.name == name), None)

    def against_baseline(self, quantity: Quantity = Quantity.TIME) -> tuple[Comparison, ...]:
        """Return the comparisons of cells with the baseline of their group, in the plan's order."""
        baselines = set(self.plan.baselines.values())
        return tuple(
            found
            for found in self.comparisons
            if found.quantity is quantity and found.baseline in baselines
        )

    def leading_pairs(self) -> tuple[Comparison, ...]:
        """Return all pairs, each by the quantity that leads in its group."""
        leading = {c.name: self.plan.leading(c.group) for c in self.plan.own_cells}
        return tuple(one for one in self.comparisons if one.quantity is leading.get(one.cell))

    def control(self, group: str, quantity: Quantity = Quantity.TIME) -> Control | None:
        """Return what the control of a group shows, or None if it was not judged."""
        return next(
            (one for one in self.controls if one.group == group and one.quantity is quantity), None
        )

    def failure(self, cell: str) -> Failure | None:
        """Return why a cell is invalid, or None if it is valid."""
        return next((failure for failure in self.failures if failure.cell == cell), None)
