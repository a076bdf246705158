"""Which links of a page a recording follows (floor 3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from crawlbench.sites.addresses import AddressRules, host_of, split_origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.model import PageKind

__all__ = ["LinkFinder"]

_ALL_LINKS = "//a[@href][not(contains(concat(' ', @rel, ' '), ' nofollow '))]"

_NO_PAGE = re.compile(
    r"\.(?:7z|avi|avif|bz2|css|csv|doc[xm]?|epub|exe|gif|gz|ico|jpe?g|js|json|mjs|mov|mp[34]|"
    r"og[gv]|pdf|png|ppt[xm]?|rar|rss|svg|tar|tgz|ttf|txt|wav|web[mp]|whl|woff2?|xls[xm]?|xml|"
    r"xz|zip|zst)$",
    re.IGNORECASE,
)
"""Names that are asked for in vain; a request costs seconds here."""


class LinkFinder:
    """Finds the links of one site's pages that lead to its other pages."""

    def __init__(self, kinds: Sequence[PageKind] = (), rules: AddressRules | None = None) -> None:
        """Take what a site file says, if there is one; without kinds all links count.

        Args:
            kinds: whose patterns and links decide.
            rules: that make addresses one.
        """
        self._rules = rules or AddressRules()
        self._kinds = [
            (re.compile(kind.pattern).fullmatch, etree.XPath(kind.links) if kind.links else None)
            for kind in kinds
        ]
        self._all = etree.XPath(_ALL_LINKS)

    def spell(self, url: str) -> str:
        """Return the spelling of an address, without its origin.

        Raises:
            ValueError: that is no address.
        """
        path = split_origin(url)[1]
        return self._rules.spell(path if path[:1] in "/" else f"/{path}")

    def is_wanted(self, address: str) -> bool:
        """Tell whether a spelled address may be a page."""
        fits = not self._kinds or any(matches(address) for matches, _ in self._kinds)
        return fits and not _NO_PAGE.search(address.partition("?")[0])

    def same_host(self, base: str, href: str) -> str:
        """Return the spelled address to which a link on the same host leads; empty for any other.

        Raises:
            ValueError: that is no address.
        """
        url = urljoin(base, href)
        if urlsplit(url).scheme not in {"http", "https"} or host_of(url) != host_of(base):
            return ""
        return self.spell(url)

    def find(self, url: str, body: bytes, encoding: str) -> tuple[str, ...]:
        """Return the spelled addresses of wanted pages on the same host, each once, in order.

        Args:
            url: that the body came from.
            body: of a page.
            encoding: of the body.
        """
        find = self._links_of(self.spell(url))
        if find is None:
            return ()
        try:
            parser = html.HTMLParser(encoding=encoding)
            anchors: Any = find(html.document_fromstring(body, parser=parser))
            hrefs = [anchor.get("href", "") for anchor in anchors]
        except (etree.LxmlError, LookupError, ValueError, AttributeError):
            return ()
        return tuple(dict.fromkeys(self._wanted(url, hrefs)))

    def _links_of(self, address: str) -> etree.XPath | None:
        if not self._kinds:
            return self._all
        return next((links for matches, links in self._kinds if matches(address)), None)

    def _wanted(self, url: str, hrefs: list[str]) -> list[str]:
        wanted = []
        for href in hrefs:
            try:
                address = self.same_host(url, href)
            except ValueError:
                continue
            if address and self.is_wanted(address):
                wanted.append(address)
        return wanted
