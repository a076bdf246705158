"""The answers of one site: which page a target names, and what is sent for it (floor 2)."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawlbench.base.model import ListedSource, PackedSource, no_payload
from crawlbench.mirror.answers import Answer, ByteStore
from crawlbench.mirror.codings import CODED, CODINGS, GZIP, compress
from crawlbench.mirror.edition import Edition
from crawlbench.mirror.http1 import render
from crawlbench.mirror.limits import REFUSALS
from crawlbench.mirror.rendered import Rendered, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crawlbench.base.model import PageSource
    from crawlbench.mirror.request import Request

# How to answer for a page; the flags of how to frame the answer are in `http1`.
NEW_VISITOR = 2  # sent no `bid` cookie, so it gets one
JSON = 128  # declared its body as JSON
ALTERED = 256  # gets the other edition
UNMATCHED = 512  # asks only for a page with an entity tag that it does not have
ABSENT = 1024  # asks only for a page that does not exist
# Whether a request is refused depends on these, but not its answer.
REFUSING = JSON | UNMATCHED | ABSENT

KEPT_BYTES = 12 * 2**20  # of rendered answers; the least recently used are rendered again
KNOWN_TARGETS = 4096  # spellings of addresses to remember; others are looked up again
KEEP_ALIVE_S = 30.0
MAX_QUOTED_BYTES = 200  # quoted from what a client sent
SHARE_MADE_BEFOREHAND = 0.75  # of the kept answers; the rest is for unusual requests
# As long as the real host's, so that answers weigh the same.
VISITOR_COOKIE = "bid=crawlbench0; Expires=Thu, 31-Dec-37 23:55:55 GMT; Domain=.douban.com; Path=/"
# Headers of a page that also belong to the answer without it (RFC 9110, 15.4.5).
OF_304 = {"cache-control", "content-location", "date", "etag", "expires", "vary"}
# Each protocol frames an answer itself, so what the real host said of its framing is left out.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Responses:
    """The answers of one site, by page and by how they are sent."""

    def __init__(
        self,
        pages: PageSource,
        keep_alive_s: float = KEEP_ALIVE_S,
        method: str = "GET",
        payload: Callable[[str], dict[str, object] | None] = no_payload,
    ) -> None:
        """Take the site's pages.

        Args:
            pages: the site's pages.
            keep_alive_s: how long a connection may be idle, which the header Keep-Alive announces.
            method: the method that asks for each page, GET or POST.
            payload: returns what a POST must contain to ask for the page at an address.
        """
        self.edition = Edition()
        """What to send for some pages if the request has the flag ALTERED."""
        self.methods = (b"GET", b"HEAD") if method == "GET" else (method.encode(),)
        """The allowed methods."""
        self._payload = payload
        self._pages = pages
        self._keep_alive_s = keep_alive_s
        self._rendered: ByteStore[Rendered] = ByteStore(KEPT_BYTES, lambda one: len(one.data))
        self._shelf = Shelf()
        self._answers: ByteStore[Answer] = ByteStore(KEPT_BYTES, lambda answer: len(answer.body))
        self.find_page = lru_cache(maxsize=KNOWN_TARGETS)(self._find_page)

    def _find_page(self, target: bytes) -> str | None:
        """Return the address of the page that a request's target names, or None."""
        try:
            address = target.decode("ascii")
            if not address.startswith("/"):  # in absolute form, as if to a proxy
                address = urlsplit(address)._replace(scheme="", netloc="").geturl()
            return self._pages.find(address)
        except ValueError:
            return None

    def make_beforehand(self) -> None:
        """Render what most clients will be sent, as far as it fits, so that nobody waits for it."""
        if not isinstance(self._pages, ListedSource):
            return
        for address in self._pages.addresses():
            if self._rendered.bytes > KEPT_BYTES * SHARE_MADE_BEFOREHAND:
                return
            # A crawl's first request brings no cookie, and its later ones mostly do.
            for flags in (GZIP | NEW_VISITOR, GZIP):
                self.page(address, flags)

    def refusal(self, method: bytes, page: str | None, flags: int, body: bytes) -> int:
        """Return the status with which to refuse a request, or 0.

        Args:
            method: the method that was used.
            page: the page that the target names; a request for no page is refused elsewhere.
            flags: only those in REFUSING matter here.
            body: the body that came.
        """
        if method not in self.methods:
            return 405
        if page is not None and (status := _failed_condition(method, flags)):
            return status
        if method != b"POST" or page is None:
            return 0
        if not flags & JSON:
            return 415
        try:
            return 0 if json.loads(body) == self._payload(page) else 422
        except (ValueError, RecursionError):  # nested too deeply
            return 400

    def refusal_answer(self, request: Request) -> Answer:
        """Return the answer to a request that asks in the wrong way; it names the right one."""
        status = request.refusal
        if status == 405:
            return self.error_answer(405, {"Allow": b", ".join(self.methods).decode()})
        if status == 412:
            return self.error_answer(412)
        if status == 304:
            headers = self.answer(request.page or "", request.flags).headers.items()
            return Answer(304, {name: it for name, it in headers if name.lower() in OF_304}, b"")
        due = json.dumps(self._payload(request.page or ""))
        if status == 415:
            kind, came = "application/json", request.content_type
            seen = f"the Content-Type is {_quote(came)}" if came else "there is no Content-Type"
        else:
            kind, seen = "a JSON body", f"what came is {_quote(request.body)}"
        return self.error_answer(status, detail=f"this page expects {kind}: {due}; {seen}")

    def page(self, address: str, flags: int) -> Rendered:
        """Return the whole HTTP/1.1 answer for a known page."""
        key = (address, flags)
        kept = self._rendered.get(key)
        if kept is None:
            if flags & ALTERED:
                self.page(address, flags & ~ALTERED)  # so that no later crawl waits for it
            rendered = Rendered(self.render(self._make_answer(address, flags), flags))
            return self._rendered.put(key, rendered)
        # In a file an answer takes its memory twice, which only those that come again are worth.
        if kept.is_worth_a_file:
            self._shelf.put(kept)
        return kept

    def answer(self, address: str, flags: int) -> Answer:
        """Return the answer for a known page, for protocols that frame it differently.

        Args:
            address: the page's address, as `find_page` returned it.
            flags: only the codings, NEW_VISITOR and ALTERED matter here.
        """
        key = (address, flags & (CODED | NEW_VISITOR | ALTERED))
        kept = self._answers.get(key)
        if kept is None and flags & ALTERED:
            self.answer(address, flags & ~ALTERED)  # as above
        return kept or self._answers.put(key, self._make_answer(address, flags))

    @staticmethod
    def error_answer(
        status: int, extra: Mapping[str, str] | None = None, detail: str = ""
    ) -> Answer:
        """Return a short answer that is not a page.

        Args:
            status: the answer's status.
            extra: headers to send besides the type.
            detail: what is wrong; if empty, the body says what that status always means.
        """
        headers = {"Content-Type": "text/plain; charset=utf-8", **(extra or {})}
        detail = detail or REFUSALS.get(status, "")
        phrase = HTTPStatus(status).phrase
        body = f"{status} {phrase}{': ' if detail else ''}{detail}\n".encode()
        return Answer(status, headers, body, has_length=True)

    def render(self, answer: Answer, flags: int) -> bytes:
        """Return an answer as HTTP/1.1 sends it."""
        return render(answer, flags, self._keep_alive_s)

    def _make_answer(self, address: str, flags: int) -> Answer:
        fixed, body = self._read(address, flags)
        headers = {name: value for name, value in fixed.items() if name.lower() not in HOP_BY_HOP}
        if flags & NEW_VISITOR:
            headers["Set-Cookie"] = VISITOR_COOKIE
        coding = CODINGS.get(flags & CODED)
        if coding:
            headers["Content-Encoding"] = coding
        return Answer(200, headers, body)

    def _read(self, address: str, flags: int) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of a page, coded if requested."""
        if flags & ALTERED:
            return self._pages.read(address)[0], compress(
                self.edition.bodies[address], flags & CODED
            )
        if flags & GZIP and isinstance(self._pages, PackedSource):
            return self._pages.read_gzip(address)
        headers, body = self._pages.read(address)
        return headers, compress(body, flags & CODED)


def _failed_condition(method: bytes, flags: int) -> int:
    """Return the status that a condition demands of a request for a page, or 0 (RFC 9110, 13.2)."""
    if flags & UNMATCHED:
        return 412
    if flags & ABSENT:
        return 412 if method == b"POST" else 304
    return 0


def _quote(sent: bytes) -> str:
    """Return the beginning of what a client sent, in printable form."""
    return repr(sent[:MAX_QUOTED_BYTES].decode("latin-1"))


def is_json(content_type: bytes) -> bool:
    """Return whether a Content-Type header declares JSON."""
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


_BID = re.compile(rb"(?:^|;)\s*bid=")


def has_bid(cookie: bytes) -> bool:
    """Return whether a Cookie header has the visitor's `bid`."""
    return _BID.search(cookie) is not None
