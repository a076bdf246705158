"""Reads pages with lxml, all XPaths compiled once (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree, html

from crawlbench.parsers.reader import build_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.model import Field, Reader, SiteSpec

__all__ = ["compile_reader"]


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages."""
    return build_reader(spec, _Lxml(spec.encoding))


class _Lxml:
    """See `Toolkit`."""

    def __init__(self, encoding: str) -> None:
        self._parser = html.HTMLParser(encoding=encoding)

    def parse(self, body: bytes) -> html.HtmlElement:
        return html.document_fromstring(body, parser=self._parser)

    def compile_nodes(
        self,
        xpath: str,
        css: str = "",  # noqa: ARG002  (see Toolkit)
    ) -> Callable[[Any], Sequence[Any]]:
        find: Callable[[Any], Any] = etree.XPath(xpath)
        return find

    def compile_text(self, field: Field) -> Callable[[Any], str]:
        # of the first node found, empty if there is none
        find: Callable[[Any], Any] = etree.XPath(f"string({field.xpath})", smart_strings=False)
        return find

    def href(self, anchor: html.HtmlElement) -> str | None:
        href: str | None = anchor.get("href")
        return href

    def base(self, document: html.HtmlElement) -> str:
        found = next((tag for tag in document.iter("base") if "href" in tag.attrib), None)
        return "" if found is None else str(found.get("href"))
