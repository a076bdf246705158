"""Compares two sessions, cell by cell, each normalised by its own control (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.errors import UsageError
from crawlbench.records import Session, Verdict
from crawlbench.stats.interval import Estimate, difference, estimate_mean
from crawlbench.stats.normal import contestants, normalised, obstacle
from crawlbench.stats.verdict import decide, holm_levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.records import Cell

__all__ = ["Change", "SessionComparison", "compare_sessions"]


@dataclass(frozen=True, slots=True)
class Change:
    """One cell in two sessions."""

    cell: str
    base_s: float | None
    """Mean seconds per crawl, not normalised; None for a side without values."""
    head_s: float | None
    rounds: int
    """Of the session that has fewer."""
    estimate: float | None
    """Log ratio head / base after both were divided by their controls; None: `reason` says why."""
    low: float | None
    high: float | None
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SessionComparison:
    """Two sessions against each other."""

    changes: tuple[Change, ...]
    only_base: tuple[str, ...]
    """Cells that the head does not have."""
    only_head: tuple[str, ...]


def compare_sessions(base: Session, head: Session, margin: float) -> SessionComparison:
    """Compare the cells that both sessions have.

    In each session and round a cell's log time is taken relative to its group's twins (baseline
    and control, averaged) in the same lap, so that a machine that is faster as a whole cancels.
    The two sets of rounds are independent (Welch); Holm goes over all cells; the margin is the
    larger of the user's and both controls'. A change of the baseline itself does not show: plain
    times do.

    Raises:
        UsageError: the sessions have no cell in common, or come from different crawlbenches,
            networks or baselines.
    """
    _check(base, head)
    mine, theirs = contestants(base), contestants(head)
    shared = [name for name in mine if name in theirs]
    if not shared:
        raise UsageError(
            f"the sessions have no cell in common: {_sites(base)} against {_sites(head)}; "
            "compare sessions of one suite"
        )
    estimates, obstacles = {}, {}
    for name in shared:
        obstacles[name] = obstacle(base, mine[name], "base") or obstacle(head, mine[name], "head")
        if not obstacles[name]:
            pair = [estimate_mean(normalised(session, mine[name])) for session in (base, head)]
            if pair[0] and pair[1]:
                estimates[name] = difference(pair[0], pair[1])
            else:
                obstacles[name] = "fewer than two rounds give no interval"
    margins = {name: _margin(base, head, mine[name], margin) for name in shared}
    levels = holm_levels(estimates, margins, head.plan.confidence)
    return SessionComparison(
        tuple(
            _change(
                base, head, name, estimates, levels.get(name, 1.0), margins[name], obstacles[name]
            )
            for name in shared
        ),
        tuple(name for name in mine if name not in theirs),
        tuple(name for name in theirs if name not in mine),
    )


def _check(base: Session, head: Session) -> None:
    if base.tool != head.tool:
        raise UsageError(
            f"the sessions come from crawlbench {base.tool} and {head.tool}, which may measure "
            "differently; measure both with one"
        )
    for group, baseline in base.plan.baselines.items():
        other = head.plan.baselines.get(group, baseline)
        if other != baseline:
            raise UsageError(
                f"the baseline of {group!r} was {baseline} in one session and {other} in the "
                "other; measure both with one --baseline"
            )
    for name, network in base.networks.items():
        if name in head.networks and head.networks[name] != network:
            raise UsageError(
                f"network {name!r} was played with {network} in one session and "
                f"{head.networks[name]} in the other; measure both alike"
            )


def _sites(session: Session) -> str:
    return ", ".join(dict.fromkeys(cell.group for cell in session.plan.cells))


def _margin(base: Session, head: Session, cell: Cell, margin: float) -> float:
    floors = [f.margin for s in (base, head) for f in s.noise if f.group == cell.group and f.margin]
    return max(margin, *floors) if floors else margin


def _change(
    base: Session,
    head: Session,
    name: str,
    estimates: Mapping[str, Estimate],
    level: float,
    margin: float,
    obstacle: str,
) -> Change:
    base_s, head_s = _mean_seconds(base, name), _mean_seconds(head, name)
    if name not in estimates:
        failed = base.failure(name) or head.failure(name)
        verdict = Verdict.INVALID if failed else Verdict.UNCLEAR
        return Change(name, base_s, head_s, 0, None, None, None, verdict, obstacle)
    estimate = estimates[name]
    low, high = estimate.interval(1 - level)
    verdict = decide(low, high, margin)
    return Change(name, base_s, head_s, estimate.count, estimate.mean, low, high, verdict)


def _mean_seconds(session: Session, name: str) -> float | None:
    """Return the mean of a valid cell's values."""
    values = session.values(name)
    return fmean(values) if values and not session.failure(name) else None
