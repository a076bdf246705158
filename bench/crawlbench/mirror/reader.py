"""Reads HTTP/1.1 requests out of whatever a client sends (floor 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import httptools

from crawlbench.mirror.codings import CODED, choose_coding
from crawlbench.mirror.http1 import CLOSE, HEAD, HTTP10
from crawlbench.mirror.responses import JSON, NEW_VISITOR, has_bid, is_json

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Request", "RequestReader"]

# Limits against clients that are broken or hostile; far above what a crawler sends.
MOST_HEAD_BYTES = 65_536  # of a head or trailer, beyond the read in which its request began
MOST_TARGET_BYTES = 8_192
MOST_BODY_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as far as its answer depends on it."""

    target: bytes
    page: str | None
    """The page that the target names."""
    flags: int
    """How it is to be answered: those of `responses` and `http1`."""
    refusal: int
    """Status with which it is refused for how it asks, or 0: a wrong method or body."""
    closes: bool
    """Whether it is the last of its connection."""
    method: bytes = b"GET"
    """For those who watch."""
    body: bytes = b""
    """What came with POST."""

    @property
    def is_allowed(self) -> bool:
        """Whether it asks as the site wants it."""
        return not self.refusal


class RequestReader:
    """The parser of one connection."""

    __slots__ = (
        "_accepted",
        "_body",
        "_body_bytes",
        "_find_page",
        "_find_refusal",
        "_flags",
        "_head_bytes",
        "_is_over",
        "_on_request",
        "_parser",
        "_refusal",
        "_target",
        "is_between",
        "is_http2",
        "last",
    )

    def __init__(
        self,
        find_page: Callable[[bytes], str | None],
        refusal: Callable[[bytes, str | None, int, bytes], int],
        on_request: Callable[[Request], bool],
    ) -> None:
        """Start before the first request.

        Args:
            find_page: gives a target's page.
            refusal: gives the status with which a method, page, flags and body are refused, or 0.
            on_request: called with each request; tells whether the connection takes more.
        """
        self._find_page = find_page
        self._find_refusal = refusal
        self._on_request = on_request
        self._parser = httptools.HttpRequestParser(self)
        self._refusal = 0
        self._is_over = False
        self.is_between = True
        """Whether all that came were whole requests."""
        self.is_http2 = False
        """Whether what was refused began as the preface of HTTP/2 does."""
        self.last: Request
        """The last request that came whole."""
        self._forget_request()

    def feed(self, data: bytes) -> int:
        """Parse what came; return the status with which to refuse it, or 0."""
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return 0  # answered as a plain request, and the last: what follows is no HTTP/1.1
        except httptools.HttpParserCallbackError:
            return self._refusal or 500  # it was one of ours that raised
        except httptools.HttpParserError:
            self.is_http2 = self._parser.get_method() == b"PRI"
            return 400
        return 431 if self._head_bytes > MOST_HEAD_BYTES else 0

    # Called by the parser

    def on_message_begin(self) -> None:
        """Start a request, unless the one before was the last."""
        if self._is_over:
            self._refuse(400)
        self.is_between = False
        self._forget_request()

    def on_url(self, target: bytes) -> None:
        """Collect the target, which may come in pieces."""
        self._target += target
        if len(self._target) > MOST_TARGET_BYTES:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note the headers that change an answer."""
        if len(name) == 15 and name.lower() == b"accept-encoding":
            self._accepted += b"," + value
            self._flags &= ~CODED
            self._flags |= choose_coding(self._accepted)
        elif len(name) == 12 and name.lower() == b"content-type":
            self._flags |= JSON if is_json(value) else 0
        elif len(name) == 6 and name.lower() == b"cookie" and has_bid(value):
            self._flags &= ~NEW_VISITOR

    def on_body(self, body: bytes) -> None:
        """Collect a body, up to a limit."""
        self._body += body
        self._body_bytes += len(body)
        self._head_bytes -= len(body)
        if self._body_bytes > MOST_BODY_BYTES:
            self._refuse(413)

    def on_message_complete(self) -> None:
        """Hand the request over."""
        self._head_bytes = 0
        self.is_between = True
        self.last = self._make_request()
        self._is_over = not self._on_request(self.last)

    # Our own

    def _forget_request(self) -> None:
        self._accepted = self._target = b""
        self._flags = NEW_VISITOR
        self._head_bytes = 0
        self._body_bytes = 0
        self._body = b""

    def _make_request(self) -> Request:
        parser, flags = self._parser, self._flags
        closes = parser.should_upgrade() or not parser.should_keep_alive()
        if closes:
            flags |= CLOSE
        if parser.get_http_version() != "1.1":
            flags, closes = flags | HTTP10, True
        method = parser.get_method()
        if method == b"HEAD":
            flags |= HEAD
        page = self._find_page(self._target)
        refusal = self._find_refusal(method, page, flags & JSON, self._body)
        return Request(self._target, page, flags & ~JSON, refusal, closes, method, self._body)

    def _refuse(self, status: int) -> NoReturn:
        self._refusal = status
        raise ValueError(status)
