"""The nouns that cross floors (floor 0: imports nothing of ours but errors).

Times are float seconds, sizes are bytes; only renderers scale them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = [
    "Crawl",
    "Field",
    "Item",
    "PackedSource",
    "Page",
    "PageKind",
    "PageSource",
    "Reader",
    "Site",
    "SiteSpec",
]


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """The least that each site's items have; a site's own type adds its fields."""

    rank: int
    """Place in the site's list, from 1; unique within a right crawl."""
    title: str
    """What a person would call it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page holds for a crawler."""

    items: tuple[Item, ...]
    """In the order of the page."""
    links: tuple[str, ...]
    """Absolute addresses of other pages, one spelling per page, in the order of the page."""


Reader = Callable[[str, bytes], Page]
"""Reads a decoded body that came from an absolute address.

Raises:
    BlockedPageError: the page is not the site's, whatever its status said.
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A site as a strategy sees it: where to start and how to read a page."""

    start: str
    """Absolute address of the first page."""
    read: Reader
    """Turns an address and a body into a `Page`."""
    tls: SSLContext | None = None
    """Trusts the site's certificate and verifies it; None on plain HTTP."""
    ca_file: str | None = None
    """PEM file of the authority that `tls` trusts, for libraries that take no context."""


Crawl = Callable[
    [Site, int],
    "list[Item] | Coroutine[object, object, list[Item]] | Iterator[Item] | AsyncIterator[Item]",
]
"""A strategy: `crawl(site, concurrency)`, plain or `async`.

It opens its session, fetches `site.start`, reads each page once, follows links that it has not
seen, closes everything and returns all items in any order. `concurrency` bounds the requests in
flight. A crawl that may outgrow memory is a generator, plain or `async`, and yields its items.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item."""

    name: str
    """Attribute of the site's item type."""
    xpath: str
    """Relative to the item's node; the first node found counts."""
    convert: Callable[[str], object]
    """Turns the node's text into the field's value."""
    default: object = None
    """The field's value where there is no such node, or no text in it; None: each item needs it."""
    css: str = ""
    """What became the XPath, if a person wrote it as CSS: the node, without the attribute."""
    attribute: str = ""
    """Whose value counts instead of the text of the node that `css` finds."""


@dataclass(frozen=True, slots=True)
class PageKind:
    """How pages of one kind are read."""

    pattern: str
    """Regular expression that the whole of an address, without its origin, matches."""
    items: str
    """XPath of the nodes that hold one item each; empty if such pages have none."""
    fields: tuple[Field, ...]
    """How an item's fields are found within its node."""
    links: str
    """XPath of the `a` nodes that lead to other pages; empty if such pages lead nowhere."""
    items_css: str = ""
    """What became `items`, if a person wrote it as CSS."""
    links_css: str = ""
    """What became `links`, if a person wrote it as CSS."""


class PageSource(Protocol):
    """Where the mirror takes pages from."""

    def find(self, address: str) -> str | None:
        """Return the one spelling of a page's address (path and query), or None: no such page.

        Raises:
            ValueError: that is no address.
        """

    def read(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of a page that `find` returned."""


@runtime_checkable
class PackedSource(PageSource, Protocol):
    """A page source that has its pages gzipped, or gzips them faster than anybody else could."""

    def read_gzip(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """Return headers as `read` does, and the same body as a gzip file."""


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """What a site is, apart from where it is served and which parser reads it."""

    name: str
    """As on the command line."""
    path: str
    """Address of the first page, without its origin."""
    kinds: tuple[PageKind, ...]
    """How pages are read; the first whose pattern fits counts. Links that fit none are left."""
    item_type: type[Item]
    """Built with the fields as keyword arguments."""
    page_address: Callable[[str], str]
    """Gives the one spelling of an address, absolute or not: two addresses of one page agree."""
    expected_items: Callable[[], Iterable[Item]]
    """What a right crawl returns, in order of rank, from facts and not from the pages."""
    expected_pages: int
    """Requests that a right crawl makes."""
    pages: Callable[[], PageSource]
    """Opens the pages."""
    encoding: str = "utf-8"
    """Of the pages' bytes."""
    is_large: bool = False
    """Its items are too many to keep: they are tallied as they come, inside the clock."""
    as_utf8: Callable[[str, bytes], bytes] | None = None
    """Gives the body of an absolute address in UTF-8, which `encoding` is then; None: it is in
    `encoding` already."""
    follow: Callable[[str, str, str], str] | None = None
    """Where a link leads: takes the page's absolute address, the link as it stands there, and the
    page's `<base href>` or empty text; gives the absolute address of a page of the site in its one
    spelling, or empty text. None: links are joined as RFC 3986 says, and `page_address` does the
    rest."""
    first_use: Callable[[], str] = lambda: ""
    """Says what `pages` will do that takes seconds, as "makes ..."; empty once it is done."""
