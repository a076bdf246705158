"""The nouns that cross floors (floor 0: imports nothing of ours but errors).

Times are float seconds, sizes are bytes; only renderers scale them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ssl import SSLContext
    from typing import Self

__all__ = [
    "Buffer",
    "Crawl",
    "Field",
    "GatheredStream",
    "Item",
    "ListedSource",
    "PackedSource",
    "Page",
    "PageKind",
    "PageSource",
    "PageStream",
    "Reader",
    "Site",
    "SiteSpec",
    "TranslatedCss",
    "no_payload",
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


class Buffer(Protocol):
    """What libraries hand over as a body: `bytes`, a `memoryview`, or a buffer of their own."""

    def __buffer__(self, flags: int, /) -> memoryview:
        """Return the bytes without a copy."""

    def __len__(self) -> int:
        """Return how many there are."""


Reader = Callable[[str, Buffer], Page]
"""Reads a decoded body that came from an absolute address.

Raises:
    BlockedPageError: the page is not the site's, whatever its status said.
"""


class PageStream(Protocol):
    """Reads a page as its pieces come."""

    def feed(self, piece: Buffer) -> None:
        """Take the next bytes of the decoded body."""

    def close(self) -> Page:
        """Return what the page holds; raises as a `Reader`."""


class GatheredStream:
    """Gathers the pieces for a reader that needs the whole body."""

    def __init__(self, read: Reader, address: str) -> None:
        """Begin a page that came from that address."""
        self._read = read
        self._address = address
        self._body = bytearray()

    def feed(self, piece: Buffer) -> None:
        """See `PageStream.feed`."""
        self._body += memoryview(piece)

    def close(self) -> Page:
        """See `PageStream.close`."""
        return self._read(self._address, bytes(self._body))


def no_payload(_address: str) -> None:
    """Return the payload of a page that is asked for with GET: none."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site as a strategy sees it: where to start and how to read a page."""

    start: str
    """Absolute address of the first page."""
    read: Reader
    """Turns an address and a body into a `Page`."""
    tls: SSLContext
    """Made once, before the clock: trusts the site's certificate and verifies it.

    It is there on plain HTTP too, where no page needs it: a library that makes one of its own when
    it is given none would load the world's authorities, and pay for them on plain HTTP alone.
    """
    ca_file: str | None
    """PEM file of the authority that `tls` trusts, for libraries that take no context; None for
    those that the system trusts. `SSL_CERT_FILE` names it too, for those that take neither."""
    method: str = "GET"
    """That asks for each page: GET or POST."""
    payload: Callable[[str], dict[str, object] | None] = no_payload
    """What is sent as JSON to ask for the page of an address; None with GET."""

    @property
    def headers(self) -> dict[str, str]:
        """What is sent beside the payload by libraries that encode none: its type."""
        return {"Content-Type": "application/json"} if self.method == "POST" else {}

    def stream(self, address: str) -> PageStream:
        """Return what reads a page piece by piece: without keeping it, if the parser can."""
        opener: Callable[[str], PageStream] | None = getattr(self.read, "open", None)
        return opener(address) if opener else GatheredStream(self.read, address)

    def body(self, address: str) -> bytes | None:
        """Return the payload as JSON, for libraries that encode none."""
        payload = self.payload(address)
        return None if payload is None else json.dumps(payload).encode()


Crawl = Callable[
    [Site, int],
    "list[Item] | Coroutine[object, object, list[Item]] | Iterator[Item] | AsyncIterator[Item]",
]
"""A strategy: `crawl(site, concurrency)`, plain or `async`.

It opens its session, fetches `site.start`, reads each page once, follows links that it has not
seen, closes everything and returns all items in any order. `concurrency` bounds the requests in
flight. A crawl that may outgrow memory is a generator, plain or `async`, and yields its items.
"""


class TranslatedCss(str):
    """An XPath that remembers the CSS selector from which it was made.

    Parsers that know CSS take that, as what it became cannot be turned back.
    """

    __slots__ = ("attribute", "css")

    css: str
    """As a person wrote it."""
    attribute: str
    """Whose value counts instead of the text of what it finds; empty for the text."""

    def __new__(cls, xpath: str, css: str, attribute: str = "") -> Self:
        """Return the XPath with what it was made of."""
        made = super().__new__(cls, xpath)
        made.css, made.attribute = css, attribute
        return made


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


@runtime_checkable
class ListedSource(PageSource, Protocol):
    """A page source of a bounded size: its answers can be made before anybody asks."""

    def addresses(self) -> list[str]:
        """Return the address of each page, as `find` would."""


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
    expressions: dict[str, str] = field(default_factory=dict)
    """Regular expressions for the parser regex: by the XPath of items and links, with a group for
    each field, and by the XPath of a field the name of its group."""
    media: Literal["html", "json"] = "html"
    """What the pages are, and so which parsers can read them. In JSON an XPath is a key."""
    method: str = "GET"
    """That asks for each page; with POST, `payload` says what is sent."""
    payload: Callable[[str], dict[str, object] | None] = no_payload
    """What is sent as JSON to ask for the page of an address, absolute or not."""
    most_at_once: Callable[[], int] | None = None
    """Counts the pages that a crawl ever knows of and has not read; None: all but the first."""
    hosts: tuple[str, ...] = ()
    """Loopback addresses that serve the pages beside that of the first page, on its port;
    `page_address` tells which page is on which."""
    content: str = ""
    """Of a user's own: hash of all that decides what a crawl returns; empty where the name says
    it."""
    first_use: Callable[[], str] = lambda: ""
    """Says what `pages` will do that takes seconds, as "makes ..."; empty once it is done."""
