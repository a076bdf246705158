"""Decides which links of a page a recording follows (floor 4)."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from lxml import etree, html

from crawlbench.sites.addresses import AddressRules, base_of, host_of, join, path_on, split_origin
from crawlbench.sites.charsets import as_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crawlbench.base.model import PageKind

PRODUCT = "crawlbench"
"""The name by which robots.txt and pages may address us."""

_RULES_WITH_A_VALUE = frozenset(
    {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
)

_ALL_LINKS = "//a[@href] | //area[@href]"

_NO_PAGE = re.compile(
    r"\.(?:7z|avi|avif|bz2|css|csv|doc[xm]?|epub|exe|gif|gz|ico|jpe?g|js|json|mjs|mov|mp[34]|"
    r"og[gv]|pdf|png|ppt[xm]?|rar|rss|svg|tar|tgz|ttf|txt|wav|web[mp]|whl|woff2?|xls[xm]?|xml|"
    r"xz|zip|zst)$",
    re.IGNORECASE,
)
"""Extensions that no page has; a needless request would cost seconds."""


class LinkFinder:
    """Finds the links of one site's pages that lead to its other pages."""

    def __init__(
        self,
        kinds: Sequence[PageKind] = (),
        rules: AddressRules | None = None,
        note: Callable[[str], None] = lambda name: None,  # noqa: ARG005
    ) -> None:
        """Take the rules of a site file, if there is one; without kinds all links count.

        Args:
            kinds: the kinds of pages, whose patterns and selectors decide.
            rules: the rules by which different addresses are one page.
            note: called with the name of each expression of the kinds before it is tried.
        """
        self._rules = rules or AddressRules()
        self._kinds = [
            (
                _announce(
                    re.compile(kind.pattern).fullmatch, note, f"kinds[{n}].pattern", kind.pattern
                ),
                _announce(etree.XPath(kind.links), note, f"kinds[{n}].links", kind.links)
                if kind.links
                else None,
            )
            for n, kind in enumerate(kinds)
        ]
        self._all = etree.XPath(_ALL_LINKS)

    def spell(self, url: str) -> str:
        """Return an address in its one spelling, without its origin.

        Raises:
            ValueError: this is not an address.
        """
        path = split_origin(url)[1]
        return self._rules.spell(path if path[:1] in "/" else f"/{path}")

    def is_wanted(self, address: str) -> bool:
        """Return whether a spelled address may be a page."""
        fits = not self._kinds or any(matches(address) for matches, _ in self._kinds)
        return fits and not _NO_PAGE.search(address.partition("?")[0])

    def same_host(self, base: str, href: str) -> str:
        """Return the path and query to which a link leads; empty if that is on another host.

        They are spelled as the link has them, because a server may answer only that spelling.

        Raises:
            ValueError: this is not an address.
        """
        return path_on(host_of(base), join(base, href))

    def find(self, url: str, body: bytes, encoding: str) -> tuple[str, ...]:
        """Return the path and query of links to wanted pages on the same host, in order.

        Of several links whose addresses are one page, the first counts, unless another has the
        page's one spelling.

        Args:
            url: the page's address.
            body: the page's body.
            encoding: the body's encoding, as `find_label` returns it.
        """
        find = self._links_of(self.spell(url))
        if find is None:
            return ()
        try:
            text = as_utf8(body, encoding)
        except UnicodeDecodeError:
            text = body
        try:
            document = html.document_fromstring(text, parser=html.HTMLParser(encoding="utf-8"))
            # An expression may select something else than elements, which has no href.
            anchors: Any = find(document)
            hrefs = [a.get("href") for a in anchors if not _is_marked(a)]
            bases: Any = document.xpath("//base/@href")
        except (etree.LxmlError, LookupError, ValueError, AttributeError):
            return ()
        if _forbids_following(document):
            return ()
        wanted: dict[str, str] = {}
        for path in self._paths(url, str(bases[0]) if bases else "", hrefs, encoding):
            address = self._rules.spell(path)
            if self.is_wanted(address) and (address not in wanted or path == address):
                wanted[address] = path
        return tuple(wanted.values())

    def _links_of(self, address: str) -> Callable[[Any], Any] | None:
        if not self._kinds:
            return self._all
        return next((links for matches, links in self._kinds if matches(address)), None)

    @staticmethod
    def _paths(url: str, base: str, hrefs: list[str | None], encoding: str) -> Iterator[str]:
        """Yield the path and query of each link that stays on the host."""
        host = host_of(url)
        for href in hrefs:
            with contextlib.suppress(ValueError):
                if path := path_on(host, join(base_of(url, base), href or "", encoding)):
                    yield path


def _announce(
    expression: Callable[[Any], Any], note: Callable[[str], None], where: str, text: str
) -> Callable[[Any], Any]:
    """Return an expression that announces its name before it is tried."""
    name = f"{where} '{getattr(text, 'css', text)}'"

    def call(subject: Any) -> Any:  # noqa: ANN401  (a text or a document)
        note(name)
        return expression(subject)

    return call


def _is_marked(anchor: Any) -> bool:  # noqa: ANN401  (lxml's element)
    """Return whether a link asks not to be followed; `rel` is a list of words in any case."""
    return "nofollow" in (anchor.get("rel") or "").lower().split()


def _forbids_following(document: Any) -> bool:  # noqa: ANN401
    """Return whether a page's `meta` asks robots, or us, to follow none of its links."""
    for meta in document.iter("meta"):
        if (meta.get("name") or "").strip().lower() in {"robots", PRODUCT}:
            words = (meta.get("content") or "").lower().replace(",", " ").split()
            if not {"nofollow", "none"}.isdisjoint(words):
                return True
    return False


def header_forbids_following(values: Iterable[str]) -> bool:
    """Return whether a header X-Robots-Tag asks all robots, or us, not to follow a page's links.

    Args:
        values: the values of all its lines; each may begin with the name of a robot.
    """
    for value in values:
        robot, colon, rest = value.lower().partition(":")
        # A colon may also be that of a rule with a value, such as `max-snippet: 20`, among others.
        is_named = bool(colon) and not set(robot.split()) & _RULES_WITH_A_VALUE and "," not in robot
        if is_named and robot.strip() != PRODUCT:
            continue
        words = (rest if is_named else value.lower()).replace(",", " ").split()
        if not {"nofollow", "none"}.isdisjoint(words):
            return True
    return False
