"""Environments compared with each other: the sentence and the table (floor 3; pure)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypedDict

from crawlbench.base.records import Obstacle, Quantity, Verdict
from crawlbench.base.text import one_line
from crawlbench.report.lengths import tell_beginning
from crawlbench.report.measures import TOO_UNCERTAIN, is_wide, mention, tell_numbers
from crawlbench.report.names import short_name
from crawlbench.report.numbers import format_seconds
from crawlbench.report.reasons import explain_in
from crawlbench.report.table import Table, columns_of
from crawlbench.report.tables import ratio_of, verdict_cell
from crawlbench.stats.change import find_changes, seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Cell, Summary
    from crawlbench.report.view import Row, SessionView
    from crawlbench.stats.change import Change

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
_RATIOS, _DIFFERENCES = (
    columns_of(f"cell, base:, head:, {number}:, interval, verdict, CPU ratio")
    for number in ("ratio", "difference")
)
_CPU = {Quantity.TIME: Quantity.CPU, Quantity.PAGE: Quantity.CPU_PAGE}
"""The CPU time to show beside a time."""
TOLD = (Quantity.PAGE, Quantity.BEGIN)
"""What two lengths add, after whole crawls."""
PER = {Quantity.TIME: "", Quantity.PAGE: " per page", Quantity.BEGIN: " to begin"}


class ToldChange(TypedDict):
    """One cell's change as scripts read it; docs/ci.md describes its fields."""

    cell: str
    base_s: float | None
    head_s: float | None
    rounds: int
    estimate: float | None
    """Logarithm of head over base; for the cost to begin, the difference in seconds."""
    low: float | None
    high: float | None
    verdict: str
    reason: str
    failed: str
    """`base` or `head`, if one of them broke."""


def versus_sentence(view: SessionView) -> str:
    """Return what was found: a sentence for each environment against the first."""
    base, *heads = (environment.name for environment in view.plan.environments)
    sentences = []
    for head in heads:
        rows = [row for row in _held(view) if row.cell.environment == head]
        sentences.append(_sentence(view, base, head, rows))
        facts = view.session.environment(head)
        # Why an environment cannot be used is said once, not by each quantity again.
        for quantity in () if facts and facts.obstacle else TOLD:
            held = [row for row in rows if quantity in row.found]
            if held:
                sentences.append(_sentence(view, base, head, held, quantity))
    return one_line(" ".join(sentences))


def versus_changes(view: SessionView, quantity: Quantity = Quantity.TIME) -> list[ToldChange]:
    """Return each cell's change for scripts, in the plan's order; see docs/ci.md."""
    return [_change_of(view, change) for change in find_changes(view.session, quantity)]


def versus_tables(view: SessionView) -> list[Table]:
    """Return a table of whole crawls, and where there are two lengths, per page and to begin."""
    return [
        _table(view, quantity)
        for quantity in (Quantity.TIME, *TOLD)
        if quantity is Quantity.TIME or quantity in view.quantities
    ]


def _table(view: SessionView, quantity: Quantity) -> Table:
    """Return a row for each cell and environment, the largest change first."""
    plan = view.plan
    # With a single head the title says which it is; with several each row has to.
    among = plan.cells if len(plan.environments) > 2 else _of_base(view)
    base, *heads = (environment.name for environment in plan.environments)
    title = f"{heads[0]} against {base}" if len(heads) == 1 else f"against {base}"
    rows = sorted(_held(view, quantity), key=lambda row: _change(row, quantity), reverse=True)
    table = Table(
        one_line(title + mention(quantity, ", {}")),
        _RATIOS if quantity.has_ratio else _DIFFERENCES,
        tuple(_row(view, row, short_name(row.cell, among), quantity) for row in rows),
    )
    has_cpu = quantity.has_ratio and _CPU[quantity] in view.quantities
    return table if has_cpu else table.drop(("CPU ratio",))


def _held(view: SessionView, quantity: Quantity = Quantity.TIME) -> list[Row]:
    """Return the rows that are compared with themselves in the first environment."""
    rows = (view.rows[cell.name] for cell in view.cells)
    return [row for row in rows if quantity in row.found]


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
        "reason": explain_in(view, found),
        "failed": _failed_side(row) if found.obstacle is Obstacle.FAILED else "",
    }


def _failed_side(row: Row) -> str:
    """Return the side that broke; the base is the cell's baseline, or the baseline's twin."""
    return "head" if row.failure else "base"


def _change(row: Row, quantity: Quantity) -> float:
    estimate = row.found[quantity].estimate
    return -1.0 if estimate is None else abs(estimate)


def _row(view: SessionView, row: Row, name: str, quantity: Quantity) -> tuple[str, ...]:
    found, ratio = row.found[quantity], ratio_of(row, quantity)
    summaries = (view.summaries.get(found.baseline), row.summary)
    times = [_time(summary, quantity) for summary in summaries]
    told = (name, *times, ratio.text, ratio.interval, str(found.verdict))
    return (*told, verdict_cell(row, _CPU[quantity]) if quantity.has_ratio else "-")


def _time(summary: Summary | None, quantity: Quantity) -> str:
    """Return what a cell typically takes; a dash if that is not known."""
    if summary is None or seconds_of(summary, quantity) is None:
        return "-"
    if quantity is Quantity.BEGIN:
        return tell_beginning(summary)
    is_page = quantity is Quantity.PAGE
    error = summary.per_page_error_s if is_page else summary.seconds_error
    return format_seconds(seconds_of(summary, quantity) or 0.0, error)


def _of_base(view: SessionView) -> list[Cell]:
    """Return the cells of one environment, so that names do not mention it."""
    first = view.plan.environments[0].name
    return [cell for cell in view.plan.cells if cell.environment == first]


def _sentence(
    view: SessionView,
    base: str,
    head: str,
    rows: Sequence[Row],
    quantity: Quantity = Quantity.TIME,
) -> str:
    facts = view.session.environment(head)
    if facts and facts.obstacle:
        return f"{facts.obstacle}."
    counts = Counter(row.found[quantity].verdict for row in rows)
    told = [verdict for verdict in ORDER if counts[verdict]]
    if not told:
        return f"{head} could not be compared with {base}: nothing was measured."
    first, rest = told[0], told[1:]
    of = f" in {counts[first]} of {len(rows)} cells" if len(rows) > 1 else ""
    by = mention(quantity, "By {}, ")
    text = f"{by}{_claim(head, base, first)}{of}{_size(view, rows, first, quantity)}"
    others = [f"{counts[verdict]} {verdict.value}" for verdict in rest]
    return f"{text}; {', '.join(others)}." if others else f"{text}."


def _claim(head: str, base: str, verdict: Verdict) -> str:
    if verdict in WORDS:
        return f"{head} is {WORDS[verdict]} {base}"
    return f"{head} against {base} is {verdict.value}"


def _size(view: SessionView, rows: Sequence[Row], verdict: Verdict, quantity: Quantity) -> str:
    """Return the largest change with this verdict, or why there is no number."""
    found = [row for row in rows if row.found[quantity].verdict is verdict]
    largest = max(found, key=lambda row: abs(row.found[quantity].estimate or 0.0))
    held = largest.found[quantity]
    name = short_name(largest.cell, _of_base(view))
    if held.estimate is None or held.low is None or held.high is None:
        return f": {name}: {explain_in(view, held)}"
    if is_wide(held.low, held.high, quantity, view.summaries.get(held.baseline)):
        return f": {name}, {TOO_UNCERTAIN}"
    number, interval = tell_numbers(held)
    worst = "" if len(found) == 1 else ", most of all"
    takes = f"{number} times as long"
    if not quantity.has_ratio:
        takes = f"{number.lstrip('+-')} {'less' if held.estimate < 0 else 'more'}"
    return f"{worst}: {name} takes {takes}{PER[quantity]} ({interval})"
