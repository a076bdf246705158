"""The family `douban-x*`: the Top 250 scaled to N pages, each rendered on request (floor 1).

Its first page and its markup are those of `douban-top250`, whose ten pages are the same as those of
`douban-x10`, byte for byte. No page is kept: memory does not depend on N.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from crawlbench.base.errors import UnknownNameError
from crawlbench.sites.douban import SITE, page_address
from crawlbench.sites.markup import PAGE_SIZE
from crawlbench.sites.pages import HEADERS
from crawlbench.sites.scaled.movies import movies_up_to
from crawlbench.sites.scaled.paginator import most_in_a_wave
from crawlbench.sites.scaled.skeleton import Filled, Filler, Skeleton, cycle_pages

if TYPE_CHECKING:
    from crawlbench.base.model import SiteSpec

MAX_PAGES: Final = 100_000

MAX_LISTED: Final = 1_000

KEPT_ITEMS: Final = 10_000
"""Beyond this number, a crawl's items are tallied rather than kept."""

_NAME = re.compile(r"douban-x([1-9]\d{0,5})", re.ASCII)
_ADDRESS = re.compile(r"/top250(?:\?start=([1-9]\d{0,8})&filter=)?", re.ASCII)


def scaled_site(name: str) -> SiteSpec:
    """Return the Top 250 scaled to as many pages as its name says, up to douban-x100000.

    Raises:
        UnknownNameError: it is not `douban-x` and a number of pages from 1 to 100,000.
    """
    found = _NAME.fullmatch(name)
    pages = int(found[1]) if found else 0
    if not 1 <= pages <= MAX_PAGES:
        raise UnknownNameError(
            f"unknown site {name!r}; known: douban-x1 to douban-x{MAX_PAGES}, for as many pages"
        )
    return replace(
        SITE,
        name=name,
        expected_items=partial(movies_up_to, PAGE_SIZE * pages),
        expected_pages=pages,
        pages=partial(ScaledPages, pages),
        is_large=PAGE_SIZE * pages > KEPT_ITEMS,
        most_at_once=partial(most_in_a_wave, pages),
    )


class ScaledPages:
    """A `PackedSource` that renders pages when they are asked for."""

    def __init__(self, pages: int) -> None:
        """Take the number of pages."""
        self._last = pages
        self._filler = Filler(pages)
        self._skeletons: dict[tuple[int, ...], Skeleton] = {}

    def addresses(self) -> list[str]:
        """See `ListedSource.addresses`; for a list that is too long to keep, only the first."""
        pages = range(min(self._last, MAX_LISTED))
        return [page_address(f"/top250?start={PAGE_SIZE * page}&filter=") for page in pages]

    def find(self, address: str) -> str | None:
        """See `PageSource.find`."""
        found = _ADDRESS.fullmatch(address)
        if found is None:
            found = _ADDRESS.fullmatch(page_address(address))
        if found is None:
            return None
        page, rest = divmod(int(found[1] or 0), PAGE_SIZE)
        return found[0] if not rest and page < self._last else None

    def read(self, address: str) -> tuple[dict[str, str], bytes]:
        """See `PageSource.read`."""
        skeleton, filled = self._open(address)
        return HEADERS, skeleton.body(filled)

    def read_gzip(self, address: str) -> tuple[dict[str, str], bytes]:
        """See `PackedSource.read_gzip`."""
        skeleton, filled = self._open(address)
        return HEADERS, skeleton.packed(filled)

    def _open(self, address: str) -> tuple[Skeleton, Filled]:
        """Return a page's skeleton, made on first use, and what goes into it.

        Pages share a skeleton if they show the same movies and everything that differs has the same
        length. A list of 100,000 pages needs fewer than a hundred.
        """
        found = _ADDRESS.fullmatch(address)
        assert found, f"{address!r} did not come from find"
        number = int(found[1] or 0) // PAGE_SIZE + 1
        filled = self._filler.fill(number)
        place = (number - 1) % cycle_pages()
        key = (place, *map(len, filled.gaps))
        skeleton = self._skeletons.get(key)
        if skeleton is None:
            skeleton = self._skeletons[key] = Skeleton(place, self._last, filled)
        return skeleton, filled
