"""The published JSON of a session: a flat object per cell, ratios instead of logarithms (floor 3).

`docs/results.schema.json` is its JSON Schema. While `format` is the same, fields are only added.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from crawlbench.records import Verdict  # noqa: TC001  (msgspec reads the annotations)
from crawlbench.stats.limit import REFERENCE

if TYPE_CHECKING:
    from crawlbench.records import Cell, Comparison, NoiseFloor, Session

__all__ = ["CellResult", "Results", "results_of", "results_schema"]

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
    """Mean per crawl, or per call of the operation."""
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
    """Of all intervals of ratios together."""
    margin: float
    """Relative difference up to which two times count as equal, if the control is quiet."""
    python: str
    platform: str
    cpu_model: str
    versions: dict[str, str]
    networks: dict[str, dict[str, float]]
    cells: list[CellResult]
    warnings: list[str]


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema of `Results`."""
    return msgspec.json.schema(Results)


def results_of(session: Session) -> Results:
    """Return what a session found, in the order of its plan."""
    plan, machine = session.plan, session.machine
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
        cells=[_result(session, cell) for cell in plan.cells],
        warnings=[warning.text for warning in session.warnings],
    )


def _result(session: Session, cell: Cell) -> CellResult:
    baseline = session.plan.baselines[cell.group]
    compared = next((c for c in session.comparisons if c.cell == cell.name), None)
    floor = next((f for f in session.noise if f.group == cell.group), None)
    found: Comparison | NoiseFloor | None = floor if cell.control else compared
    summary = next((s for s in session.summaries if s.cell == cell.name), None)
    failure = session.failure(cell.name)
    return CellResult(
        cell=cell.name,
        kind="operation" if cell.operation else "crawl",
        role=_role(cell, baseline),
        site=cell.site,
        network=cell.network,
        strategy=cell.strategy,
        event_loop=cell.event_loop,
        parser=cell.parser,
        concurrency=cell.concurrency,
        operation=cell.operation,
        environment=cell.environment,
        baseline=baseline,
        verdict=compared.verdict if compared and not cell.control else None,
        reason=failure.reason if failure else (compared.reason if compared else ""),
        values=summary.values if summary else 0,
        ratio=1.0 if cell.name == baseline and summary else _exp(found.estimate if found else None),
        ratio_low=_exp(found.low if found else None),
        ratio_high=_exp(found.high if found else None),
        **{name: getattr(summary, name, None) for name in SUMMED_UP},
        mark=summary.mark if summary else "",
        figures=summary.figures if summary else {},
    )


def _role(cell: Cell, baseline: str) -> Role:
    if cell.control:
        return "control"
    if cell.name == baseline:
        return "baseline"
    return "reference" if cell.strategy == REFERENCE else "contestant"


def _exp(log_ratio: float | None) -> float | None:
    """Return the ratio; one beyond what a float holds has none."""
    return math.exp(log_ratio) if log_ratio is not None and abs(log_ratio) < 700 else None
