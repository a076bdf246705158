"""The answers of one site: which page a target names, and what is sent for it (floor 3)."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawlbench.mirror.answers import Answer, ByteStore
from crawlbench.mirror.http1 import render
from crawlbench.mirror.rendered import Rendered, Shelf
from crawlbench.model import PackedSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.model import PageSource

__all__ = ["GZIP", "NEW_VISITOR", "Responses", "accepts_gzip", "has_bid"]

# How a page is to be answered; `http1` has the flags of how that is framed.
GZIP = 1
NEW_VISITOR = 2  # sent no `bid` cookie, so is given one

GZIP_LEVEL = 6
KEPT_BYTES = 12 * 2**20  # of rendered answers; those not used for longest are rendered anew
KNOWN_TARGETS = 4096  # spellings of addresses that are remembered; others are looked up anew
KNOWN_ERRORS = 64
KEEP_ALIVE_S = 30.0
VISITOR_COOKIE = "bid=crawlbench0; Expires=Thu, 31-Dec-37 23:55:55 GMT; Domain=.douban.com; Path=/"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Responses:
    """The answers of one site, by page and by the way it is sent."""

    def __init__(self, pages: PageSource, keep_alive_s: float = KEEP_ALIVE_S) -> None:
        """Take the site's pages.

        Args:
            pages: of the site.
            keep_alive_s: how long a connection may be idle, as the header Keep-Alive promises.
        """
        self._pages = pages
        self._keep_alive_s = keep_alive_s
        self._rendered: ByteStore[Rendered] = ByteStore(KEPT_BYTES, lambda one: len(one.data))
        self._shelf = Shelf()
        self._answers: ByteStore[Answer] = ByteStore(KEPT_BYTES, lambda answer: len(answer.body))
        self.find_page = lru_cache(maxsize=KNOWN_TARGETS)(self._find_page)
        self.error = lru_cache(maxsize=KNOWN_ERRORS)(self._render_error)

    def _find_page(self, target: bytes) -> str | None:
        """Return the address of the page that a request's target names, or None."""
        try:
            address = target.decode("ascii")
            if not address.startswith("/"):  # in absolute form, as to a proxy
                address = urlsplit(address)._replace(scheme="", netloc="").geturl()
            return self._pages.find(address)
        except ValueError:
            return None

    def page(self, address: str, flags: int) -> Rendered:
        """Return the whole HTTP/1.1 answer for a known page."""
        key = (address, flags)
        kept = self._rendered.get(key)
        if kept is None:
            answer = self._make_answer(address, flags)
            rendered = Rendered(self.render(answer, flags), answer.page_bytes)
            return self._rendered.put(key, rendered)
        if kept.is_worth_a_file:
            self._shelf.put(kept)
        return kept

    def answer(self, address: str, flags: int) -> Answer:
        """Return the answer for a known page, for protocols that frame it otherwise.

        Args:
            address: as `find_page` returned it.
            flags: GZIP and NEW_VISITOR count.
        """
        key = (address, flags & (GZIP | NEW_VISITOR))
        kept = self._answers.get(key)
        return kept or self._answers.put(key, self._make_answer(address, flags))

    @staticmethod
    def error_answer(status: int, extra: str = "") -> Answer:
        """Return a short answer that is no page; `extra` is one more header line or empty."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if extra:
            name, _, value = extra.partition(": ")
            headers[name] = value
        body = f"{status} {HTTPStatus(status).phrase}\n".encode()
        return Answer(status, headers, body, has_length=True)

    def render(self, answer: Answer, flags: int) -> bytes:
        """Return an answer as HTTP/1.1 sends it."""
        return render(answer, flags, self._keep_alive_s)

    def _render_error(self, status: int, flags: int, extra: str = "") -> bytes:
        """Return the whole HTTP/1.1 answer that is no page."""
        return self.render(self.error_answer(status, extra), flags)

    def _make_answer(self, address: str, flags: int) -> Answer:
        fixed, body = self._read(address, flags)
        headers = {name: value for name, value in fixed.items() if name.lower() not in HOP_BY_HOP}
        if flags & NEW_VISITOR:
            headers["Set-Cookie"] = VISITOR_COOKIE
        if flags & GZIP:
            headers["Content-Encoding"] = "gzip"
        # A gzip file ends with the size of what it holds (RFC 1952, 2.3.1).
        page_bytes = int.from_bytes(body[-4:], "little") if flags & GZIP else len(body)
        return Answer(200, headers, body, page_bytes=page_bytes)

    def _read(self, address: str, flags: int) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of a page, gzipped if so wanted."""
        if not flags & GZIP:
            return self._pages.read(address)
        if isinstance(self._pages, PackedSource):
            return self._pages.read_gzip(address)
        headers, body = self._pages.read(address)
        return headers, gzip.compress(body, GZIP_LEVEL, mtime=0)


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
