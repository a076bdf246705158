"""What all HTML parsers share: choosing a page's kind, taking its items and links (floor 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from crawlbench.base.errors import BlockedPageError, UsageError
from crawlbench.base.model import Buffer, Field, Page, PageKind, Reader, SiteSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_ORIGIN = re.compile(r"[a-z]+://[^/?#]*")
_BASE = "//base[@href]"
_BASE_TAGS = (b"<base", b"<BASE", b"<Base")


class Toolkit(Protocol):
    """What a library for HTML can do; the nodes are its own."""

    def parse(self, body: bytes) -> Any:  # noqa: ANN401  (the library's document)
        """Return the document of a body."""

    def compile_nodes(self, xpath: str) -> Callable[[Any], Sequence[Any]]:
        """Return a function that finds all nodes of an XPath in a document.

        Raises:
            UsageError: the library cannot do this.
        """

    def compile_text(self, xpath: str) -> Callable[[Any], str]:
        """Return a function that gives the text of the first node that an XPath finds in a node."""

    def href(self, anchor: Any) -> str:  # noqa: ANN401  (the library's node)
        """Return where an `a` node leads; empty for nowhere."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One `PageKind`, compiled."""

    fits: Callable[[str], object]
    find_items: Callable[[Any], Sequence[Any]] | None
    fields: list[tuple[Field, Callable[[Any], str]]]
    """Each with the function that finds its text."""
    find_links: Callable[[Any], Sequence[Any]] | None


def build_reader(spec: SiteSpec, toolkit: Toolkit) -> Reader:
    """Return a function that reads this site's pages with this library.

    Raises:
        UsageError: the library cannot find what the site's XPaths describe.
    """
    if spec.media != "html":
        raise UsageError(
            f"the pages of the site {spec.name!r} are JSON, which parsers of HTML cannot read; use "
            "one of JSON, such as json, orjson or msgspec"
        )
    kinds = [_compile(kind, toolkit) for kind in spec.kinds]
    follow = _make_follow(spec, toolkit)

    def kind_of(address: str) -> _Kind | None:
        path = _ORIGIN.sub("", address, count=1)
        return next((kind for kind in kinds if kind.fits(path)), None)

    def read(address: str, buffer: Buffer) -> Page:
        kind, body = kind_of(address), bytes(buffer)  # not copied if it is bytes already
        if kind is None:
            raise BlockedPageError(f"{address} is not a page of the site {spec.name!r}")
        if not body.strip():
            raise BlockedPageError(f"{address} came with status 200 and an empty body")
        text = spec.as_utf8(address, body) if spec.as_utf8 else body
        document = toolkit.parse(text)
        nodes = kind.find_items(document) if kind.find_items else ()
        anchors = kind.find_links(document) if kind.find_links else ()
        if not (nodes if kind.find_items else anchors):
            raise BlockedPageError(
                f"{address} came with status 200 and {len(body)} bytes but no list: a block page"
            )
        items = tuple(spec.item_type(**_values(node, kind, address)) for node in nodes)
        pages = follow(address, document, text, filter(None, map(toolkit.href, anchors)))
        return Page(items, tuple(page for page in pages if page and kind_of(page)))

    return read


def _make_follow(
    spec: SiteSpec, toolkit: Toolkit
) -> Callable[[str, Any, bytes, Iterable[str]], Iterator[str]]:
    """Return what gives the pages that a page's links lead to; empty texts for none."""
    resolve = spec.follow
    find_bases = toolkit.compile_nodes(_BASE) if resolve else lambda _: ()

    def follow(address: str, document: object, text: bytes, hrefs: Iterable[str]) -> Iterator[str]:
        if resolve is None:
            links = (_follow(address, href) for href in hrefs)
            return (spec.page_address(link) for link in links if link)
        # Hardly any page has one, and looking for its bytes costs less than an XPath.
        bases = find_bases(document) if any(tag in text for tag in _BASE_TAGS) else ()
        base = toolkit.href(bases[0]) if bases else ""
        return (resolve(address, href, base) for href in hrefs)

    return follow


def _follow(address: str, href: str) -> str:
    """Return where a link leads; empty if it is not a link, or leads to another origin.

    A crawl never leaves the server that it started on, whatever a page says.
    """
    try:
        link = urljoin(address, href)
    except ValueError:
        return ""
    origin = _ORIGIN.match(address)
    other = _ORIGIN.match(link)
    return link if origin and other and origin[0] == other[0] else ""


def _compile(kind: PageKind, toolkit: Toolkit) -> _Kind:
    return _Kind(
        fits=re.compile(kind.pattern).fullmatch,
        find_items=toolkit.compile_nodes(kind.items) if kind.items else None,
        fields=[(field, toolkit.compile_text(field.xpath)) for field in kind.fields],
        find_links=toolkit.compile_nodes(kind.links) if kind.links else None,
    )


def _values(node: object, kind: _Kind, address: str) -> dict[str, Any]:
    values = {}
    for field, find in kind.fields:
        text = find(node).strip()
        if text:
            values[field.name] = field.convert(text)
        elif field.default is not None:
            values[field.name] = field.default
        else:
            raise BlockedPageError(f"{address} has an item without {field.name!r} ({field.xpath})")
    return values
