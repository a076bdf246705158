"""A captured response, and the limits that hold for all archives (floor 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OK = 200
REDIRECTS = frozenset({301, 302, 303, 307, 308})

MAX_PAGE_BYTES = 32 * 2**20
"""The largest page, uncompressed: anything larger is taken for a decompression bomb."""

_NOT_KEPT = frozenset(
    {
        # about one connection
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("proxy-connection", "trailer", "transfer-encoding", "upgrade"),
        # about one way to send the body
        *("content-length", "content-encoding", "content-range", "accept-ranges"),
        *("content-md5", "content-digest", "digest", "etag", "last-modified"),
        # about a day, a visitor or a host other than the mirror
        *("date", "age", "expires", "set-cookie", "location", "refresh", "alt-svc", "link"),
        *("strict-transport-security", "public-key-pins", "report-to", "nel"),
    }
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_MAX_HEADERS = 64
_MAX_HEADER_BYTES = 4096  # for one value; clients refuse lines beyond 8 KiB


class SkippedError(Exception):
    """Raised when a capture is not a page, with the reason in a few words."""


class Headed:
    """What has headers, in which a name may stand several times and in any case."""

    __slots__ = ()
    headers: list[tuple[str, str]]

    def header_lines(self, name: str) -> list[str]:
        """Return the values of a header, one for each of its lines."""
        return [value for key, value in self.headers if key.lower() == name]

    def header(self, name: str) -> str:
        """Return a header's first value, empty if there is none."""
        return next(iter(self.header_lines(name)), "")


@dataclass(frozen=True, slots=True)
class Capture(Headed):
    """A response whose body has not been read yet."""

    url: str
    """The absolute address, even if the archive has a relative one."""
    status: int
    headers: list[tuple[str, str]]
    """The headers as archived."""
    read: Callable[[], bytes]
    """Returns the decoded body; call it once at most, and before taking the next capture.

    Raises `SkippedError` if it turns out not to be a page.
    """
    aliases: tuple[str, ...] = field(default=())
    """Other addresses (path and query) under which links may refer to it."""
    problem: str = ""
    """Why the body cannot be read, in a few words; empty if it can."""
    leniencies: list[str] = field(default_factory=list)
    """Deviations from the format that `read` has accepted."""

    def list_header(self, name: str) -> list[str]:
        """Return the entries of a header that is a list and may have several lines."""
        entries = (entry for line in self.header_lines(name) for entry in line.split(","))
        return [entry.strip() for entry in entries if entry.strip()]


def keep_headers(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that describe the page, without malformed or very long ones."""
    kept: dict[str, str] = {}
    # The slice bounds the time that a flood of headers takes, the break below what is kept of it.
    for name, text in headers[: 4 * _MAX_HEADERS]:
        value = text.strip()
        is_fit = _NAME.fullmatch(name) and _VALUE.fullmatch(value)
        if is_fit and name.lower() not in _NOT_KEPT and len(value) <= _MAX_HEADER_BYTES:
            kept.setdefault(name.title(), value)
        if len(kept) == _MAX_HEADERS:
            break
    # It may have had no type, and was recognised by its body.
    kept.setdefault("Content-Type", "text/html")
    return kept
