"""Reads pages with turbohtml, an HTML5 parser in C (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import turbohtml

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
        parse=lambda body: turbohtml.parse(body, encoding=spec.encoding, positions=False),
        select=lambda node, css: node.select(css),
        select_one=lambda node, css: node.select_one(css),
        text=lambda node: node.text,
        attribute=lambda node, name: node.attrs.get(name),
    )
    return build_reader(spec, toolkit)
