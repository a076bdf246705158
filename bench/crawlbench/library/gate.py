"""Checks that something is not slower than what it is compared with (floor 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Quantity
from crawlbench.base.text import count_of
from crawlbench.report.measures import mention, tell_numbers
from crawlbench.report.reasons import explain, setting_of
from crawlbench.stats.change import find_changes
from crawlbench.stats.gate import Bound, hold_gate, read_bound
from crawlbench.stats.judge import judge_at

if TYPE_CHECKING:
    from crawlbench.base.records import Session
    from crawlbench.report.view import SessionView
    from crawlbench.stats.change import Change

VERDICTS = {0: "passed", 1: "slower", 3: "unclear", 4: "invalid"}
"""Verdict by the exit code that the command line would return."""
MAX_PERCENT = 1_000_000_000
"""As on the command line; beyond, a float may not hold it."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate found; true in an `if` or `assert` only if it passed."""

    verdict: str
    """`passed`, `slower` (an interval lies beyond the gate), `unclear` (an interval reaches it) or
    `invalid` (something failed, or nothing can be judged)."""
    percent: float | None
    """How much slower is still good; None for a gate to begin."""
    text: str
    """A line about the whole, then one for each cell with its ratio and interval."""
    quantity: str = "time"
    """What was compared: `time`, `CPU`, `per page`, `to begin` or `CPU per page`."""
    seconds: float | None = None
    """How many more seconds to begin are still good; None for all other gates."""

    @property
    def passed(self) -> bool:
        """Whether everything was shown to be within the gate."""
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
        UsageError: it is negative, too large or not a number.
    """
    if isinstance(percent, bool) or not isinstance(percent, int | float):
        raise UsageError(f"{name} {percent!r} is not a number; give a percentage such as 5")
    if not 0 <= percent <= MAX_PERCENT:
        raise UsageError(f"{name} {percent!r} cannot be used; give 0 to {MAX_PERCENT:,}, such as 5")
    return math.log1p(percent / 100)


def find_bound(
    margin: float, percent: float | None, fail_on: str | None, name: str = "a gate of"
) -> Bound:
    """Return the gate that was asked for, in either of two ways.

    Args:
        margin: log ratio to use if neither is given.
        percent: a percentage of the time of whole crawls.
        fail_on: as for `--fail-on`, such as `page-slower:5%`.
        name: what errors call the percentage.

    Raises:
        UsageError: both are given, or what is given is not a gate.
    """
    if fail_on is not None:
        if percent is not None:
            raise UsageError(
                f"the gate was asked for twice, as {percent!r} percent and as {fail_on!r}; give one"
            )
        return read_bound(fail_on, margin, "fail_on")
    return Bound(Quantity.TIME, margin if percent is None else log_ratio_of(percent, name))


def hold_session(view: SessionView, percent: float | None, fail_on: str | None) -> GateResult:
    """Return the result of a gate on everything that a session compared with its baselines.

    Args:
        view: the session.
        percent: a gate on time; None for the session's margin.
        fail_on: a gate on any quantity, as for `--fail-on`; None for time.

    Raises:
        UsageError: the gate cannot be used.
    """
    bound = find_bound(view.plan.margin, percent, fail_on)
    bound.require_lengths(view.plan.long_forms)
    judged = judge_at(view.session, bound)
    changes = find_changes(judged, bound.quantity)
    held = hold_gate(changes, bound.size, "more rounds or a wider gate")
    # However good it looks: rounds that are missing could say otherwise.
    is_cut = view.session.ending.is_early
    verdict = "invalid" if is_cut else VERDICTS[held.code]
    allowed = _tell_bound(bound)
    head = f"not slower by more than {allowed}" if verdict == "passed" else held.reason
    if is_cut:
        head = "the session was not finished"
    lines = [f"{verdict}, at a gate of {allowed}: {head}"]
    lines += [_line(view, judged, change) for change in changes]
    size = 100 * math.expm1(bound.size) if bound.quantity.has_ratio else None
    return GateResult(verdict, size, "\n".join(lines), str(bound.quantity), bound.begin_s)


def _tell_bound(bound: Bound) -> str:
    """Return what a gate allows, such as `5 % in time per page`."""
    if not bound.quantity.has_ratio:
        return f"{1000 * bound.size:.3g} ms to begin"
    return f"{100 * math.expm1(bound.size):.3g} %{mention(bound.quantity, ' in {}')}"


def _line(view: SessionView, judged: Session, change: Change) -> str:
    """Return what was found about one cell, with its interval, and why if that is no answer.

    The session as it was judged by the gate decides what is an answer.
    """
    row = view.rows[change.cell]
    group = view.groups[row.cell.group]
    base = group.base.label if group.base else group.baseline
    who = f"{row.label} against {base} on {group.place}"
    against = judged.against_baseline(change.quantity)
    found = next(one for one in against if one.cell == change.cell)
    reason = explain(found, replace(setting_of(view, group), margin=judged.plan.margin))
    return f"{who}: {_size(view, change)}{f'; {reason}' if reason else ''}"


def _size(view: SessionView, change: Change) -> str:
    """Return the ratio and its interval, if there are any."""
    number, interval = tell_numbers(change)
    if interval == "-":
        return str(change.verdict)
    rounds = f"in {count_of(change.rounds, 'round')}"
    if number == "-":
        return f"{rounds} the interval is {interval}"
    if not change.quantity.has_ratio:
        return f"{number} to begin ({interval}, at {100 * view.plan.confidence:g} %), {rounds}"
    return (
        f"{number} times the {change.quantity.words} ({interval}, at "
        f"{100 * view.plan.confidence:g} %), {rounds}"
    )
