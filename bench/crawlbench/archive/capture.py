"""One response that somebody captured, and what all archives have in common (floor 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "MAX_PAGE_BYTES",
    "Capture",
    "SkippedError",
    "keep_headers",
]

MAX_PAGE_BYTES = 32 * 2**20
"""Of one page before any coding: more is no page but a bomb."""

_NOT_KEPT = frozenset(
    {
        # of one connection
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("proxy-connection", "trailer", "transfer-encoding", "upgrade"),
        # of one way to send the body
        *("content-length", "content-encoding", "content-range", "accept-ranges"),
        *("content-md5", "content-digest", "digest", "etag", "last-modified"),
        # of a day, a visitor or a host that the mirror is not
        *("date", "age", "expires", "set-cookie", "location", "refresh", "alt-svc", "link"),
        *("strict-transport-security", "public-key-pins", "report-to", "nel"),
    }
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_MAX_HEADERS = 64
_MAX_HEADER_BYTES = 4096  # of one value; clients refuse lines beyond 8 KiB


class SkippedError(Exception):
    """Raised when a capture is no page, with the reason in a few words."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A response, not yet read."""

    url: str
    """Absolute, whatever the archive says."""
    status: int
    headers: list[tuple[str, str]]
    """As archived."""
    read: Callable[[], bytes]
    """Returns the body without any coding; before the next capture is taken, and once.

    Raises `SkippedError` if it is no page after all.
    """
    aliases: tuple[str, ...] = field(default=())
    """Other addresses (path and query) by which links may name it."""
    problem: str = ""
    """Why there is nothing to read, in a few words."""
    leniencies: list[str] = field(default_factory=list)
    """Filled by `read`: what was not as its format has it, and taken nevertheless."""

    def header(self, name: str) -> str:
        """Return a header's first value, empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def list_header(self, name: str) -> list[str]:
        """Return the entries of a header that is a list, perhaps of several lines."""
        lines = (value for key, value in self.headers if key.lower() == name)
        return [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]


def keep_headers(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that say something about the page; hostile ones are dropped."""
    kept: dict[str, str] = {}
    for name, text in headers[: 4 * _MAX_HEADERS]:
        value = text.strip()
        is_fit = _NAME.fullmatch(name) and _VALUE.fullmatch(value)
        if is_fit and name.lower() not in _NOT_KEPT and len(value) <= _MAX_HEADER_BYTES:
            kept.setdefault(name.title(), value)
        if len(kept) == _MAX_HEADERS:
            break
    kept.setdefault("Content-Type", "text/html")
    return kept
