"""What all parsers do alike: choose a page's kind, take its items and links (floor 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from crawlbench.errors import BlockedPageError
from crawlbench.model import Field, Page, PageKind, Reader, SiteSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Toolkit", "build_reader"]

_ORIGIN = re.compile(r"[a-z]+://[^/?#]*")
_BASE_TAGS = (b"<base", b"<BASE", b"<Base")


class Toolkit(Protocol):
    """What a library for HTML can do; nodes are its own."""

    def parse(self, body: bytes) -> Any:  # noqa: ANN401  (the library's document)
        """Return the document of a body."""

    def compile_nodes(self, xpath: str, css: str = "") -> Callable[[Any], Sequence[Any]]:
        """Return a function that finds all nodes of an XPath in a document.

        Args:
            xpath: of the nodes.
            css: what became the XPath, if a person wrote it as CSS.

        Raises:
            UsageError: the library cannot.
        """

    def compile_text(self, field: Field) -> Callable[[Any], str]:
        """Return a function that gives the text of the first that a field finds within a node."""

    def href(self, anchor: Any) -> str | None:  # noqa: ANN401  (the library's node)
        """Return where an `a` node leads, None for nowhere."""

    def base(self, document: Any) -> str:  # noqa: ANN401  (the library's document)
        """Return the first `<base href>`, empty if there is none."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One `PageKind`, compiled."""

    fits: Callable[[str], object]
    find_items: Callable[[Any], Sequence[Any]] | None
    fields: list[tuple[Field, Callable[[Any], str]]]
    """With what finds the text."""
    find_links: Callable[[Any], Sequence[Any]] | None


def build_reader(spec: SiteSpec, toolkit: Toolkit) -> Reader:
    """Return a function that reads this site's pages with that library.

    Raises:
        UsageError: the library cannot find what the site's XPaths say.
    """
    kinds = [_compile(kind, toolkit) for kind in spec.kinds]
    follow = spec.follow or _make_follow(spec)

    def kind_of(address: str) -> _Kind | None:
        path = _ORIGIN.sub("", address, count=1)
        return next((kind for kind in kinds if kind.fits(path)), None)

    def read(address: str, body: bytes) -> Page:
        kind = kind_of(address)
        if kind is None:
            raise BlockedPageError(f"{address} is no page of the site {spec.name!r}")
        if not body.strip():
            raise BlockedPageError(f"{address} came with status 200 and an empty body")
        document = toolkit.parse(spec.as_utf8(address, body) if spec.as_utf8 else body)
        nodes = kind.find_items(document) if kind.find_items else ()
        anchors = kind.find_links(document) if kind.find_links else ()
        if not (nodes if kind.find_items else anchors):
            raise BlockedPageError(
                f"{address} came with status 200 and {len(body)} bytes but no list: a block page"
            )
        items = tuple(spec.item_type(**_values(node, kind, address)) for node in nodes)
        hrefs = [href for anchor in anchors if (href := toolkit.href(anchor)) is not None]
        base = toolkit.base(document) if any(tag in body for tag in _BASE_TAGS) else ""
        pages = (follow(address, href, base) for href in hrefs)
        return Page(items, tuple(page for page in pages if page and kind_of(page)))

    return read


def _make_follow(spec: SiteSpec) -> Callable[[str, str, str], str]:
    """Return what follows links where a site has no way of its own."""

    def follow(address: str, href: str, base: str) -> str:
        link = _follow(urljoin(address, base) if base else address, href) if href else ""
        return spec.page_address(link) if link else ""

    return follow


def _follow(address: str, href: str) -> str:
    """Return where a link leads; empty if it is none, or leads away to another origin.

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
        find_items=toolkit.compile_nodes(kind.items, kind.items_css) if kind.items else None,
        fields=[(field, toolkit.compile_text(field)) for field in kind.fields],
        find_links=toolkit.compile_nodes(kind.links, kind.links_css) if kind.links else None,
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
            raise BlockedPageError(
                f"{address} has an item without {field.name!r} ({field.css or field.xpath})"
            )
    return values
