"""What the machines that measured one sheet say of its cells (floor 4; pure)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.base.records import Plan, Verdict
from crawlbench.cluster.random_effects import MAX_FIXED, pool
from crawlbench.cluster.records import (
    BlockResult,
    CellEstimate,
    ControlEstimate,
    KindVerdict,
    MergedComparison,
    MergedNoise,
    UnsteadyMachine,
)
from crawlbench.cluster.steadiness import find_unsteady
from crawlbench.stats.claims import ClaimRow, Judged, judge_family
from crawlbench.stats.comparability import explain_between
from crawlbench.stats.interval import Estimate, Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawlbench.base.records import Quantity
    from crawlbench.cluster.random_effects import Pooled

MAX_NAMED = 10
"""Machines that are named for one cell; others are only counted."""
NOBODY = "no machine measured it"


@dataclass(slots=True)
class Family:
    """The comparisons over machines that are judged together."""

    pooled: dict[str, Pooled] = field(default_factory=dict)
    """By cell."""
    rows: dict[str, ClaimRow] = field(default_factory=dict)
    missing: int = 0
    """Further cells that were tried, of which no machine gave a number: nobody gains power by
    failing."""
    judged: dict[str, Judged] = field(default_factory=dict)
    """Filled when the family is closed."""

    def add(self, cell: str, said: Sequence[_Said], widening: float) -> None:
        """Add a cell, with what some machines say of it and what their twins differ by."""
        self.pooled[cell] = pooled = pool([one.row.typical for one in said])
        means = [one.row.means for one in said if one.row.means]
        # On each machine another doubt may be the one to take off, so each moves the mean as far
        # as it can.
        moved = Interval(
            fmean(one.row.moved.low for one in said), fmean(one.row.moved.high for one in said)
        )
        of_means = pool(means).mean if len(means) == len(said) else None
        self.rows[cell] = ClaimRow(pooled.mean, of_means, moved, widening)

    def close(self, plan: Plan) -> None:
        """Judge all cells that were added, by the margin and the confidence of a plan."""
        count = len(self.rows) + self.missing
        self.judged = judge_family(self.rows, plan.margin, plan.confidence, count)


@dataclass(frozen=True, slots=True)
class _Said:
    """One machine's estimate for a cell, where the machine is steady."""

    machine: str
    kind: str
    row: ClaimRow
    """The estimate with what may move it, widened by what the machine's own twins differ by."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The blocks of one sheet, by one quantity."""

    number: int
    """From 1."""
    plan: Plan
    quantity: Quantity
    left_out: list[UnsteadyMachine]
    groups: dict[str, str]
    """Cell to group."""
    cells: dict[str, list[_Said]]
    """The steady machines' estimates of each cell that was to be compared."""
    silent: dict[str, dict[str, CellEstimate]]
    """Cell to the machines that measured it without a result."""
    tried: set[tuple[str, str]]
    """Cells and the kinds of machines that measured them, and did not only refuse them."""
    controls: dict[tuple[str, str], ControlEstimate]
    """Estimates by machine and group, from the machines that are steady there."""
    kinds: tuple[str, ...]
    """The machines' kinds, in the order of the blocks."""
    machines: int
    """How many machines measured the sheet, steady or not."""

    @classmethod
    def of(
        cls, number: int, plan: Plan, blocks: Sequence[BlockResult], quantity: Quantity
    ) -> Sheet:
        """Sort what the machines found by cell, without those that were too unsteady."""
        left_out = find_unsteady(blocks, quantity) if blocks else []
        absent = {(one.machine, one.group) for one in left_out}
        controls = {
            (block.machine.name, control.group): control
            for block in blocks
            for control in block.controls
            if control.quantity is quantity and (block.machine.name, control.group) not in absent
        }
        kinds = tuple(dict.fromkeys(block.machine.fingerprint.kind for block in blocks))
        groups = {cell.name: cell.group for cell in plan.cells}
        sheet = cls(
            number, plan, quantity, left_out, groups, {}, {}, set(), controls, kinds, len(blocks)
        )
        for block in blocks:
            sheet._add(block, absent)
        return sheet

    def _add(self, block: BlockResult, absent: set[tuple[str, str]]) -> None:
        name, kind = block.machine.name, block.machine.fingerprint.kind
        for found in (one for one in block.cells if one.quantity is self.quantity):
            said = self.cells.setdefault(found.cell, [])
            # What a loop refuses was never in the family; what fails stays in it.
            if found.verdict is not Verdict.UNSUPPORTED:
                self.tried.add((found.cell, kind))
            row = self._row(found, name)
            if row is None:  # whether the machine is steady does not matter then
                self.silent.setdefault(found.cell, {})[name] = found
            elif (name, self.groups[found.cell]) not in absent:
                said.append(_Said(name, kind, row))

    def _row(self, found: CellEstimate, machine: str) -> ClaimRow | None:
        """Return what a machine by itself knows about a cell; None if that is nothing."""
        estimate = _estimate(found)
        if estimate is None:
            return None
        control = self.controls.get((machine, self.groups[found.cell]))
        means = None
        if found.of_means is not None and found.of_means_error is not None:
            means = replace(estimate, mean=found.of_means, error=found.of_means_error)
        moved = Interval(found.moved_down, found.moved_up)
        return ClaimRow(estimate, means, moved, control.widening if control else 0.0)

    def widening(self, group: str, machines: Iterable[str]) -> float:
        """Return how much the twins differ over these machines; 0 if they may well be equal."""
        # With one machine, the twins were judged by its rounds, on the machine itself. With
        # several, how the machines differ decides: a bias that only some of them have is part of
        # the spread.
        found = [self.controls[name, group] for name in machines]
        estimates = list(filter(None, map(_estimate, found)))
        if len(estimates) < 2:
            # Whose twins failed has none, and says nothing of the one that has.
            return max((one.widening for one in found), default=0.0)
        mean = pool(estimates).mean
        low, high = mean.interval(self.plan.confidence)
        return 0.0 if low <= 0 <= high else abs(mean.mean)

    def noise(self) -> list[MergedNoise]:
        """Return the result of each group's controls over all machines."""
        return [self._noise(group) for group in dict.fromkeys(self.groups.values())]

    def _noise(self, group: str) -> MergedNoise:
        machines = [name for name, where in self.controls if where == group]
        estimates = list(filter(None, (_estimate(self.controls[name, group]) for name in machines)))
        if not estimates:
            return MergedNoise(self.number, group, 0, None, None, None, quantity=self.quantity)
        mean, widening = pool(estimates).mean, self.widening(group, machines)
        numbers = (mean.mean, *mean.interval(self.plan.confidence), widening)
        return MergedNoise(self.number, group, len(machines), *numbers, self.quantity)

    def fill(self, everybody: Family, kinds: dict[str, Family]) -> None:
        """Add the cells' means over all machines, and over those of each kind, to the families."""
        widenings: dict[tuple[str, ...], float] = {}

        def add(family: Family, cell: str, said: list[_Said]) -> None:
            key = (self.groups[cell], *(one.machine for one in said))
            if key not in widenings:
                widenings[key] = self.widening(self.groups[cell], key[1:])
            family.add(cell, said, widenings[key])

        for cell, said in self.cells.items():
            tried = {kind for kind in self.kinds if (cell, kind) in self.tried}
            if said:
                add(everybody, cell, said)
            everybody.missing += bool(tried and not said)
            for kind in self.kinds:
                family = kinds.setdefault(kind, Family())
                found = [one for one in said if one.kind == kind]
                if found and len(self.kinds) == 1:  # the numbers are the same
                    family.pooled[cell] = everybody.pooled[cell]
                    family.rows[cell] = everybody.rows[cell]
                elif found:
                    add(family, cell, found)
                family.missing += kind in tried and not found

    def compare(self, everybody: Family, kinds: dict[str, Family]) -> list[MergedComparison]:
        """Return the verdicts of the sheet's cells."""
        return [
            self._comparison(cell, everybody, kinds)
            if cell in everybody.pooled
            else self._without_estimate(cell)
            for cell in self.cells
        ]

    def _comparison(self, cell: str, family: Family, kinds: dict[str, Family]) -> MergedComparison:
        pooled, judged = family.pooled[cell], family.judged[cell]
        verdict, level = judged.verdict, judged.level
        own = self._own_verdicts(cell, level)
        against = {n: v for n, v in own.items() if v not in (verdict, Verdict.UNCLEAR)}
        if against:  # by chance one of many says the opposite, so they share the error
            strict = self._own_verdicts(cell, level / len(own))
            against = {n: v for n, v in against.items() if strict[n] is v}
        without = {name: one.reason for name, one in self.silent.get(cell, {}).items()}
        new = pooled.prediction(self.plan.confidence)
        new = family.rows[cell].stretch(new) if new else None
        return MergedComparison(
            cell=cell,
            baseline=self._baseline(cell),
            sheet=self.number,
            machines=pooled.machines,
            verdict=verdict,
            quantity=self.quantity,
            estimate=pooled.mean.mean,
            low=judged.interval.low,
            high=judged.interval.high,
            is_fixed=pooled.machines <= MAX_FIXED,
            spread=pooled.spread,
            spread_share=pooled.spread_share,
            spread_p=pooled.spread_p,
            new_low=new.low if new else None,
            new_high=new.high if new else None,
            holds_on=sum(one is verdict for one in own.values()),
            against_on=len(against),
            against=dict(list(against.items())[:MAX_NAMED]),
            without_on=len(without),
            without=dict(list(without.items())[:MAX_NAMED]),
            reason=explain_between(judged.obstacle),
            kinds=tuple(
                _of_kind(kind, cell, one) for kind, one in kinds.items() if cell in one.pooled
            ),
        )

    def _own_verdicts(self, cell: str, level: float) -> dict[str, Verdict]:
        """Return what each machine's own rounds say, at the error level that the cell has overall.

        At a less strict level a verdict would "hold on" machines that do not give it themselves.
        """
        margin, confidence = self.plan.margin, self.plan.confidence
        return {one.machine: one.row.verdict(margin, confidence, level) for one in self.cells[cell]}

    def _without_estimate(self, cell: str) -> MergedComparison:
        verdict, reason = self._find_reason(cell)
        return MergedComparison(
            cell,
            self._baseline(cell),
            self.number,
            machines=0,
            verdict=verdict,
            reason=reason,
            quantity=self.quantity,
        )

    def _baseline(self, cell: str) -> str:
        return self.plan.baselines[self.groups[cell]]

    def _find_reason(self, cell: str) -> tuple[Verdict, str]:
        """Return the verdict, and why there is no number, if no steady machine measured a cell."""
        if silent := self.silent.get(cell):
            # Wrong data on one machine weighs more than another's lack of an answer.
            name = next((n for n, one in silent.items() if one.verdict is Verdict.INVALID), "")
            name = name or next(iter(silent))
            found = silent[name]
            same = sum(one.verdict is found.verdict for one in silent.values())
            on = f"on {name}; {found.verdict} on {same} of {self.machines} machines"
            return found.verdict, f"{found.reason} ({on if self.machines > 1 else f'on {name}'})"
        for one in self.left_out:
            if one.group == self.groups[cell]:
                reason = f"no machine was steady enough; {one.machine}: {one.reason}"
                return Verdict.UNCLEAR, reason
        return Verdict.UNCLEAR, NOBODY


def _of_kind(kind: str, cell: str, family: Family) -> KindVerdict:
    pooled, judged = family.pooled[cell], family.judged[cell]
    ends = judged.interval.low, judged.interval.high
    return KindVerdict(kind, pooled.machines, pooled.mean.mean, *ends, judged.verdict)


def _estimate(found: CellEstimate | ControlEstimate) -> Estimate | None:
    if found.mean is None or found.error is None:
        return None
    return Estimate(found.rounds, found.mean, found.error, found.rounds - 1)
