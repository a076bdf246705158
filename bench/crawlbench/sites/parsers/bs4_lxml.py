"""Reads pages with BeautifulSoup on lxml, which its documentation advises for speed (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bs4 import BeautifulSoup

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
        parse=lambda body: BeautifulSoup(body, "lxml", from_encoding=spec.encoding),
        select=lambda node, css: node.select(css),
        select_one=lambda node, css: node.select_one(css),
        text=lambda node: node.get_text(),
        attribute=lambda node, name: node.get(name),
    )
    return build_reader(spec, toolkit)
