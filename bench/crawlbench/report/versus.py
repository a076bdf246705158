"""Environments compared with each other: the sentence and the table (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypedDict

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.report.names import short_name
from crawlbench.report.numbers import format_interval, format_ratio, format_seconds
from crawlbench.report.reasons import explain
from crawlbench.report.remarks import setting_of
from crawlbench.report.table import Column, Table
from crawlbench.report.tables import ratio_of, verdict_cell
from crawlbench.report.text import one_line
from crawlbench.stats.versus import find_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Cell
    from crawlbench.report.view import Row, SessionView
    from crawlbench.stats.change import Change

__all__ = ["ToldChange", "versus_changes", "versus_sentence", "versus_table"]

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
"""What comes first: what somebody must act on."""
_COLUMNS = (
    Column("cell"),
    Column("base", is_number=True),
    Column("head", is_number=True),
    Column("ratio", is_number=True),
    Column("interval"),
    Column("verdict"),
    Column("CPU ratio"),
)


class ToldChange(TypedDict):
    """One cell's change as scripts read it; docs/ci.md tells its fields."""

    cell: str
    base_s: float | None
    head_s: float | None
    rounds: int
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    reason: str
    failed: str
    """`base` or `head`, if one of them broke."""


def versus_sentence(view: SessionView) -> str:
    """Return what was found, for each environment against the first; one sentence for each."""
    base, *heads = (environment.name for environment in view.plan.environments)
    sentences = []
    for head in heads:
        rows = [row for row in _held(view) if row.cell.environment == head]
        sentences.append(_sentence(view, base, head, rows))
    return one_line(" ".join(sentences))


def versus_changes(view: SessionView, quantity: Quantity = Quantity.TIME) -> list[ToldChange]:
    """Return each cell's change for scripts, in the plan's order; see docs/ci.md."""
    return [_change_of(view, change) for change in find_changes(view.session, quantity)]


def versus_table(view: SessionView) -> Table:
    """Return a row for each cell and environment, the largest change first."""
    plan = view.plan
    among = plan.cells if len(plan.environments) > 2 else _of_base(view)
    base, *heads = (environment.name for environment in plan.environments)
    title = f"{heads[0]} against {base}" if len(heads) == 1 else f"against {base}"
    rows = sorted(_held(view), key=_change, reverse=True)
    table = Table(
        one_line(title),
        _COLUMNS,
        tuple(_row(view, row, short_name(row.cell, among)) for row in rows),
    )
    return table if Quantity.CPU in view.quantities else table.drop(("CPU ratio",))


def _held(view: SessionView) -> list[Row]:
    """Return the rows that are compared with themselves in the first environment."""
    rows = (view.rows[cell.name] for cell in view.cells)
    return [row for row in rows if Quantity.TIME in row.found]


def _change_of(view: SessionView, change: Change) -> ToldChange:
    row = view.rows[change.cell]
    found = row.found[change.quantity]
    return {
        "cell": change.cell,
        "base_s": change.base_s,
        "head_s": change.head_s,
        "rounds": change.rounds,
        "estimate": change.estimate,
        "low": change.low,
        "high": change.high,
        "verdict": change.verdict,
        "reason": explain(found, setting_of(view, view.groups[row.cell.group])),
        "failed": _failed_side(row) if found.obstacle is Obstacle.FAILED else "",
    }


def _failed_side(row: Row) -> str:
    """Return which side broke; the base is the cell's baseline, or the baseline's twin."""
    return "head" if row.failure else "base"


def _change(row: Row) -> float:
    estimate = row.found[Quantity.TIME].estimate
    return -1.0 if estimate is None else abs(estimate)


def _row(view: SessionView, row: Row, name: str) -> tuple[str, ...]:
    found, ratio = row.found[Quantity.TIME], ratio_of(row, Quantity.TIME)
    summaries = (view.summaries.get(found.baseline), row.summary)
    times = [format_seconds(s.seconds, s.seconds_error) if s else "-" for s in summaries]
    return name, *times, ratio.text, ratio.interval, str(found.verdict), verdict_cell(row)


def _of_base(view: SessionView) -> list[Cell]:
    """Return the cells of one environment, so that names do not say which."""
    first = view.plan.environments[0].name
    return [cell for cell in view.plan.cells if cell.environment == first]


def _sentence(view: SessionView, base: str, head: str, rows: Sequence[Row]) -> str:
    facts = view.session.environment(head)
    if facts and facts.obstacle:
        return f"{facts.obstacle}."
    counts = Counter(row.found[Quantity.TIME].verdict for row in rows)
    told = [verdict for verdict in ORDER if counts[verdict]]
    if not told:
        return f"{head} could not be compared with {base}: nothing was measured."
    first, rest = told[0], told[1:]
    of = f" in {counts[first]} of {len(rows)} cells" if len(rows) > 1 else ""
    text = f"{_claim(head, base, first)}{of}{_size(view, rows, first)}"
    others = [f"{counts[verdict]} {verdict.value}" for verdict in rest]
    return f"{text}; {', '.join(others)}." if others else f"{text}."


def _claim(head: str, base: str, verdict: Verdict) -> str:
    if verdict in WORDS:
        return f"{head} is {WORDS[verdict]} {base}"
    return f"{head} against {base} is {verdict.value}"


def _size(view: SessionView, rows: Sequence[Row], verdict: Verdict) -> str:
    """Return the largest of the changes with that verdict, or why there is no number."""
    found = [row for row in rows if row.found[Quantity.TIME].verdict is verdict]
    largest = max(found, key=lambda row: abs(row.found[Quantity.TIME].estimate or 0.0))
    held = largest.found[Quantity.TIME]
    name = short_name(largest.cell, _of_base(view))
    if held.estimate is None or held.low is None or held.high is None:
        group = view.groups[largest.cell.group]
        return f": {name}: {explain(held, setting_of(view, group))}"
    ratio = format_ratio(held.estimate, held.low, held.high)
    worst = "" if len(found) == 1 else ", most of all"
    return f"{worst}: {name} takes {ratio} times as long ({format_interval(held.low, held.high)})"
