"""Reads pages with JustHTML, an HTML5 parser in Python alone (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from justhtml import JustHTML

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
        parse=lambda body: JustHTML(body, encoding=spec.encoding, sanitize=False),
        select=lambda node, css: node.query(css),
        select_one=lambda node, css: node.query_one(css),
        text=lambda node: node.to_text(),
        attribute=lambda node, name: node.attrs.get(name),
    )
    return build_reader(spec, toolkit)
