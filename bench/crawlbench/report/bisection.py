"""Where among many environments a time changed: the sentence and the table (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.text import one_line
from crawlbench.report.measures import mention, tell_numbers
from crawlbench.report.table import Table, columns_of

if TYPE_CHECKING:
    from crawlbench.stats.bisection import Bisection
    from crawlbench.stats.change import Change

_COLUMNS = columns_of("environment, ratio:, interval, side")
SIDES = {True: "after", False: "before", None: "unclear"}


def bisection_sentence(found: Bisection) -> str:
    """Return what was found, in one sentence."""
    first, last = found.names[0], found.names[-1]
    whole = found.whole
    if whole is None:
        return one_line(f"Nothing was measured for {first} and {last}.")
    if not found.after:
        by = mention(whole.quantity, ", by {},")
        return one_line(
            f"From {first} to {last} nothing is known to have changed: {whole.cell}{by} is "
            f"{whole.verdict.value}{_ratio(whole, ', at')}."
        )
    text = (
        f"The {whole.quantity.words} of {whole.cell} changed{_ratio(whole, ' to')} between "
        f"{found.before} and {found.after}"
    )
    if not found.is_exact:
        text += "; what lies between them is unclear: more rounds would settle it"
    if found.skipped:
        text += f"; {len(found.skipped)} could not be used: {'; '.join(found.skipped.values())}"
    return one_line(f"{text}.")


def bisection_table(found: Bisection) -> Table:
    """Return a row for each environment that was measured, in the order of the list."""
    ends = {found.names[0]: ("1", "-", "before")}
    if found.whole:
        ends[found.names[-1]] = (*tell_numbers(found.whole), "after" if found.after else "-")
    rows = ends | {s.environment: (*tell_numbers(s.change), SIDES[s.is_after]) for s in found.steps}
    rows |= dict.fromkeys(found.skipped, ("-", "-", "not usable"))
    ordered = [name for name in found.names if name in rows]
    shown = tuple(tuple(map(one_line, (name, *rows[name]))) for name in ordered)
    of = mention(found.whole.quantity, ", {}") if found.whole else ""
    return Table(one_line(f"against {found.names[0]}{of}"), _COLUMNS, shown)


def _ratio(change: Change, before: str) -> str:
    ratio, interval = tell_numbers(change)
    return "" if ratio == "-" else f"{before} {ratio} of what it was ({interval})"
