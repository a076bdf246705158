"""What a session was asked, and the number to remember from each scenario (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.text import one_line
from crawlbench.report.gain import find_faster, tell_gain
from crawlbench.report.page import Figure
from crawlbench.report.standing import find_standing, join_names, list_words

if TYPE_CHECKING:
    from crawlbench.report.view import GroupView, SessionView

MAX_FIGURES = 4
"""With more scenarios, no single number speaks for the others."""
MAX_PLACES = 3
"""How many places a title names; it counts the others."""


def tell_question(view: SessionView) -> str:
    """Return what was asked; empty if there was nothing to compare."""
    plan = view.plan
    if plan.is_versus:
        return "What does another environment change?"
    crawls = [cell for group in view.crawls for cell in (row.cell for row in group.rows)]
    if crawls:
        # Neither the twin nor the raw socket is a way to crawl that a reader could choose.
        ways = {
            (row.work, row.cell.event_loop)
            for group in view.crawls
            for row in group.rows
            if row.cell.name == group.baseline or row.found
        }
        if len(ways) < 2:
            return ""
        sites = _some(sorted({cell.site for cell in crawls}), "sites")
        places = list(dict.fromkeys(cell.network for cell in crawls))
        where = _some(places, "networks")
        return one_line(f"Which of {len(ways)} ways to crawl {sites} is fastest, on {where}?")
    loops = {row.cell.loop_name for group in view.operations for row in group.rows}
    if len(loops) < 2:
        return ""
    count = len(plan.operations)
    return one_line(f"Which of {len(loops)} event loops is fastest, in each of {count} operations?")


def _some(names: list[str], what: str) -> str:
    return list_words(names) if len(names) <= MAX_PLACES else f"{len(names)} {what}"


def find_figures(view: SessionView) -> tuple[Figure, ...]:
    """Return how much the best cell of each scenario gains on the baseline, if it was confirmed."""
    if view.plan.is_versus or len(view.crawls) > MAX_FIGURES:
        return ()
    return tuple(figure for group in view.crawls if (figure := _figure(group)))


def _figure(group: GroupView) -> Figure | None:
    standing = find_standing(group)
    base = group.base
    if standing is None or base is None:
        return None
    held = next((one for one in standing.slower if one.row is base), None)
    if held is None:
        return None
    faster = find_faster(standing)
    number, words = tell_gain(faster, "time per page" if group.form else "time")
    per_page = ", per page" if group.form and words.startswith("as fast") else ""
    return Figure(
        number,
        one_line(f"{words} {base.name}{per_page}"),
        one_line(join_names(group, [one.row for one in faster])),
        one_line(f"on {group.place}"),
    )
