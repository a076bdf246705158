"""Reads pages with lexbor, an HTML5 parser in C, by way of selectolax (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlbench.parsers.css import Selector, translate
from crawlbench.parsers.reader import build_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.model import Field, Reader, SiteSpec

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

    def compile_nodes(
        self, xpath: str, css: str = ""
    ) -> Callable[[LexborHTMLParser], Sequence[LexborNode]]:
        selector = css or translate(xpath).css
        return lambda document: document.css(selector)

    def compile_text(self, field: Field) -> Callable[[LexborNode], str]:
        own = Selector(field.css, field.attribute, 0)
        selector = own if field.css else translate(field.xpath)
        attribute = selector.attribute

        def find(node: LexborNode) -> str:
            found = _find(node, selector)
            if found is None:
                return ""
            return (found.attributes.get(attribute) or "") if attribute else found.text()

        return find

    def href(self, anchor: LexborNode) -> str | None:
        attributes = anchor.attributes
        return (attributes["href"] or "") if "href" in attributes else None

    def base(self, document: LexborHTMLParser) -> str:
        found = document.css_first("base[href]")
        return "" if found is None else found.attributes["href"] or ""


def _find(node: LexborNode, selector: Selector) -> LexborNode | None:
    """Return the node that a selector means within another; lexbor would take that one, too."""
    if not selector.css:
        return node
    if not selector.index:
        found = node.css_first(selector.css)
        if found is None or found.mem_id != node.mem_id:
            return found
    inner = [found for found in node.css(selector.css) if found.mem_id != node.mem_id]
    return inner[selector.index] if selector.index < len(inner) else None
