"""Reads pages with html5lib, all Python, into a tree of lxml (floor 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import html5lib
from lxml import etree

from crawlbench.sites.parsers.lxml import Lxml
from crawlbench.sites.parsers.reader import build_reader

if TYPE_CHECKING:
    from crawlbench.base.model import Reader, SiteSpec


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages."""
    return build_reader(spec, _Html5lib(spec.encoding))


class _Html5lib(Lxml):
    """See `Toolkit`; XPaths are found as in the parser lxml."""

    def parse(self, body: bytes) -> Any:  # noqa: ANN401  (a tree of lxml's)
        try:
            return html5lib.parse(
                body,
                treebuilder="lxml",
                namespaceHTMLElements=False,
                transport_encoding=self.encoding,
            )
        except ValueError:  # control characters, which lxml's trees cannot hold
            return etree.Element("html")
