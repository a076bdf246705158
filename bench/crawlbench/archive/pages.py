"""What becomes of a page on its way into a site's folder (floor 4; pure)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from crawlbench.sites.charsets import DEFAULT, find_undecodable

__all__ = ["Skips", "check_encoding", "rewrite_links"]

_STEP_BYTES = 2**20
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


def check_encoding(encoding: str, body: bytes) -> tuple[str, int]:
    """Return why a page cannot be read as the text that it is, and at which byte.

    The reason is empty if it can.

    Args:
        encoding: that it says it is in; empty if it does not say.
        body: of the page.
    """
    found = find_undecodable(body, encoding or DEFAULT)
    if found is None:
        return "", 0
    at, reason = found
    if not encoding:
        return "name no encoding and are no UTF-8", at
    return f"not {encoding} throughout, although they say so ({reason})", at


def rewrite_links(body: bytes, host: str) -> tuple[bytes, int]:
    """Make links to the site's own host lead to whatever host serves the page.

    Args:
        body: of a page.
        host: with its port, if it is not the usual one.

    Returns:
        The body and how many links were changed.
    """
    if not _mentions(body, host.encode()):  # most pages; the expression below takes its time
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


def _mentions(body: bytes, host: bytes) -> bool:
    """Tell whether a host is in a page, in whatever letters; without a copy of a large one."""
    steps = range(0, len(body), _STEP_BYTES)
    return any(host in body[at : at + _STEP_BYTES + len(host)].lower() for at in steps)
