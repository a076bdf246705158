"""Reads pages with lexbor, an HTML5 parser in C, by way of selectolax (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlbench.parsers.css import translate
from crawlbench.parsers.reader import build_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.model import Reader, SiteSpec

__all__ = ["compile_reader"]


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages.

    Raises:
        UsageError: an XPath of the site has no CSS selector.
    """
    return build_reader(spec, _Lexbor(spec.encoding))


class _Lexbor:
    """See `Toolkit`."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def parse(self, body: bytes) -> LexborHTMLParser:
        return LexborHTMLParser(body.decode(self._encoding, errors="replace"))

    def compile_nodes(self, xpath: str) -> Callable[[LexborHTMLParser], Sequence[LexborNode]]:
        css = translate(xpath).css
        return lambda document: document.css(css)

    def compile_text(self, xpath: str) -> Callable[[LexborNode], str]:
        selector = translate(xpath)
        css, attribute, index = selector.css, selector.attribute, selector.index

        def find(node: LexborNode) -> str:
            if index:
                found = node.css(css)
                first = found[index] if index < len(found) else None
            else:
                first = node.css_first(css)
            if first is None:
                return ""
            return (first.attributes.get(attribute) or "") if attribute else first.text()

        return find

    def href(self, anchor: LexborNode) -> str:
        return anchor.attributes.get("href") or ""
