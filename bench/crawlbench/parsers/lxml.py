"""Reads pages with lxml, all XPaths compiled once (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree, html

from crawlbench.errors import BlockedPageError
from crawlbench.model import Page, Reader, SiteSpec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compile_reader"]


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages."""
    parser = html.HTMLParser(encoding=spec.encoding)
    find_items = etree.XPath(spec.items)
    find_links = etree.XPath(spec.links)
    fields = [
        (f.name, etree.XPath(f"string({f.xpath})", smart_strings=False), f.convert)
        for f in spec.fields
    ]

    def read(address: str, body: bytes) -> Page:
        if not body.strip():
            raise BlockedPageError(f"{address} came with status 200 and an empty body")
        document = html.document_fromstring(body, parser=parser)
        nodes: Any = find_items(document)
        if not nodes:
            raise BlockedPageError(
                f"{address} came with status 200 and {len(body)} bytes but no list: a block page"
            )
        items = tuple(spec.item_type(**_values(node, fields, address)) for node in nodes)
        hrefs: Any = find_links(document)
        links = tuple(spec.page_address(urljoin(address, a.get("href", ""))) for a in hrefs)
        return Page(items, links)

    return read


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
