"""The published JSON of a session: a flat object per cell, ratios instead of logarithms (floor 3).

`docs/results.schema.json` is its JSON Schema. While `format` is the same, fields are only added.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from crawlbench.base.records import Quantity, Verdict
from crawlbench.report.answer import find_answer
from crawlbench.report.reasons import explain
from crawlbench.report.remarks import setting_of
from crawlbench.report.standing import find_standing

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Control
    from crawlbench.report.standing import Standing
    from crawlbench.report.view import GroupView, Row, SessionView

__all__ = ["CellResult", "PairResult", "Results", "results_of", "results_schema"]

FORMAT = 1

SUMMED_UP = (
    "seconds",
    "seconds_error",
    "per_s",
    "cpu_user_s",
    "cpu_system_s",
    "parse_s",
    "wait_s",
    "wire_bytes",
    "connections",
    "peak_rss_bytes",
    "most_in_flight",
    "server_share",
    "of_limit",
)
"""Fields that are a summary's own; null without one."""

Role = Literal["contestant", "baseline", "control", "reference"]


class CellResult(msgspec.Struct, frozen=True):
    """One cell; numbers are null where there is no value."""

    cell: str
    """Unique key; all else in the name is also a field of its own."""
    kind: Literal["crawl", "operation"]
    role: Role
    site: str
    """Empty for an operation, as are network, strategy and parser."""
    network: str
    strategy: str
    event_loop: str | None
    parser: str
    concurrency: int
    operation: str
    """Empty for a crawl."""
    environment: str
    baseline: str
    """Cell that the ratio is to."""
    verdict: Verdict | None
    """Null for a baseline, a control and a reference."""
    reason: str
    """Why the cell is invalid, not supported or unclear; empty otherwise."""
    values: int
    seconds: float | None
    """Typical time per crawl, or per call of the operation; it agrees with the ratio."""
    seconds_error: float | None
    """Half-width of its interval at the session's confidence."""
    per_s: float | None
    """Pages, or what the operation counts, per second."""
    ratio: float | None
    """Time over the baseline's; below 1 is faster."""
    ratio_low: float | None
    ratio_high: float | None
    cpu_user_s: float | None
    """Per crawl or call, as are all that follow but the last four."""
    cpu_system_s: float | None
    parse_s: float | None
    wait_s: float | None
    wire_bytes: float | None
    connections: float | None
    peak_rss_bytes: int | None
    most_in_flight: int | None
    server_share: float | None
    """Of what mirror or peer can do, from 0."""
    of_limit: float | None
    """The least possible time over the cell's."""
    mark: str
    """Such as `server-bound`, if the row tells of more than the client."""
    figures: dict[str, float]
    """What an operation measured besides its time."""
    cpu_ratio: float | None = None
    """CPU time over the baseline's; null where no exact clock was read."""
    cpu_ratio_low: float | None = None
    cpu_ratio_high: float | None = None
    cpu_verdict: Verdict | None = None
    excess: float | None = None
    """By how much the mean of all laps exceeds the typical time, relative to it: slow laps."""


class PairResult(msgspec.Struct, frozen=True):
    """Two cells of one group, compared in the same laps."""

    cell: str
    other: str
    quantity: Quantity
    verdict: Verdict
    reason: str
    """Why there is no answer; empty if there is one."""
    rounds: int
    ratio: float | None
    """The cell's over the other's; below 1 is faster."""
    ratio_low: float | None
    ratio_high: float | None
    detectable: float | None
    """Relative difference from which on one would have been found, with a chance of 80 %."""
    more_rounds: int | None
    """About as many would settle it."""


class StandingResult(msgspec.Struct, frozen=True):
    """Who is best in a group, and who cannot be told from it; cells by their keys."""

    group: str
    quantity: Quantity
    best: str
    """The lowest ratio of which no pair says that another is faster."""
    same: list[str]
    unsettled: list[str]
    """Neither the same as the best nor told from it."""
    slower: list[str]
    unjudged: list[str]
    """Not compared with the best, since there are too many cells for all pairs."""


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
    """Of each interval alone; of all verdicts of one group by one quantity together (Holm)."""
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
    """All that were compared, by time and by CPU time."""
    standings: list[StandingResult] = []
    """Of each group and quantity in which two cells or more could be compared."""
    stopping: str = "fixed"
    """`fixed`: intervals hold for one look; `any`: at whatever round they are looked at."""


def results_schema() -> dict[str, Any]:
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
        cells=[_result(view, view.rows[cell.name]) for cell in plan.cells],
        warnings=[warning.text for warning in session.warnings],
        answer=[sentence.text for sentence in find_answer(view)],
        pairs=[
            _pair(view, group, found)
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


def _result(view: SessionView, row: Row) -> CellResult:
    cell, summary, failure = row.cell, row.summary, row.failure
    group = view.groups[cell.group]
    time, cpu = (_found(row, quantity) for quantity in Quantity)
    compared = row.found.get(Quantity.TIME)
    by_cpu = row.found.get(Quantity.CPU)
    reason = failure.reason if failure else ""
    if compared and not failure:
        reason = explain(compared, setting_of(view, group))
    is_baseline = row.role == "baseline"
    return CellResult(
        cell=cell.name,
        kind="operation" if cell.operation else "crawl",
        role=row.role.value,
        site=cell.site,
        network=cell.network,
        strategy=cell.strategy,
        event_loop=cell.event_loop,
        parser=cell.parser,
        concurrency=cell.concurrency,
        operation=cell.operation,
        environment=cell.environment,
        baseline=group.baseline,
        verdict=compared.verdict if compared else None,
        reason=reason,
        values=summary.values if summary else 0,
        ratio=1.0 if is_baseline and summary else _exp(time.estimate if time else None),
        ratio_low=_exp(time.low if time else None),
        ratio_high=_exp(time.high if time else None),
        **{name: getattr(summary, name, None) for name in SUMMED_UP},
        mark=str(summary.mark) if summary else "",
        figures=summary.figures if summary else {},
        cpu_ratio=_exp(cpu.estimate if cpu else None),
        cpu_ratio_low=_exp(cpu.low if cpu else None),
        cpu_ratio_high=_exp(cpu.high if cpu else None),
        cpu_verdict=by_cpu.verdict if by_cpu else None,
        excess=math.expm1(summary.excess) if summary else None,
    )


def _found(row: Row, quantity: Quantity) -> Comparison | Control | None:
    """Return what a cell's ratio to the baseline rests on; of the control, its twin."""
    return row.controls.get(quantity) or row.found.get(quantity)


def _pair(view: SessionView, group: GroupView, found: Comparison) -> PairResult:
    return PairResult(
        cell=found.cell,
        other=found.baseline,
        quantity=found.quantity,
        verdict=found.verdict,
        reason=explain(found, setting_of(view, group)),
        rounds=found.rounds,
        ratio=_exp(found.estimate),
        ratio_low=_exp(found.low),
        ratio_high=_exp(found.high),
        detectable=None if found.detectable is None else math.expm1(found.detectable),
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


def _exp(log_ratio: float | None) -> float | None:
    """Return the ratio; one beyond what a float holds has none."""
    return math.exp(log_ratio) if log_ratio is not None and abs(log_ratio) < 700 else None
