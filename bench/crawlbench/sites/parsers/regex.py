"""Reads pages with expressions made for them: the limit, and no way to read HTML (floor 1)."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import UsageError
from crawlbench.sites.parsers.reader import build_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.model import Reader, SiteSpec


def compile_reader(spec: SiteSpec) -> Reader:
    """Return a function that reads this site's pages.

    Raises:
        UsageError: nobody has written expressions for the site.
    """
    if not spec.expressions:
        raise UsageError(
            f"the site {spec.name!r} has no regular expressions, which the parser regex needs; the "
            "sites of the Douban list have, such as douban-top250"
        )
    return build_reader(spec, _Regex(spec.expressions, spec.encoding))


class _Regex:
    """See `Toolkit`; a node is a match, and an XPath names its expression or its group."""

    def __init__(self, expressions: dict[str, str], encoding: str) -> None:
        self._expressions = expressions
        self._encoding = encoding

    def parse(self, body: bytes) -> str:
        return body.decode(self._encoding, errors="replace")

    def compile_nodes(self, xpath: str) -> Callable[[str], Sequence[Any]]:
        find = re.compile(self._expressions[xpath], re.DOTALL).finditer
        return lambda text: list(find(text))

    def compile_text(self, xpath: str) -> Callable[[re.Match[str]], str]:
        group = self._expressions[xpath]
        return lambda found: unescape(found[group])

    def href(self, anchor: re.Match[str]) -> str:
        return unescape(anchor["href"])
