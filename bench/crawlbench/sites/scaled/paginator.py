"""Which pages a page of a long list links to, and how that is written (floor 1).

Lists of up to ten pages link to all of them, as the real list does. A longer one has a window of
neighbours and jumps by powers of ten on both sides, so that every page is few links away from any
other.
"""

from __future__ import annotations

from typing import Final

from crawlbench.sites.markup import PAGE_SIZE

ALL_UP_TO: Final = 10
"""Longest list whose pages link to all others."""

NEIGHBOURS: Final = 4
"""Pages that are linked on each side of a page."""

JUMPS: Final = (10, 100, 1000, 10_000)

_LINK = '\n            <a href="?start=%d&amp;filter=" >%d</a>\n\n'
_BREAK = '                <span class="break">...</span>\n'
_SELF = '                <span class="thispage">%d</span>\n\n'
_PREV = """        <span class="prev">
            <link rel="prev" href="?start=%d&amp;filter="/>
            <a href="?start=%d&amp;filter=" >&lt;前页</a>
        </span>


"""
_NO_PREV = '        <span class="prev">\n            &lt;前页\n        </span>\n\n\n'
_NEXT = """        <span class="next">
            <link rel="next" href="?start=%d&amp;filter="/>
            <a href="?start=%d&amp;filter=" >后页&gt;</a>
        </span>
"""
_NO_NEXT = '        <span class="next">\n            后页&gt;\n        </span>\n'


def linked_pages(number: int, last: int) -> list[int]:
    """Return the pages that a page links to by number, ascending, without itself.

    Args:
        number: of the page, from 1.
        last: number of the last page.
    """
    if last <= ALL_UP_TO:
        return [other for other in range(1, last + 1) if other != number]
    steps = [*range(1, NEIGHBOURS + 1), *JUMPS]
    others = {1, last, *(number + step for step in steps), *(number - step for step in steps)}
    return sorted(other for other in others if 1 <= other <= last and other != number)


def most_in_a_wave(last: int) -> int:
    """Return the most pages that a crawl that goes wave by wave can know of at once."""
    seen, front, most = {1}, [1], 1
    while front:
        found = {other for number in front for other in linked_pages(number, last)} - seen
        seen |= found
        front = list(found)
        most = max(most, len(front))
    return most


def render_paginator(number: int, last: int) -> bytes:
    """Return the inside of the paginator up to the count, as the list's template writes it."""
    start = PAGE_SIZE * (number - 1)
    back, on = start - PAGE_SIZE, start + PAGE_SIZE
    text = [_PREV % (back, back) if number > 1 else _NO_PREV]
    before = 0
    for other in sorted([*linked_pages(number, last), number]):
        if other != before + 1:
            text.append(_BREAK)
        if other == number:
            text.append(_SELF % number)
        else:
            text.append(_LINK % (PAGE_SIZE * (other - 1), other))
        before = other
    text.append(_NEXT % (on, on) if number < last else _NO_NEXT)
    return "".join(text).encode()
