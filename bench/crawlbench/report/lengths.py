"""The cost of a page and the cost to begin, in words (floor 3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.report.numbers import format_part, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.records import Summary
    from crawlbench.report.standing import Standing
    from crawlbench.report.view import GroupView


def tell_lengths(
    group: GroupView,
    standing: Standing,
    *,
    parsing_from: float = 0.0,
    tells_beginning: bool = True,
) -> str:
    """Return what a page costs with the best cell and with the baseline, and the cost to begin.

    Empty where one length was measured.

    Args:
        group: the group of the cells.
        standing: the group's standing.
        parsing_from: share of the best cell's time per page from which parsing is mentioned.
        tells_beginning: whether to add what it costs to begin.
    """
    best, base = standing.best.summary, group.base.summary if group.base else None
    if best is None or best.per_page_s is None:
        return ""
    page, begin = format_seconds(best.per_page_s, best.per_page_error_s), tell_beginning(best)
    parse_s = best.parse_per_page_s or 0.0
    # `parsing_from` is 0 where everything is told; what takes no time is not mentioned even then.
    has_parsing = parse_s > 0 and parse_s >= parsing_from * best.per_page_s
    if has_parsing:
        # Threads on several CPUs may parse for longer than a page takes: that is no part of it.
        part = "of it" if parse_s <= best.per_page_s else "of CPU time"
        page += f", {format_part(parse_s)} {part} parsing"
    if base is not None and base is not best and base.per_page_s is not None:
        base_page = format_seconds(base.per_page_s, base.per_page_error_s)
        page += f"{',' if has_parsing else ''} against {base_page}"
        begin += f" against {tell_beginning(base)}"
    return f"{page}; to begin, {begin}" if tells_beginning else page


def tell_beginning(summary: Summary) -> str:
    """Return the time to begin, as "under" the end of its interval if that includes 0.

    Chance can bring that end close to 0, or below it, although beginning does cost something. So
    the text never claims less than could be detected, which is half the interval. Source: Cowan,
    Cranmer, Gross and Vitells, "Power-constrained limits", 2011. A time that is clearly below 0
    means that later pages cost more than the first ones.
    """
    begin, error = summary.to_begin_s or 0.0, summary.to_begin_error_s
    if error is not None and -error < begin <= error:
        return f"under {format_part(max(begin, 0.0) + error)}"
    return format_seconds(begin, error)


def tell_pages(lengths: Sequence[int]) -> str:
    """Return the lengths that were crawled, such as `10, 30 and 100 pages`."""
    *first, last = map(str, lengths)
    return f"{', '.join(first)} and {last} pages"


def tell_times(summary: Summary) -> str:
    """Return how long a crawl of each length took, the shortest first."""
    times = (summary.seconds, summary.middle_s, summary.long_s)
    return ", ".join(format_seconds(time) for time in times if time is not None)
