"""One keep-alive connection that asks for one page (floor 4): httptools on asyncio's protocol.

Bodies are received, counted and thrown away without inflating them, because a generator should cost
little compared with the server. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

import httptools

if TYPE_CHECKING:
    from crawlbench.load.generator import Generator
    from crawlbench.load.model import Target

_LENGTHS = (b"content-length", b"transfer-encoding")

SURPLUS = "surplus answer"
"""How a request failed that was answered more than once."""

now = time.monotonic


class LoadConnection(asyncio.Protocol):
    """A connection that has at most one request in flight."""

    def __init__(self, owner: Generator) -> None:
        """Report what happens to its owner, always in the event loop's thread."""
        self.intended = 0.0
        """When the request in flight was due."""
        self.sent = 0.0
        """When it was sent; 0 if none is in flight."""
        self.received_bytes = 0
        self._status: int | None = None
        """Status of the answer that is complete and that the owner has not heard of."""
        self._is_given_up = self._has_surplus = False
        self._is_headed, self._has_length = False, False
        self._owner = owner
        self._http = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    @property
    def is_open(self) -> bool:
        """Whether it can send another request."""
        return not (self._is_given_up or self._transport.is_closing())

    def ask(self, request: bytes, intended: float) -> None:
        """Send a request."""
        self.intended = intended
        self.sent = now()
        self._is_headed, self._has_length = False, False
        self._transport.write(request)

    def fail(self, kind: str) -> None:
        """Give up the request in flight, if any, report it as failed, and hang up."""
        # First, so that whoever hears of it does not ask on this connection again.
        self._is_given_up = True
        self._transport.abort()
        if self.sent:
            self.sent = 0.0
            self._owner.on_failure(kind)

    def close(self) -> None:
        """Hang up, and forget the request in flight without reporting it."""
        self._is_given_up, self.sent = True, 0.0
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Count the bytes, and hand them to the parser, which calls the methods below."""
        self.received_bytes += len(data)
        try:
            self._http.feed_data(data)
        except httptools.HttpParserCallbackError:  # our own mistake
            raise
        except httptools.HttpParserError:
            # What follows an answer that ends its connection is nobody's.
            if not self._is_given_up:
                self.fail("malformed answer")
        if self._has_surplus:
            self.fail(SURPLUS)
        self._tell_answer()

    def on_message_begin(self) -> None:
        """Note whether nobody has asked for the answer that begins; called by the parser."""
        if self._status is not None or not self.sent:
            self._has_surplus = True

    def on_header(self, name: bytes, _: bytes) -> None:
        """Note whether the answer says where it ends."""
        if name.lower() in _LENGTHS:
            self._has_length = True

    def on_headers_complete(self) -> None:
        """Note that the body begins; called by the parser."""
        self._is_headed = True

    def on_message_complete(self) -> None:
        """Note that an answer is complete; called by the parser."""
        status = self._http.get_status_code()
        if status < 200 or self._has_surplus:  # an interim answer; the real one follows
            return
        self._status = status
        # Closed first, because the owner asks again on a connection that is open.
        if not self._http.should_keep_alive():
            self._is_given_up = True
            self._transport.close()

    def _tell_answer(self) -> None:
        """Tell the owner of an answer that is complete.

        Not from within the parser: the owner may ask again at once, and a second answer among the
        same bytes would be taken for the new request's.
        """
        status, self._status = self._status, None
        if status is not None and self.sent:
            sent, self.sent = self.sent, 0.0  # first, for the same reason
            self._owner.on_answer(self, status, sent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner, first about the request that was in flight."""
        self._is_given_up = True
        if self.sent and not exc and self._is_headed and not self._has_length:
            self.on_message_complete()  # a body without a length ends with its connection
            self._tell_answer()
        if self.sent:
            self.sent = 0.0
            self._owner.on_failure("reset" if exc else "cut off")
        self._owner.on_lost(self)


def make_request(target: Target) -> bytes:
    """Return the bytes of one request."""
    host = target.origin.partition("://")[2]
    return (
        f"GET {target.path} HTTP/1.1\r\nHost: {host}\r\n"
        "Accept-Encoding: gzip\r\nUser-Agent: crawlbench\r\n\r\n"
    ).encode("ascii")
