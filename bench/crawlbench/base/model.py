"""The types that cross floors: items, pages, sites, strategies (floor 0: imports nothing of ours).

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


USUAL_PARSERS = {"html": "lxml", "json": "json"}
"""The parser of each kind of page, where nobody names one."""


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """What the items of every site have at least; a site's own type adds its fields."""

    rank: int
    """Place in the site's list, from 1; unique in a correct crawl."""
    title: str
    """What a person would call it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page holds for a crawler."""

    items: tuple[Item, ...]
    """In the order in which they stand on the page."""
    links: tuple[str, ...]
    """Absolute addresses of other pages, in the order of the page, each page under one spelling."""


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
    """Reads a page piece by piece, as it arrives."""

    def feed(self, piece: Buffer) -> None:
        """Take the next bytes of the decoded body."""

    def close(self) -> Page:
        """Return what the whole page holds; raises what a `Reader` raises."""


class GatheredStream:
    """Collects the pieces for a reader that needs the whole body."""

    def __init__(self, read: Reader, address: str) -> None:
        """Begin a page that came from this address."""
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
    """Return the payload that asks for a page with GET: None."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site as a strategy sees it: where to start and how to read a page."""

    start: str
    """Absolute address of the first page."""
    read: Reader
    """Turns an address and a body into a `Page`."""
    tls: SSLContext
    """Made once, before the clock starts: trusts the site's certificate and verifies it.

    It is there on plain HTTP too, where no page needs it: a library that gets no context makes one
    of its own, loads the world's authorities for it, and would pay for that on plain HTTP alone.
    """
    ca_file: str | None
    """PEM file of the authority that `tls` trusts, for libraries that take no context; None for the
    authorities that the system trusts. `SSL_CERT_FILE` names it too, for libraries that take
    neither."""
    method: str = "GET"
    """The method that asks for each page: GET or POST."""
    payload: Callable[[str], dict[str, object] | None] = no_payload
    """Returns what is sent as JSON to ask for the page at an address; None with GET."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers that declare the payload's type, for libraries that do not encode it."""
        return {"Content-Type": "application/json"} if self.method == "POST" else {}

    def stream(self, address: str) -> PageStream:
        """Return a reader for a page that comes in pieces; it keeps none if the parser allows."""
        opener: Callable[[str], PageStream] | None = getattr(self.read, "open", None)
        return opener(address) if opener else GatheredStream(self.read, address)

    def body(self, address: str) -> bytes | None:
        """Return the payload as JSON, for libraries that do not encode it."""
        payload = self.payload(address)
        return None if payload is None else json.dumps(payload).encode()


Crawl = Callable[
    [Site, int],
    "list[Item] | Coroutine[object, object, list[Item]] | Iterator[Item] | AsyncIterator[Item]",
]
"""A strategy: `crawl(site, concurrency)`, plain or `async`.

It opens its session, fetches `site.start`, reads each page once, follows links it has not seen,
closes everything and returns all items in any order. `concurrency` bounds the requests in flight.
A crawl that may outgrow memory is a generator, plain or `async`, and yields its items.
"""


class TranslatedCss(str):
    """An XPath that remembers the CSS selector from which it was made.

    Parsers that know CSS use the selector, because an XPath cannot be turned back into one.
    """

    __slots__ = ("attribute", "css")

    css: str
    """The selector as a person wrote it."""
    attribute: str
    """The attribute whose value is taken instead of the text; empty for the text."""

    def __new__(cls, xpath: str, css: str, attribute: str = "") -> Self:
        """Return the XPath, with the selector it was made from."""
        made = super().__new__(cls, xpath)
        made.css, made.attribute = css, attribute
        return made


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item."""

    name: str
    """Name of the attribute in the site's item type."""
    xpath: str
    """XPath relative to the item's node; the first node found counts."""
    convert: Callable[[str], object]
    """Turns the node's text into the field's value."""
    default: object = None
    """The field's value where there is no such node, or no text in it; None if there must be
    one."""


@dataclass(frozen=True, slots=True)
class PageKind:
    """How pages of one kind are read."""

    pattern: str
    """Regular expression that must match the whole of an address, without its origin."""
    items: str
    """XPath of the nodes that hold one item each; empty if pages of this kind have no items."""
    fields: tuple[Field, ...]
    """How to find an item's fields within its node."""
    links: str
    """XPath of the `a` nodes that lead to other pages; empty if these pages lead nowhere."""


class PageSource(Protocol):
    """Where the mirror gets its pages from."""

    def find(self, address: str) -> str | None:
        """Return a page's address (path and query) in its one spelling, or None for no page.

        Raises:
            ValueError: this is not an address.
        """

    def read(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of a page that `find` returned."""


@runtime_checkable
class PackedSource(PageSource, Protocol):
    """A page source whose pages are already gzipped, or which gzips them faster than others."""

    def read_gzip(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """Return headers as `read` does, and the same body as a gzip file."""


@runtime_checkable
class ListedSource(PageSource, Protocol):
    """A page source of limited size, whose answers can be made before anybody asks."""

    def addresses(self) -> list[str]:
        """Return the address of each page, spelled as `find` spells it."""


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """What a site is, apart from where it is served and which parser reads it."""

    name: str
    """The name on the command line."""
    path: str
    """Address of the first page, without its origin."""
    kinds: tuple[PageKind, ...]
    """How pages are read: the first kind whose pattern fits counts; links that fit none are
    ignored."""
    item_type: type[Item]
    """Called with the fields as keyword arguments."""
    page_address: Callable[[str], str]
    """Gives the one spelling of an address, absolute or not, so that a page has only one."""
    expected_items: Callable[[], Iterable[Item]]
    """What a correct crawl returns, in order of rank, from facts and not from the pages."""
    expected_pages: int
    """Requests that a correct crawl makes."""
    pages: Callable[[], PageSource]
    """Opens the pages."""
    encoding: str = "utf-8"
    """Encoding of the pages."""
    is_large: bool = False
    """Whether it has too many items to keep: they are then tallied as they come, inside the
    clock."""
    as_utf8: Callable[[str, bytes], bytes] | None = None
    """Gives the body of an absolute address in UTF-8, in which case `encoding` is UTF-8 too; None
    if bodies are in `encoding` already."""
    follow: Callable[[str, str, str], str] | None = None
    """Where a link leads: takes the page's absolute address, the link as it is written there, and
    the page's `<base href>` or an empty text; gives the absolute address of a page of the site in
    its one spelling, or an empty text. None: links are joined as RFC 3986 says, and `page_address`
    does the rest."""
    expressions: dict[str, str] = field(default_factory=dict)
    """Regular expressions for the parser regex: the XPath of items and links to an expression with
    a group for each field, and the XPath of a field to the name of its group."""
    media: Literal["html", "json"] = "html"
    """What the pages are, and so which parsers can read them. In JSON an XPath serves as a key."""
    method: str = "GET"
    """The method that asks for each page; with POST, `payload` says what is sent."""
    payload: Callable[[str], dict[str, object] | None] = no_payload
    """Returns what is sent as JSON to ask for the page at an address, absolute or not."""
    most_at_once: Callable[[], int] | None = None
    """Returns the largest number of pages that a crawl can know of at one time without having read
    them; None: all but the first."""
    hosts: tuple[str, ...] = ()
    """Further loopback addresses that serve pages, on the port of the first; `page_address` says
    which page is on which."""
    content: str = ""
    """Hash of everything that decides what a crawl returns, for a site of the user's own; empty
    where the name says it."""
    first_use: Callable[[], str] = lambda: ""
    """Describes slow work that `pages` will have to do first, as in "makes ..."; empty once
    done."""
