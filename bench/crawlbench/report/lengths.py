"""What a page costs and what it costs to begin, in words (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import format_part, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Summary
    from crawlbench.report.standing import Standing
    from crawlbench.report.view import GroupView

__all__ = ["tell_beginning", "tell_lengths", "tell_pages", "tell_times"]


def tell_lengths(group: GroupView, standing: Standing) -> str:
    """Return what a page costs with the best and with the baseline, and what it costs to begin.

    Empty where one length was measured.
    """
    best, base = standing.best.summary, group.base.summary if group.base else None
    if best is None or best.per_page_s is None:
        return ""
    page = format_seconds(best.per_page_s, best.per_page_error_s)
    if best.parse_per_page_s:
        page += f", {format_part(best.parse_per_page_s)} of it parsing"
    begin = tell_beginning(best)
    if base is None or base is best or base.per_page_s is None:
        return f"{page}; to begin, {begin}"
    base_page = format_seconds(base.per_page_s, base.per_page_error_s)
    return f"{page}, against {base_page}; to begin, {begin} against {tell_beginning(base)}"


def tell_beginning(summary: Summary) -> str:
    """Return what it costs to begin: less than its interval's end, where that holds nothing too.

    Chance can bring that end near 0, or below it, where beginning does cost something: no less is
    told than what could be seen, half the interval. Source: Cowan, Cranmer, Gross and Vitells,
    "Power-constrained limits", 2011. Below 0 in earnest, later pages cost more than the first ones.
    """
    begin, error = summary.to_begin_s or 0.0, summary.to_begin_error_s
    if error is not None and -error < begin <= error:
        return f"under {format_part(max(begin, 0.0) + error)}"
    return f"{'-' if begin < 0 else ''}{format_seconds(abs(begin), error)}"


def tell_pages(lengths: Sequence[int]) -> str:
    """Return the lengths that were crawled, such as `10, 30 and 100 pages`."""
    *first, last = map(str, lengths)
    return f"{', '.join(first)} and {last} pages"


def tell_times(summary: Summary) -> str:
    """Return what a crawl of each length took, the shortest first."""
    times = (summary.seconds, summary.middle_s, summary.long_s)
    return ", ".join(format_seconds(time) for time in times if time is not None)
