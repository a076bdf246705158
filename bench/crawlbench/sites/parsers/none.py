"""Parses nothing: knows each page by heart and only checks that the body is that page's (floor 1).

So a crawl costs only fetching and decoding. Links and items are those that lxml found in the same
pages before the clock started; a body that differs in length or CRC-32 is refused, unless it is one
of the site's other edition, which warmups are served.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zlib import crc32

from crawlbench.base.errors import BlockedPageError, UsageError
from crawlbench.base.model import Buffer, Item, Page, Reader, SiteSpec
from crawlbench.sites.parsers.json import compile_reader as compile_json_reader
from crawlbench.sites.parsers.lxml import compile_reader as compile_lxml_reader
from crawlbench.sites.titles import change_titles

if TYPE_CHECKING:
    from collections.abc import Callable

MEDIA = ("html", "json")

MAX_PAGES = 1000
"""Pages that a worker learns by heart before its first turn, at most."""

_ORIGIN = "http://site"  # no real host: pages are learnt without a server


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that recognises this site's pages.

    Raises:
        UsageError: the site has too many pages to know by heart.
    """
    if spec.expected_pages > MAX_PAGES:
        raise UsageError(
            f"the parser none knows pages by heart, and the {spec.expected_pages} of {spec.name} "
            f"are more than {MAX_PAGES}; use the parser lxml"
        )
    return _ByHeart(spec)


class _ByHeart:
    """A `Reader` that can also read piece by piece."""

    def __init__(self, spec: SiteSpec) -> None:
        self._spec = spec
        self._others: dict[tuple[str, int, int], dict[int, str]] = {}
        """Titles that differ, by rank, for each body of another edition: by the page's address
        without origin, the body's length and its checksum."""
        self._learnt = _learn(spec, self._others)
        self._known: dict[str, tuple[int, int, Page]] = {}

    def __call__(self, address: str, body: Buffer) -> Page:
        return self.recognise(address, len(body), crc32(body))

    def open(self, address: str) -> _Stream:
        """Begin a page, of which only length and checksum are kept."""
        return _Stream(self, address)

    def recognise(self, address: str, length: int, checksum: int) -> Page:
        """Return the page at an address if its body was the expected one."""
        known = self._known
        if address not in known:
            known.update(_at_origin(self._learnt, _origin_of(address), self._spec.page_address))
        if address not in known:
            raise BlockedPageError(f"{address} is not a page of the site {self._spec.name!r}")
        right_length, right_checksum, page = known[address]
        if right_length != length or right_checksum != checksum:
            titles = self._others.get((address.removeprefix(_origin_of(address)), length, checksum))
            if titles is None:
                raise BlockedPageError(
                    f"{address} came with status 200 and {length} bytes that are not the site's"
                )
            return _retitled(page, titles)
        return page


class _Stream:
    """See `PageStream`."""

    def __init__(self, reader: _ByHeart, address: str) -> None:
        self._reader = reader
        self._address = address
        self._length = self._checksum = 0

    def feed(self, piece: Buffer) -> None:
        self._length += len(piece)
        self._checksum = crc32(piece, self._checksum)

    def close(self) -> Page:
        return self._reader.recognise(self._address, self._length, self._checksum)


def _retitled(page: Page, titles: dict[int, str]) -> Page:
    """Return a page in which some items have other titles."""
    items = (replace(one, title=titles.get(one.rank, one.title)) for one in page.items)
    return Page(tuple(items), page.links)


def _learn(
    spec: SiteSpec, others: dict[tuple[str, int, int], dict[int, str]]
) -> dict[str, tuple[int, int, tuple[Item, ...], tuple[str, ...]]]:
    """Read all pages reachable from the first; return them by address without origin.

    Args:
        spec: of the site.
        others: is filled with what its pages may be in another edition.
    """
    compile_learner = compile_json_reader if spec.media == "json" else compile_lxml_reader
    source, read = spec.pages(), compile_learner(spec)
    learnt, front = {}, [spec.path]
    while front:
        path = front.pop()
        found = source.find(path)
        if path in learnt or found is None:
            continue
        _, body = source.read(found)
        page = read(_ORIGIN + path, body)
        links = tuple(link.removeprefix(_origin_of(link)) for link in page.links)
        learnt[path] = (len(body), crc32(body), page.items, links)
        for changed, _, item in change_titles(page, body, spec.encoding):
            others[path, len(changed), crc32(changed)] = {item.rank: item.title}
        front += links
    return learnt


def _at_origin(
    learnt: dict[str, tuple[int, int, tuple[Item, ...], tuple[str, ...]]],
    origin: str,
    page_address: Callable[[str], str],
) -> dict[str, tuple[int, int, Page]]:
    """Return the pages by their address on a server, with links to the same server."""
    return {
        page_address(origin + path): (
            length,
            checksum,
            Page(items, tuple(page_address(origin + link) for link in links)),
        )
        for path, (length, checksum, items, links) in learnt.items()
    }


def _origin_of(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
