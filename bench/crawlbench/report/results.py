"""The published JSON of a session: a flat object per cell, ratios instead of logarithms (floor 3).

`docs/results.schema.json` is its JSON Schema. Fields are only added as long as `format` stays the
same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

# msgspec reads the annotations when it encodes.
from crawlbench.base.records import Quantity, Verdict  # noqa: TC001
from crawlbench.report.answer import find_answer
from crawlbench.report.cellresult import NO_RATIO, CellResult, as_ratio, numbers_of, result_of
from crawlbench.report.reasons import explain_in
from crawlbench.report.standing import find_standing

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison
    from crawlbench.report.standing import Standing
    from crawlbench.report.view import SessionView

FORMAT = 1


@dataclass(frozen=True, slots=True)
class PairResult:
    """Two cells of one group, compared in the same laps."""

    cell: str
    other: str
    quantity: Quantity
    verdict: Verdict
    reason: str
    """Why there is no answer; empty if there is one."""
    rounds: int
    ratio: float | None
    """The cell's time over the other's; below 1 is faster."""
    ratio_low: float | None
    ratio_high: float | None
    detectable: float | None
    """Smallest relative difference that would have been found, with a chance of 80 %."""
    more_rounds: int | None
    """About how many more would settle it."""
    more_s: float | None = None
    """Seconds that the cell takes more than the other, where the quantity has no ratio: the cost to
    begin. The ratio and the detectable difference are then null."""
    more_low_s: float | None = None
    more_high_s: float | None = None


class StandingResult(msgspec.Struct, frozen=True):
    """Which cell is best in a group, and which cannot be told from it; cells by their keys."""

    group: str
    quantity: Quantity
    best: str
    """The cell with the lowest ratio, unless a pair says that another is faster."""
    same: list[str]
    unsettled: list[str]
    """Those that are neither the same as the best nor different from it."""
    slower: list[str]
    unjudged: list[str]
    """Those not compared with the best, because there are too many cells for all pairs."""


class Results(msgspec.Struct, frozen=True):
    """One session."""

    format: int
    suite: str
    created: str
    """UTC, ISO 8601."""
    tool: str
    """Version of crawlbench."""
    ending: str
    rounds: int
    seed: int
    confidence: float
    """Holds for each interval alone, and for all verdicts on one quantity in one group (Holm)."""
    margin: float
    """Relative difference up to which two times count as equal."""
    python: str
    platform: str
    cpu_model: str
    versions: dict[str, str]
    networks: dict[str, dict[str, float]]
    cells: list[CellResult]
    warnings: list[str]
    answer: list[str] = []
    """What the session says, in sentences."""
    pairs: list[PairResult] = []
    """All pairs that were compared, by each quantity that was measured."""
    standings: list[StandingResult] = []
    """One for each group and quantity in which two or more cells could be compared."""
    stopping: str = "fixed"
    """`fixed`: intervals hold for one look; `any`: they hold after any round."""


def results_schema() -> dict[str, object]:
    """Return the JSON Schema of `Results`."""
    return msgspec.json.schema(Results)


def results_of(view: SessionView) -> Results:
    """Return what a session found, in the order of its plan."""
    session, plan, machine = view.session, view.plan, view.session.machine
    return Results(
        format=FORMAT,
        suite=plan.suite,
        created=session.created,
        tool=session.tool,
        ending=session.ending,
        rounds=len(session.rounds),
        seed=plan.seed,
        confidence=plan.confidence,
        margin=math.expm1(plan.margin),
        python=machine.python,
        platform=machine.platform,
        cpu_model=machine.cpu_model,
        versions=machine.versions,
        networks=session.networks,
        cells=[result_of(view, view.rows[cell.name]) for cell in view.cells],
        warnings=[warning.text for warning in session.warnings],
        answer=[sentence.text for sentence in find_answer(view)],
        pairs=[
            _pair(view, found)
            for group in view.groups.values()
            for pairs in group.pairs.values()
            for found in pairs
        ],
        standings=[
            _standing(group.name, standing)
            for group in view.groups.values()
            for quantity in group.pairs
            if (standing := find_standing(group, quantity))
        ],
        stopping=plan.stopping,
    )


def _pair(view: SessionView, found: Comparison) -> PairResult:
    numbers = numbers_of(found.estimate, found.low, found.high, found.quantity)
    factor = as_ratio(found.detectable) if found.quantity.has_ratio else None
    return PairResult(
        cell=found.cell,
        other=found.baseline,
        quantity=found.quantity,
        verdict=found.verdict,
        reason=explain_in(view, found),
        rounds=found.rounds,
        # A ratio that there is not is null, and not left out.
        **{**NO_RATIO, **numbers},
        detectable=None if factor is None else factor - 1,
        more_rounds=found.more_rounds,
    )


def _standing(group: str, found: Standing) -> StandingResult:
    return StandingResult(
        group,
        found.quantity,
        best=found.best.cell.name,
        same=[one.row.cell.name for one in found.same],
        unsettled=[one.row.cell.name for one in found.unsettled],
        slower=[one.row.cell.name for one in found.slower],
        unjudged=[row.cell.name for row in found.unjudged],
    )
