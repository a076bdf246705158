"""Reads pages with lexbor, an HTML5 parser in C, by way of selectolax (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from crawlbench.parsers.reader import build_reader
from crawlbench.parsers.toolkit import CssToolkit

if TYPE_CHECKING:
    from crawlbench.model import Reader, SiteSpec

__all__ = ["compile_reader"]


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages.

    Raises:
        UsageError: an XPath of the site has no CSS selector.
    """
    toolkit = CssToolkit(
        parse=lambda body: LexborHTMLParser(body.decode(spec.encoding, errors="replace")),
        select=lambda node, css: node.css(css),
        select_one=lambda node, css: node.css_first(css),
        text=lambda node: node.text(),
        attribute=lambda node, name: node.attributes.get(name),
    )
    return build_reader(spec, toolkit)
