"""Checks and rewrites pages on their way into a site's folder (floor 4; pure)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.sites.charsets import DEFAULT, find_undecodable

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

MAX_REDIRECTS = 10
"""How many in a row are followed."""
_STEP_BYTES = 2**20
# The host's name must end: example.org is not the beginning of example.organic.
# Blanks are never given back, or a page of blanks would take their number squared.
_LINK = rb"""((?:href|src|action)\s*+=\s*+(?:["']\s*+)?)(?:https?:)?//%b(?:/|(?=[?#"'\s>]))"""


@dataclass(slots=True)
class Skips:
    """Counts what did not become a page, by reason."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    """The first address for each reason."""

    def add(self, reason: str, example: str) -> None:
        """Count one more."""
        self.counts[reason] += 1
        self.examples.setdefault(reason, example)

    def lines(self) -> list[str]:
        """Return a line for each reason, the most frequent first."""
        return [
            f"{count} {reason}, such as {self.examples[reason][:100]}"
            for reason, count in self.counts.most_common()
        ]


def find_aliases(
    redirects: Mapping[str, str], pages: Container[str], skips: Skips
) -> dict[str, list[str]]:
    """Return the addresses that redirect to each page, also by way of others.

    Args:
        redirects: where each address leads.
        pages: the addresses of pages, at which redirects end.
        skips: counts the redirects that lead to no page.
    """
    aliases: dict[str, list[str]] = {}
    for address in redirects:
        target = address
        for _ in range(MAX_REDIRECTS):  # so that circles end
            if target not in pages:
                target = redirects.get(target, target)
        if target in pages:
            aliases.setdefault(target, []).append(address)
        else:
            skips.add("redirects that lead to no page", address)
    return aliases


def check_encoding(encoding: str, body: bytes) -> tuple[str, int]:
    """Return why a page cannot be decoded, and at which byte; the reason is empty if it can.

    Args:
        encoding: the encoding that the page declares; empty if there is none.
        body: the page's body.
    """
    found = find_undecodable(body, encoding or DEFAULT)
    if found is None:
        return "", 0
    at, reason = found
    if not encoding:
        return "name no encoding and are not UTF-8", at
    return f"not {encoding} throughout, although they say so ({reason})", at


def rewrite_links(body: bytes, host: str) -> tuple[bytes, int]:
    """Make links to the site's own host relative, so that they lead to the host that serves them.

    Args:
        body: the page's body.
        host: the site's host, with its port unless that is the default one.

    Returns:
        The body, and how many links were changed.
    """
    if not _mentions(body, host.encode()):  # as on most pages; the expression below is slow
        return body, 0
    # A host without a port may be named with the usual one, by either scheme.
    port = b"" if re.search(r":\d+$", host) else rb"(?::(?:80|443))?"
    own = re.escape(host.encode()) + port
    pattern = re.compile(_LINK % own, re.IGNORECASE)
    parts: list[bytes | memoryview] = []
    view, at, count = memoryview(body), 0, 0  # slicing it does not copy a large page
    for count, found in enumerate(pattern.finditer(body), 1):  # noqa: B007  (counted)
        parts += (view[at : found.end(1)], b"/")
        at = found.end()
    return b"".join((*parts, view[at:])) if count else body, count


def _mentions(body: bytes, host: bytes) -> bool:
    """Return whether a page mentions a host, ignoring case, without copying the page."""
    # The steps overlap by the name's length, so that it is found across their border.
    steps = range(0, len(body), _STEP_BYTES)
    return any(host in body[at : at + _STEP_BYTES + len(host)].lower() for at in steps)
