"""Judges a session: summaries, noise floors, comparisons and doubts from its samples (floor 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawlbench.records import Cell, Comparison, NoiseFloor, Session, Verdict
from crawlbench.stats.control import noise_floor
from crawlbench.stats.doubts import find_doubts
from crawlbench.stats.interval import Estimate, estimate_mean
from crawlbench.stats.pairing import log_ratios
from crawlbench.stats.summary import summarize
from crawlbench.stats.verdict import decide, holm_levels

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_precise", "judge"]

LEAST_ROUNDS = 5
"""A session does not stop as precise before these: with fewer, the spread itself is a guess."""


def judge(session: Session) -> Session:
    """Return the session with all that can be concluded from its finished rounds."""
    plan = session.plan
    summaries = [summarize(session, cell.name) for cell in plan.cells]
    noise = tuple(noise_floor(session, cell) for cell in plan.cells if cell.control)
    judged = replace(
        session,
        summaries=tuple(summary for summary in summaries if summary),
        noise=noise,
        comparisons=tuple(_compare(session, {floor.group: floor for floor in noise})),
    )
    return replace(judged, warnings=tuple(find_doubts(judged, LEAST_ROUNDS)))


def is_precise(session: Session) -> bool:
    """Tell whether every comparison's interval is as narrow as the plan asks."""
    precision = session.plan.precision
    if precision is None or len(session.rounds) < LEAST_ROUNDS:
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
    cells = [c for c in plan.cells if not c.control and c.name != plan.baselines[c.group]]
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


def _obstacle(session: Session, cell: Cell, floor: NoiseFloor) -> str:
    """Return why a cell cannot be judged, or an empty text."""
    baseline = session.plan.baselines[cell.group]
    if failure := session.failure(cell.name):
        return failure.reason
    if session.failure(baseline):
        return f"its baseline {baseline} is invalid"
    if len(log_ratios(session.rounds, cell.name, baseline)) < 2:
        return "fewer than two rounds give no interval"
    if floor.margin is None:
        return "the control is invalid, so the noise here is not known"
    return ""


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
        verdict = Verdict.INVALID if session.failure(cell.name) else Verdict.UNCLEAR
        reason = _obstacle(session, cell, floor)
        return Comparison(cell.name, baseline, 0, None, None, None, verdict, reason)
    low, high = estimate.interval(1 - levels[cell.name])
    verdict = decide(low, high, floor.margin)
    return Comparison(cell.name, baseline, estimate.count, estimate.mean, low, high, verdict)
