"""Whether something is not slower than what it is held against (floor 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.text import count_of
from crawlbench.report.numbers import format_interval, format_ratio
from crawlbench.report.reasons import explain
from crawlbench.report.remarks import setting_of
from crawlbench.stats.gate import hold_gate
from crawlbench.stats.judge import judge
from crawlbench.stats.versus import find_changes

if TYPE_CHECKING:
    from crawlbench.report.view import SessionView
    from crawlbench.stats.change import Change

__all__ = ["GateResult", "hold_session", "log_ratio_of"]

VERDICTS = {0: "passed", 1: "slower", 3: "unclear", 4: "invalid"}
"""By the exit code that the command line would have."""
CUT_SHORT = {"interrupted", "mirror"}
"""Endings of sessions that say nothing."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate found; true in an `if` or `assert` only if it passed."""

    verdict: str
    """`passed`, `slower` (an interval lies beyond the gate), `unclear` (an interval reaches it) or
    `invalid` (something failed, or nothing can be judged)."""
    percent: float
    """Slower by so much is still good."""
    text: str
    """A line on the whole, then one for each cell with its ratio and interval."""

    @property
    def passed(self) -> bool:
        """Whether all of it was shown to be within the gate."""
        return self.verdict == "passed"

    def __bool__(self) -> bool:
        """Return whether it passed."""
        return self.passed

    def __str__(self) -> str:
        """Return the text."""
        return self.text


def log_ratio_of(percent: float, name: str) -> float:
    """Return a percentage as a log ratio.

    Raises:
        UsageError: it is negative or no number.
    """
    if isinstance(percent, bool) or not isinstance(percent, int | float):
        raise UsageError(f"{name} {percent!r} is no number; give a percentage such as 5")
    if not 0 <= percent < math.inf:
        raise UsageError(f"{name} {percent!r} cannot be used; give 0 or more, such as 5")
    return math.log1p(percent / 100)


def hold_session(view: SessionView, percent: float | None) -> GateResult:
    """Hold all that a session compared with its baselines against a gate, by time.

    Args:
        view: of the session.
        percent: None for its margin.

    Raises:
        UsageError: the percentage cannot be used.
    """
    plan = view.plan
    bound = plan.margin if percent is None else log_ratio_of(percent, "a gate of")
    at_gate = judge(replace(view.session, plan=replace(plan, margin=bound)))
    changes = find_changes(at_gate)
    held = hold_gate(changes, bound, "more rounds or a wider gate")
    is_cut = view.session.ending in CUT_SHORT
    verdict = "invalid" if is_cut else VERDICTS[held.code]
    allowed = f"{100 * math.expm1(bound):.3g} %"
    head = f"not slower by more than {allowed}" if verdict == "passed" else held.reason
    if is_cut:
        head = "the session was not finished"
    lines = [f"{verdict}, at a gate of {allowed}: {head}", *(_line(view, one) for one in changes)]
    return GateResult(verdict, 100 * math.expm1(bound), "\n".join(lines))


def _line(view: SessionView, change: Change) -> str:
    """Return what was found of one cell, with its interval, and why that is no answer."""
    row = view.rows[change.cell]
    group = view.groups[row.cell.group]
    base = group.base.label if group.base else group.baseline
    who = f"{row.label} against {base} on {group.place}"
    reason = explain(row.found[change.quantity], setting_of(view, group))
    return f"{who}: {_size(view, change)}{f'; {reason}' if reason else ''}"


def _size(view: SessionView, change: Change) -> str:
    """Return the ratio and its interval, as far as there are any."""
    if change.estimate is None or change.low is None or change.high is None:
        return str(change.verdict)
    rounds = f"in {count_of(change.rounds, 'round')}"
    interval = format_interval(change.low, change.high)
    ratio = format_ratio(change.estimate, change.low, change.high)
    if ratio == "-":
        return f"{rounds} the interval is {interval}"
    return f"{ratio} times the time ({interval}, at {100 * view.plan.confidence:g} %), {rounds}"
