"""What becomes of a page on its way into a site's folder (floor 3; pure)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from crawlbench.sites.charsets import DEFAULT, decode_strictly

__all__ = ["Skips", "check_encoding", "rewrite_links"]

_LINK = rb"""((?:href|src|action)\s*=\s*["']?\s*)(?:https?:)?//%b(?:/|(?=[?#"'\s>]))"""


@dataclass(slots=True)
class Skips:
    """What did not become a page, by reason."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    """The first address of each reason."""

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


def check_encoding(encoding: str, body: bytes) -> str:
    """Return why a page cannot be read as the text that it is; empty if it can.

    Args:
        encoding: that it says it is in; empty if it does not say.
        body: of the page.
    """
    try:
        decode_strictly(body, encoding or DEFAULT)
    except UnicodeDecodeError as error:
        if not encoding:
            return "name no encoding and are no UTF-8"
        return f"not {encoding} throughout, although they say so ({error.reason})"
    return ""


def rewrite_links(body: bytes, host: str) -> tuple[bytes, int]:
    """Make links to the site's own host lead to whatever host serves the page.

    Args:
        body: of a page.
        host: with its port, if it is not the usual one.

    Returns:
        The body and how many links were changed.
    """
    if host.encode() not in body.lower():  # most pages; the expression below takes its time
        return body, 0
    port = b"" if re.search(r":\d+$", host) else rb"(?::(?:80|443))?"
    own = re.escape(host.encode()) + port
    pattern = re.compile(_LINK % own, re.IGNORECASE)
    parts: list[bytes | memoryview] = []
    view, at, count = memoryview(body), 0, 0  # slices of it are no copies of a large page
    for count, found in enumerate(pattern.finditer(body), 1):  # noqa: B007  (counted)
        parts += (view[at : found.end(1)], b"/")
        at = found.end()
    return b"".join((*parts, view[at:])) if count else body, count
