"""Reads pages with parsel, which are Scrapy's selectors, on lxml (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parsel import Selector

from crawlbench.sites.parsers.reader import build_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.model import Reader, SiteSpec


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages."""
    return build_reader(spec, _Parsel(spec.encoding))


class _Parsel:
    """See `Toolkit`; XPaths are passed on as they are, because parsel compiles none beforehand."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def parse(self, body: bytes) -> Selector:
        return Selector(body=body, encoding=self._encoding, type="html")

    def compile_nodes(self, xpath: str) -> Callable[[Selector], Sequence[Selector]]:
        return lambda document: document.xpath(xpath)

    def compile_text(self, xpath: str) -> Callable[[Selector], str]:
        text = f"string({xpath})"
        return lambda node: node.xpath(text).get("")

    def href(self, anchor: Selector) -> str:
        return anchor.attrib.get("href", "")
