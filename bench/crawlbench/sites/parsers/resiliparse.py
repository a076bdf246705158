"""Reads pages with Resiliparse, lexbor in C, made for archives of the web (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resiliparse.parse.html import HTMLTree

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
        parse=lambda body: HTMLTree.parse_from_bytes(body, encoding=spec.encoding).document,
        select=lambda node, css: node.query_selector_all(css),
        select_one=lambda node, css: node.query_selector(css),
        text=lambda node: node.text,
        attribute=lambda node, name: node.getattr(name),
    )
    return build_reader(spec, toolkit)
