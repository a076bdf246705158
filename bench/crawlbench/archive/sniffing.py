"""Decides which bodies are pages: one rule for archives, folders and recordings (floor 4; pure)."""

from __future__ import annotations

import re

from crawlbench.plugins.extras import need
from crawlbench.sites.charsets import MARKS

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_UNKNOWN = frozenset({"", "unknown/unknown", "application/unknown", "*/*"})
"""Content types for which browsers look at the body (MIME Sniffing Standard, 7)."""

_BYTES_OF_MARKS = tuple(mark for mark, _ in MARKS)
_BEFORE_MARKUP = re.compile(rb"[\t\n\f\r ]*(?:<\?xml[\s?].*?>|<!--.*?-->)", re.DOTALL)

_BLANKS = b"\t\n\f\r "
_HEAD_BYTES = 4096
# Both are the standard's: so many bytes are looked at, and these do not occur in texts.
_SNIFFED_BYTES = 1445
_BINARY = frozenset((*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)))


def may_be_page(content_type: str) -> bool:
    """Return whether a Content-Type is that of a page, or is missing."""
    essence = _essence(content_type)
    return essence in _HTML or essence in _UNKNOWN


def is_page(content_type: str, body: bytes) -> bool:
    """Return whether an answer is a page, by its type or, without a type, by its first bytes."""
    essence = _essence(content_type)
    return essence in _HTML or (essence in _UNKNOWN and looks_like_html(body))


def _essence(content_type: str) -> str:
    essence = content_type.partition(";")[0].strip().lower()
    return essence if "/" in essence else ""


def looks_like_html(body: bytes) -> bool:
    """Return whether a body begins like a page, after any byte-order mark, comments or XML line."""
    head = body[:_HEAD_BYTES]
    # The signatures are those of ASCII, which UTF-16 is not.
    for mark, encoding in MARKS:
        if head.startswith(mark):
            head = head[len(mark) :].decode(encoding, "ignore").encode()
    while found := _BEFORE_MARKUP.match(head):
        head = head[found.end() :]
    head = head.lstrip(_BLANKS)  # the library would read beyond the end of a short body
    if not head.startswith(b"<"):  # as all markup does
        return False
    sniffed: bytes = need("xtractmime", "a page without a type").extract_mime(head)
    return sniffed == b"text/html"


def is_text(body: bytes) -> bool:
    """Return whether the first bytes of a body include none that only binary data has."""
    return body.startswith(_BYTES_OF_MARKS) or _BINARY.isdisjoint(body[:_SNIFFED_BYTES])
