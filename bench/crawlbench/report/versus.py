"""Environments against each other: the sentence and the table (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crawlbench.records import Verdict
from crawlbench.report.changes import changes_table
from crawlbench.report.numbers import format_interval, format_ratio
from crawlbench.report.tables import short_name
from crawlbench.report.text import one_line
from crawlbench.stats.versus import find_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.records import Cell, Session
    from crawlbench.report.table import Table
    from crawlbench.stats.compare import Change

__all__ = ["versus_sentence", "versus_table"]

WORDS = {
    Verdict.FASTER: "faster than",
    Verdict.SLOWER: "slower than",
    Verdict.SAME: "the same as",
}
ORDER = (
    Verdict.SLOWER,
    Verdict.INVALID,
    Verdict.UNSUPPORTED,
    Verdict.FASTER,
    Verdict.UNCLEAR,
    Verdict.SAME,
)
"""What is told first: what somebody must act on."""


def versus_sentence(session: Session) -> str:
    """Return what was found, for each environment against the first; one sentence for each."""
    base, *heads = (environment.name for environment in session.plan.environments)
    changes = find_changes(session)
    cells = {cell.name: cell for cell in session.plan.cells}
    sentences = []
    for head in heads:
        found = [change for change in changes if cells[change.cell].environment == head]
        sentences.append(_sentence(session, base, head, found))
    return one_line(" ".join(sentences))


def versus_table(session: Session) -> Table:
    """Return a row for each cell and environment, the largest change first."""
    plan = session.plan
    names = {
        cell.name: short_name(cell, plan.cells if len(plan.environments) > 2 else _of_base(session))
        for cell in plan.cells
    }
    base, *heads = (environment.name for environment in plan.environments)
    title = f"{heads[0]} against {base}" if len(heads) == 1 else f"against {base}"
    return changes_table(find_changes(session), names, one_line(title))


def _of_base(session: Session) -> list[Cell]:
    """Return the cells of one environment, so that names do not say which."""
    first = session.plan.environments[0].name
    return [cell for cell in session.plan.cells if cell.environment == first]


def _sentence(session: Session, base: str, head: str, changes: Sequence[Change]) -> str:
    facts = session.environment(head)
    if facts and facts.obstacle:
        return f"{facts.obstacle}."
    counts = Counter(change.verdict for change in changes)
    told = [verdict for verdict in ORDER if counts[verdict]]
    if not told:
        return f"{head} could not be held against {base}: nothing was measured."
    first, rest = told[0], told[1:]
    of = f" in {counts[first]} of {len(changes)} cells" if len(changes) > 1 else ""
    text = f"{_claim(head, base, first)}{of}{_size(session, changes, first)}"
    others = [f"{counts[verdict]} {verdict.value}" for verdict in rest]
    return f"{text}; {', '.join(others)}." if others else f"{text}."


def _claim(head: str, base: str, verdict: Verdict) -> str:
    if verdict in WORDS:
        return f"{head} is {WORDS[verdict]} {base}"
    return f"{head} against {base} is {verdict.value}"


def _size(session: Session, changes: Sequence[Change], verdict: Verdict) -> str:
    """Return the largest of the changes with that verdict, or why there is no number."""
    found = [change for change in changes if change.verdict is verdict]
    largest = max(found, key=lambda change: abs(change.estimate or 0.0))
    cell = session.plan.cell(largest.cell)
    name = short_name(cell, _of_base(session))
    if largest.estimate is None or largest.low is None or largest.high is None:
        return f": {name}: {largest.reason}"
    ratio = format_ratio(largest.estimate, largest.low, largest.high)
    worst = "" if len(found) == 1 else ", most of all"
    return (
        f"{worst}: {name} takes {ratio} of its time ({format_interval(largest.low, largest.high)})"
    )
