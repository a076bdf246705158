"""Reads HTTP/1.1 requests out of whatever a client sends (floor 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import httptools

from crawlbench.mirror.codings import CODED, choose_coding
from crawlbench.mirror.http1 import CLOSE, HEAD, HTTP10
from crawlbench.mirror.limits import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_TARGET_BYTES,
)
from crawlbench.mirror.request import EXPECTATION, Request, find_flaw, is_any, is_unmatched
from crawlbench.mirror.responses import (
    ABSENT,
    JSON,
    NEW_VISITOR,
    REFUSING,
    UNMATCHED,
    has_bid,
    is_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_END = b"\r\n\r\n"
MAX_TAIL_BYTES = len(HEAD_END) - 1  # of an end of a head that has only begun
UNKNOWN_VERSION = "Invalid HTTP version"  # what llhttp says of an unknown but well-formed version


class RequestReader:
    """Parses the requests of one connection, however their bytes are split."""

    __slots__ = (
        *("_accepted", "_body", "_body_bytes", "_body_left", "_codings", "_content_type"),
        *("_expectation", "_find_page", "_find_refusal", "_flags", "_has_body", "_head_bytes"),
        *("_headers", "_hosts", "_is_in_body", "_is_over", "_on_expect", "_on_request"),
        *("_parser", "_refusal", "_tail", "_target", "is_between", "is_http2", "last"),
    )
    _flags: int
    _body_bytes: int
    _body_left: int
    _has_body: bool

    def __init__(
        self,
        find_page: Callable[[bytes], str | None],
        refusal: Callable[[bytes, str | None, int, bytes], int],
        on_request: Callable[[Request], bool],
        on_expect: Callable[[str], None],
    ) -> None:
        """Start before the first request.

        Args:
            find_page: gives the page of a target.
            refusal: gives the status that refuses a method, page, flags and body, or 0.
            on_request: called with each request; returns whether the connection takes more.
            on_expect: called with the page, or an empty text, when a client waits for permission to
                send its body.
        """
        self._find_page = find_page
        self._find_refusal = refusal
        self._on_request = on_request
        self._on_expect = on_expect
        self._parser = httptools.HttpRequestParser(self)
        self._refusal = 0
        self._is_over = False
        self._tail = b""
        """The last bytes that came, in which the end of a head may have begun."""
        self._head_bytes = 0
        """Bytes of the head that is being read, or of what surrounds the body behind it."""
        self.is_between = True
        """Whether everything so far was complete requests."""
        self.is_http2 = False
        """Whether what was refused began like HTTP/2's preface."""
        self.last: Request
        """The last complete request."""
        self._forget_request()

    def feed(self, data: bytes) -> int:
        """Parse what came; return the status with which to refuse it, or 0.

        The parser gets it in pieces that end where a head or a body can end, so that what counts
        against a limit does not depend on how the bytes were split.
        """
        at = 0
        while at < len(data):
            size = self._piece_bytes(data, at)
            piece = data[at : at + size]
            at += size
            self._tail = (self._tail + piece[-MAX_TAIL_BYTES:])[-MAX_TAIL_BYTES:]
            if self._is_in_body:
                # Only the parser knows how much of this is body, which `on_body` takes off again.
                # What is left are the sizes of chunks, extensions and trailers.
                self._head_bytes += size
                refusal = self._parse(piece)
                is_too_big = self._head_bytes > MAX_HEAD_BYTES
            else:
                # The parser gets nothing beyond the limit: if the end of the request lay there, it
                # would be answered before it is refused.
                room = MAX_HEAD_BYTES - self._head_bytes
                self._head_bytes += size
                is_too_big = size > room
                refusal = self._parse(piece[:room])
            if refusal or is_too_big:
                return refusal or 431
            if self._is_over:
                break  # we ignore what follows the last request
        return 0

    def _piece_bytes(self, data: bytes, at: int) -> int:
        """Return how many bytes, from there on, belong to the head or body being read."""
        left = len(data) - at
        if self._body_left:
            return min(left, self._body_left)
        # Only the seam is joined: otherwise each of many requests would copy the whole packet.
        end = (self._tail + data[at : at + MAX_TAIL_BYTES]).find(HEAD_END)
        if end >= 0:
            return end + len(HEAD_END) - len(self._tail)
        end = data.find(HEAD_END, at)
        return left if end < 0 else end + len(HEAD_END) - at

    def _parse(self, piece: bytes) -> int:
        """Hand a piece to the parser; return the status with which to refuse it, or 0."""
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            self._is_over = True  # answered as a plain request; what follows is not HTTP/1.1
        except httptools.HttpParserCallbackError:
            return self._refusal or 500  # one of our own callbacks raised
        except httptools.HttpParserError as error:
            # llhttp stops at HTTP/2's preface as at an error, but by then it has taken the method.
            self.is_http2 = self._parser.get_method() == b"PRI"
            is_version = UNKNOWN_VERSION in str(error) and not self.is_http2
            return 505 if is_version else 400
        return 0

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
        if len(self._target) > MAX_TARGET_BYTES:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note the headers on which an answer depends."""
        self._headers += 1
        if self._headers > MAX_HEADERS:
            self._refuse(431)
        take = _HEADERS.get(name.lower())
        if take and not self._is_in_body:  # else it belongs to a trailer
            take(self, value)

    def on_headers_complete(self) -> None:
        """Refuse what every server refuses; let a client send its body if it waits for that."""
        version = self._parser.get_http_version()
        refusal = find_flaw(version, self._target, self._hosts, self._codings, self._expectation)
        if refusal:
            self._refuse(refusal)
        self._is_in_body = True
        # What surrounds a body has limits of its own.
        self._head_bytes = self._headers = 0
        # Without a body nobody waits; HTTP/1.0 knows no expectations (RFC 9110, 10.1.1).
        if EXPECTATION in self._expectation and version == "1.1" and self._has_body:
            self._on_expect(self._find_page(self._target) or "")

    def on_body(self, body: bytes) -> None:
        """Collect a body, up to the limit."""
        self._body += body
        self._body_bytes += len(body)
        self._head_bytes -= len(body)
        self._body_left = max(0, self._body_left - len(body))
        if self._body_bytes > MAX_BODY_BYTES:
            self._refuse(413)

    def on_message_complete(self) -> None:
        """Hand the request over, unless what surrounds its body was too long."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)
        self._head_bytes = self._body_left = 0
        self._is_in_body = False
        self._tail = b""
        self.is_between = True
        self.last = self._make_request()
        self._is_over = not self._on_request(self.last)

    # Our own methods

    def _take_accept_encoding(self, value: bytes) -> None:
        # A header that comes several times is one list (RFC 9110, 5.3).
        self._accepted += b"," + value
        self._flags &= ~CODED
        self._flags |= choose_coding(self._accepted)

    def _take_content_type(self, value: bytes) -> None:
        self._flags |= JSON if is_json(value) else 0
        self._content_type = value

    def _take_cookie(self, value: bytes) -> None:
        if has_bid(value):
            self._flags &= ~NEW_VISITOR

    def _take_host(self, value: bytes) -> None:
        self._hosts.append(value)

    def _take_content_length(self, value: bytes) -> None:
        self._body_left = int(value)
        self._has_body = self._body_left > 0

    def _take_if_match(self, value: bytes) -> None:
        self._flags |= UNMATCHED if is_unmatched(value) else 0

    def _take_if_none_match(self, value: bytes) -> None:
        self._flags |= ABSENT if is_any(value) else 0

    def _take_transfer_encoding(self, value: bytes) -> None:
        self._codings += b"," * bool(self._codings) + value.strip().lower()
        self._has_body = True

    def _take_expect(self, value: bytes) -> None:
        # As over HTTP/2, and as any header that comes several times.
        self._expectation += b"," * bool(self._expectation) + value.lower()

    def _forget_request(self) -> None:
        self._accepted = self._target = self._expectation = self._body = b""
        self._content_type = self._codings = b""
        self._headers = 0
        self._hosts: list[bytes] = []
        self._flags = NEW_VISITOR
        self._body_bytes = self._body_left = 0
        self._is_in_body = self._has_body = False

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
        refusal = self._find_refusal(method, page, flags & REFUSING, self._body)
        # Answers are kept by their flags, and these would only keep the same answer twice.
        flags &= ~REFUSING
        expects = bool(self._expectation)
        sent = (method, self._body, expects, self._content_type)
        return Request(self._target, page, flags, refusal, closes, *sent)

    def _refuse(self, status: int) -> NoReturn:
        # Whatever a callback raises stops the parser; `_parse` then looks here for the reason.
        self._refusal = status
        raise ValueError(status)


_HEADERS: dict[bytes, Callable[[RequestReader, bytes], None]] = {
    b"accept-encoding": RequestReader._take_accept_encoding,
    b"content-length": RequestReader._take_content_length,
    b"content-type": RequestReader._take_content_type,
    b"cookie": RequestReader._take_cookie,
    b"expect": RequestReader._take_expect,
    b"host": RequestReader._take_host,
    b"if-match": RequestReader._take_if_match,
    b"if-none-match": RequestReader._take_if_none_match,
    b"transfer-encoding": RequestReader._take_transfer_encoding,
}
