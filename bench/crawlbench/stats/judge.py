"""Judges a session: summaries, noise floors, comparisons and doubts from its samples (floor 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.records import Cell, Comparison, NoiseFloor, Session, Verdict
from crawlbench.stats.control import noise_floor
from crawlbench.stats.doubts import find_doubts
from crawlbench.stats.interval import Estimate, estimate_mean
from crawlbench.stats.limit import REFERENCE
from crawlbench.stats.pairing import log_ratios
from crawlbench.stats.slots import slot_effects
from crawlbench.stats.summary import summarize
from crawlbench.stats.verdict import decide, holm_levels

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HOPELESS", "is_precise", "judge"]

WHOLE_MS = (
    "its time is that of timers, which some event loops round to whole milliseconds: a ratio would "
    "show the rounding; look at how early and how late they fire"
)
SERVER_BOUND = "both this cell and its baseline are server-bound: the mirror was measured"
PEER_BOUND = "the other process sets the pace of both event loops"
HOPELESS = (WHOLE_MS, SERVER_BOUND, PEER_BOUND)
"""Reasons that more rounds do not change."""
LEAST_ROUNDS = 5
"""Of fewer, the spread itself is a guess."""
PRECISE_ROUNDS = 10
"""Before these a session does not end as precise: by chance the first few rounds agree too well.

`tests/stats/test_simulation.py` simulates how often intervals that ended a session cover the truth.
"""


def judge(session: Session) -> Session:
    """Return the session with all that can be concluded from its finished rounds."""
    plan = session.plan
    noise = tuple(noise_floor(session, cell) for cell in plan.cells if cell.control)
    session = replace(session, summaries=summarize(session), noise=noise)
    judged = replace(
        session,
        slots=slot_effects(session),
        comparisons=tuple(_compare(session, {floor.group: floor for floor in noise})),
    )
    return replace(judged, warnings=tuple(find_doubts(judged, LEAST_ROUNDS)))


def is_precise(session: Session) -> bool:
    """Tell whether every comparison's interval is as narrow as the plan asks."""
    precision = session.plan.precision
    if precision is None or len(session.rounds) < PRECISE_ROUNDS:
        return False
    widths = [
        (c.high - c.low) / 2
        for c in session.comparisons
        if c.high is not None and c.low is not None
    ]
    return bool(widths) and max(widths) <= precision


def _compare(session: Session, noise: Mapping[str, NoiseFloor]) -> list[Comparison]:
    """Compare all cells but baselines and controls, as one family."""
    plan = session.plan
    cells = [cell for cell in plan.cells if _is_contestant(session, cell)]
    estimates = {}
    for cell in cells:
        if not _obstacle(session, cell, noise[cell.group]):
            ratios = log_ratios(session.rounds, cell.name, plan.baselines[cell.group])
            estimate = estimate_mean(ratios)
            if estimate:
                estimates[cell.name] = estimate
    margins = {cell.name: noise[cell.group].margin or plan.margin for cell in cells}
    levels = holm_levels(estimates, margins, plan.confidence)
    return [_comparison(session, cell, estimates, levels, noise[cell.group]) for cell in cells]


def _is_contestant(session: Session, cell: Cell) -> bool:
    """Tell whether a cell is to be judged: no baseline, no control, not the raw reference."""
    is_baseline = cell.name == session.plan.baselines[cell.group]
    return not (is_baseline or cell.control or cell.strategy == REFERENCE)


def _obstacle(session: Session, cell: Cell, floor: NoiseFloor) -> str:
    """Return why a cell cannot be judged, or an empty text."""
    baseline = session.plan.baselines[cell.group]
    if failure := session.failure(cell.name):
        return failure.reason
    if session.failure(baseline):
        return f"its baseline {baseline} is invalid"
    facts = session.plan.operation(cell)
    if facts and facts.whole_ms:
        return WHOLE_MS
    if len(log_ratios(session.rounds, cell.name, baseline)) < 2:
        return "fewer than two rounds give no interval"
    if floor.margin is None:
        return "the control is invalid, so the noise here is not known"
    return floor.refusal or _mark_obstacle(session, cell.name, baseline)


def _mark_obstacle(session: Session, cell: str, baseline: str) -> str:
    """Return why a row's mark forbids a verdict, or an empty text."""
    marks = {summary.cell: summary.mark for summary in session.summaries}
    pair = (marks.get(cell, ""), marks.get(baseline, ""))
    if "mirror disturbed" in pair:
        return "something else had the mirror's CPU: end it, or leave a CPU to the mirror alone"
    if pair == ("server-bound", "server-bound"):
        return SERVER_BOUND
    if pair == ("peer-bound", "peer-bound"):
        return PEER_BOUND
    return ""


def _unjudged(session: Session, cell: Cell) -> Verdict:
    """Return the verdict of a cell without an interval.

    Against itself in another environment, a cell is as invalid as what it is held against.
    """
    failure = session.failure(cell.name)
    if failure is None and cell.versus:
        twins = [c.name for c in session.plan.cells if c.group == cell.group and c.control]
        names = [session.plan.baselines[cell.group], *twins]
        failure = next((f for name in names if (f := session.failure(name))), None)
    if failure is None:
        return Verdict.UNCLEAR
    return Verdict.UNSUPPORTED if failure.is_refusal else Verdict.INVALID


def _comparison(
    session: Session,
    cell: Cell,
    estimates: Mapping[str, Estimate],
    levels: Mapping[str, float],
    floor: NoiseFloor,
) -> Comparison:
    baseline = session.plan.baselines[cell.group]
    estimate = estimates.get(cell.name)
    if estimate is None or floor.margin is None:
        verdict, reason = _unjudged(session, cell), _obstacle(session, cell, floor)
        return Comparison(cell.name, baseline, 0, None, None, None, verdict, reason)
    low, high = estimate.interval(1 - levels[cell.name])
    verdict = decide(low, high, floor.margin)
    return Comparison(cell.name, baseline, estimate.count, estimate.mean, low, high, verdict)
