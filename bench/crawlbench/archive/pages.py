"""What becomes of a page on its way into a site's folder (floor 3; pure)."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Skips", "find_encoding", "rewrite_links"]

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_LINK = rb"""((?:href|src|action)\s*=\s*["']?\s*)(?:https?:)?//%b(?:/|(?=[?#"'\s>]))"""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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


def find_encoding(content_type: str, body: bytes) -> str:
    """Return the encoding that header, byte-order mark or begin of a page name; else utf-8."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    for text in (content_type, body[:4096].decode("latin-1")):
        if found := _CHARSET.search(text):
            try:
                codecs.lookup(found[1])
            except LookupError:
                continue
            return found[1].lower()
    return "utf-8"


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
    return pattern.subn(rb"\1/", body)
