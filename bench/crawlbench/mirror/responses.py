"""Complete HTTP answers, each rendered once and kept (floor 3)."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from crawlbench.model import PageSource

__all__ = ["CLOSE", "GZIP", "HEAD", "HTTP10", "NEW_VISITOR", "Responses", "accepts_gzip", "has_bid"]

# How a page is to be sent: flags that together select one rendering.
GZIP = 1
NEW_VISITOR = 2  # sent no `bid` cookie, so is given one
HEAD = 4
CLOSE = 8
HTTP10 = 16  # knows no chunks: the body ends with the connection

CHUNK_BYTES = 8192  # what nginx and friends hand to a client as one chunk
GZIP_LEVEL = 6
KNOWN_TARGETS = 4096  # spellings of addresses that are remembered; others are looked up anew
VISITOR_COOKIE = "bid=crawlbench0; Expires=Thu, 31-Dec-37 23:55:55 GMT; Domain=.douban.com; Path=/"


class Responses:
    """The answers of one site, by page and by the way it is sent."""

    def __init__(self, pages: PageSource) -> None:
        """Take the site's pages."""
        self._pages = pages
        self._rendered: dict[tuple[str, int], bytes] = {}
        self._errors: dict[tuple[int, int, str], bytes] = {}
        self.find_page = lru_cache(maxsize=KNOWN_TARGETS)(self._find_page)

    def _find_page(self, target: bytes) -> str | None:
        """Return the address of the page that a request's target names, or None."""
        try:
            address = target.decode("ascii")
            if not address.startswith("/"):  # in absolute form, as to a proxy
                address = urlsplit(address)._replace(scheme="", netloc="").geturl()
            return self._pages.find(address)
        except ValueError:
            return None

    def page(self, address: str, flags: int) -> bytes:
        """Return the whole answer for a known page."""
        key = (address, flags)
        rendered = self._rendered.get(key)
        if rendered is None:
            rendered = self._rendered[key] = self._render_page(address, flags)
        return rendered

    def error(self, status: int, flags: int, extra: str = "") -> bytes:
        """Return a short answer that is no page; `extra` is one more header line or empty."""
        key = (status, flags, extra)
        if key not in self._errors:
            self._errors[key] = _render_error(status, flags, extra)
        return self._errors[key]

    def _render_page(self, address: str, flags: int) -> bytes:
        fixed, body = self._pages.read(address)
        headers = dict(fixed)
        if flags & NEW_VISITOR:
            headers["Set-Cookie"] = VISITOR_COOKIE
        if flags & GZIP:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        if flags & (CLOSE | HTTP10):
            headers.pop("Keep-Alive", None)
            headers["Connection"] = "close"
        if not flags & HTTP10:
            headers["Transfer-Encoding"] = "chunked"
            body = _chunked(body)
        return _head(200, headers) + (b"" if flags & HEAD else body)


def _render_error(status: int, flags: int, extra: str) -> bytes:
    body = f"{status} {HTTPStatus(status).phrase}\n".encode()
    headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
    headers["Connection"] = "close" if flags & (CLOSE | HTTP10) else "keep-alive"
    if extra:
        name, _, value = extra.partition(": ")
        headers[name] = value
    return _head(status, headers) + (b"" if flags & HEAD else body)


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunked(body: bytes) -> bytes:
    chunks = [body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Tell whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3)."""
    weights = {}
    for part in accept_encoding.lower().split(b","):
        coding, _, parameter = part.partition(b";")
        name, _, value = parameter.strip().partition(b"=")
        try:
            weights[coding.strip()] = float(value) if name.strip() == b"q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    gzip_weight = weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0)))
    return gzip_weight > 0


_BID = re.compile(rb"(?:^|;)\s*bid=")


def has_bid(cookie: bytes) -> bool:
    """Tell whether a Cookie header holds the visitor's `bid`."""
    return _BID.search(cookie) is not None
