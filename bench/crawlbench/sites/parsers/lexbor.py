"""Reads pages with lexbor, an HTML5 parser in C, by way of selectolax (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlbench.sites.parsers.reader import build_reader
from crawlbench.sites.parsers.toolkit import CssToolkit

if TYPE_CHECKING:
    from crawlbench.base.model import Reader, SiteSpec


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages.

    Raises:
        UsageError: an XPath of the site has no CSS selector.
    """
    toolkit = CssToolkit(
        parse=lambda body: LexborHTMLParser(body.decode(spec.encoding, errors="replace")),
        select=_select,
        select_one=_select_one,
        text=lambda node: node.text(),
        attribute=lambda node, name: node.attributes.get(name),
    )
    return build_reader(spec, toolkit)


def _select(node: Any, css: str) -> list[Any]:  # noqa: ANN401  (a document or a node)
    found: list[Any] = node.css(css)
    return found[1:] if found and _is_same(found[0], node) else found


def _select_one(node: Any, css: str) -> Any:  # noqa: ANN401  (a node)
    found = node.css_first(css)
    if found is not None and _is_same(found, node):  # lexbor also looks at the node itself
        return next(iter(_select(node, css)), None)
    return found


def _is_same(found: Any, node: Any) -> bool:  # noqa: ANN401  (nodes)
    """Return whether two objects stand for the same node; a document is not a node."""
    return isinstance(node, LexborNode) and bool(found.mem_id == node.mem_id)
