"""Reads pages with lxml, all XPaths compiled once (floor 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree, html

from crawlbench.errors import BlockedPageError
from crawlbench.model import Page, PageKind, Reader, SiteSpec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compile_reader"]

_ORIGIN = re.compile(r"[a-z]+://[^/?]*")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One `PageKind`, compiled."""

    fits: Callable[[str], object]
    find_items: etree.XPath | None
    fields: list[tuple[str, etree.XPath, Callable[[str], object]]]
    find_links: etree.XPath | None


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages."""
    parser = html.HTMLParser(encoding=spec.encoding)
    kinds = [_compile(kind) for kind in spec.kinds]

    def kind_of(address: str) -> _Kind | None:
        path = _ORIGIN.sub("", address)
        return next((kind for kind in kinds if kind.fits(path)), None)

    def read(address: str, body: bytes) -> Page:
        kind = kind_of(address)
        if kind is None:
            raise BlockedPageError(f"{address} is no page of the site {spec.name!r}")
        if not body.strip():
            raise BlockedPageError(f"{address} came with status 200 and an empty body")
        document = html.document_fromstring(body, parser=parser)
        nodes: Any = kind.find_items(document) if kind.find_items else ()
        anchors: Any = kind.find_links(document) if kind.find_links else ()
        if not (nodes if kind.find_items else anchors):
            raise BlockedPageError(
                f"{address} came with status 200 and {len(body)} bytes but no list: a block page"
            )
        items = tuple(spec.item_type(**_values(node, kind.fields, address)) for node in nodes)
        links = (spec.page_address(urljoin(address, a.get("href", ""))) for a in anchors)
        return Page(items, tuple(link for link in links if kind_of(link)))

    return read


def _compile(kind: PageKind) -> _Kind:
    return _Kind(
        fits=re.compile(kind.pattern).fullmatch,
        find_items=etree.XPath(kind.items) if kind.items else None,
        fields=[
            (f.name, etree.XPath(f"string({f.xpath})", smart_strings=False), f.convert)
            for f in kind.fields
        ],
        find_links=etree.XPath(kind.links) if kind.links else None,
    )


def _values(
    node: Any,  # noqa: ANN401  (lxml's element)
    fields: list[tuple[str, etree.XPath, Callable[[str], object]]],
    address: str,
) -> dict[str, Any]:
    values = {}
    for name, find, convert in fields:
        text: Any = find(node)  # of the first node found, empty if there is none
        if not text:
            raise BlockedPageError(f"{address} has an item without {name!r} ({find.path})")
        values[name] = convert(text.strip())
    return values
