"""Reads pages with lxml, all XPaths compiled once (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree, html

from crawlbench.sites.parsers.reader import build_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.model import Reader, SiteSpec


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages."""
    return build_reader(spec, Lxml(spec.encoding))


class Lxml:
    """See `Toolkit`."""

    def __init__(self, encoding: str) -> None:
        """Take the encoding of the pages."""
        self.encoding = encoding
        self._parser = html.HTMLParser(encoding=encoding)

    def parse(self, body: bytes) -> Any:  # noqa: ANN401  (a tree of lxml's)
        """See `Toolkit.parse`."""
        return html.document_fromstring(body, parser=self._parser)

    def compile_nodes(self, xpath: str) -> Callable[[Any], Sequence[Any]]:
        """See `Toolkit.compile_nodes`."""
        find: Callable[[Any], Any] = etree.XPath(xpath)
        return find

    def compile_text(self, xpath: str) -> Callable[[Any], str]:
        """See `Toolkit.compile_text`."""
        # of the first node found, empty if there is none
        find: Callable[[Any], Any] = etree.XPath(f"string({xpath})", smart_strings=False)
        return find

    def href(self, anchor: html.HtmlElement) -> str:
        """See `Toolkit.href`."""
        href: str = anchor.get("href", "")
        return href
