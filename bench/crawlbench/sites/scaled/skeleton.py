"""A list page without what differs from cycle to cycle, ready to be filled in (floor 1).

Ten pages of the real list are rendered by its templates and cut at ranks, subjects and votes.
Filling them in only joins bytes, also for the gzipped page: see `packing`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Final

from crawlbench.sites.markup import PAGE_SIZE, render_page
from crawlbench.sites.movies import load_movies
from crawlbench.sites.scaled.movies import Numbers, page_numbers
from crawlbench.sites.scaled.packing import deflate_around, deflate_whole, gzip_file
from crawlbench.sites.scaled.paginator import render_paginator

_GAPS: Final = re.compile(
    rb'(?<="start": )\d+(?=,)|(?<=<em class="">)\d+|(?<=/subject/)\d+|(?<=>)\d+(?=\xe4\xba\xba)'
)
"""The page's start; and for each movie its rank, its subject (twice) and its votes (before 人)."""

_PAGINATOR: Final = re.compile(
    rb'(?<=<div class="paginator">\n).*(?=\n +<span class="count">)', re.S
)
_TOTAL: Final = re.compile(rb"(?<=\xe5\x85\xb1)\d+(?=\xe6\x9d\xa1\))")  # between 共 and 条)
# The only part that is deflated for each page, so quickly rather than well.
_PAGINATOR_LEVEL: Final = 1


@dataclass(frozen=True, slots=True)
class Filled:
    """What a page puts into the gaps."""

    gaps: list[bytes]
    """In the order of the page."""
    paginator: bytes


@dataclass(frozen=True, slots=True)
class _Cut:
    """One of the real list's pages, cut at its gaps; shared by all skeletons of that page."""

    parts: list[bytes]
    """What comes before each gap."""
    rest: bytes
    """From the last gap to the paginator."""
    tail: bytes
    """After the paginator, with a number in it that is still to be set."""
    packed_rest: bytes


def cycle_pages() -> int:
    """Return how many pages the real list has, after which the same movies come again."""
    return len(load_movies()) // PAGE_SIZE


@cache
def _cut(place: int) -> _Cut:
    """Render and cut a page of the real list, by its place from 0."""
    page = render_page(load_movies(), place + 1, "2022").encode()
    body, tail = _PAGINATOR.split(page)
    *parts, rest = _GAPS.split(body)
    return _Cut(parts, rest, tail, deflate_whole(rest))


class Skeleton:
    """A page of the list, with gaps of certain lengths."""

    def __init__(self, place: int, last: int, example: Filled) -> None:
        """Deflate what stays.

        Args:
            place: of the page in the real list, from 0.
            last: number of the last page of the long list.
            example: its gaps have the lengths of all pages that are to be filled in here.
        """
        self._cut = _cut(place)
        self._tail = _TOTAL.sub(b"%d" % (PAGE_SIZE * last), self._cut.tail)
        self._packed = deflate_around(self._cut.parts, [len(gap) for gap in example.gaps])
        self._packed_tail = deflate_whole(self._tail)

    def body(self, filled: Filled) -> bytes:
        """Return the page."""
        head = chain.from_iterable(zip(self._cut.parts, filled.gaps, strict=True))
        return b"".join([*head, self._cut.rest, filled.paginator, self._tail])

    def packed(self, filled: Filled) -> bytes:
        """Return the page as a gzip file."""
        head = chain.from_iterable(zip(self._packed, filled.gaps, strict=True))
        paginator = deflate_whole(filled.paginator, _PAGINATOR_LEVEL)
        blocks = [*head, self._cut.packed_rest, paginator, self._packed_tail]
        return gzip_file(blocks, self.body(filled))


class Filler:
    """Computes what goes into the gaps of the pages of one long list."""

    def __init__(self, last: int) -> None:
        """Take the number of the last page."""
        self._last = last
        self._numbers: list[list[Numbers]] = [
            page_numbers(PAGE_SIZE * place, PAGE_SIZE) for place in range(cycle_pages())
        ]

    def fill(self, number: int) -> Filled:
        """Return what a page puts into the gaps; pages count from 1."""
        cycle, place = divmod(number - 1, len(self._numbers))
        rank = PAGE_SIZE * (number - 1)
        gaps = [b"%d" % rank]
        for numbers in self._numbers[place]:
            rank += 1
            subject_id, votes = numbers.in_cycle(cycle)
            subject = subject_id.encode()
            gaps += (b"%d" % rank, subject, subject, b"%d" % votes)
        return Filled(gaps, render_paginator(number, self._last))
