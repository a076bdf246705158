"""One client's connection: HTTP/1.1 requests in, answers out, in their order (floor 3).

Each request is counted, waits as its network says, and gets an answer that was rendered before.
Answers keep the order of their requests, also when a client pipelines; to a client that does not
read them no more are sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, cast

import httptools

from crawlbench.mirror.responses import (
    CLOSE,
    GZIP,
    HEAD,
    HTTP10,
    NEW_VISITOR,
    accepts_gzip,
    has_bid,
)

if TYPE_CHECKING:
    from crawlbench.counters import Counters
    from crawlbench.mirror.server import Mirror

__all__ = ["Connection"]

# Limits against clients that are broken or hostile; far above what a crawler sends.
MOST_HEAD_BYTES = 65_536  # of a head or trailer, beyond the read in which its request began
MOST_TARGET_BYTES = 8_192
MOST_BODY_BYTES = 1_048_576
MOST_WAITING = 64  # pipelined requests per connection that wait for their answers
MOST_ADDRESSES = 1_000  # counted one by one; more that are no pages count together
MOST_ADDRESS_BYTES = 200


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An answer that the network holds back, or that the client does not read."""

    due: float
    """On the loop's clock."""
    answer: bytes
    closes: bool
    counters: Counters
    """Of the span in which the request came."""


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, mirror: Mirror) -> None:
        """Belong to a mirror."""
        self._mirror = mirror
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[_Waiting] = deque()
        self._made_at: float | None = None
        """On the loop's clock; None once a request has come."""
        self._is_writable = True
        self._is_over = False
        self._refusal = 0
        self._active_at = self._loop.time()
        self._forget_request()

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._made_at = self._loop.time()
        self._mirror.connections.add(self)
        self._mirror.counters.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget what waits: nobody will read it."""
        self._mirror.connections.discard(self)
        for waiting in self._waiting:
            waiting.counters.in_flight -= 1
        self._waiting.clear()

    def pause_writing(self) -> None:
        """Read no more from a client that does not read its answers, and send none."""
        self._is_writable = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on sending and reading."""
        self._is_writable = True
        self._active_at = self._loop.time()
        self._set_clock()
        self._read_on()

    def data_received(self, data: bytes) -> None:
        """Parse what came; answers are sent from `on_message_complete`."""
        if self._is_over:
            return
        self._active_at = self._loop.time()
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # answered as a plain request, and the last: what follows is no HTTP/1.1
        except httptools.HttpParserCallbackError:
            self._refuse(self._refusal or 500)  # it was one of ours that raised
        except httptools.HttpParserError:
            self._refuse(400)
        else:
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(431)

    # Called by the parser

    def on_message_begin(self) -> None:
        """Start a request, unless the one before was the last."""
        if self._is_over:
            self._stop_parsing(400)
        self._forget_request()

    def on_url(self, target: bytes) -> None:
        """Collect the target, which may come in pieces."""
        self._target += target
        if len(self._target) > MOST_TARGET_BYTES:
            self._stop_parsing(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note the two headers that change an answer."""
        if len(name) == 15 and name.lower() == b"accept-encoding":
            if accepts_gzip(value):
                self._flags |= GZIP
        elif len(name) == 6 and name.lower() == b"cookie" and has_bid(value):
            self._flags &= ~NEW_VISITOR

    def on_body(self, body: bytes) -> None:
        """Ignore a body, up to a limit."""
        self._body_bytes += len(body)
        self._head_bytes -= len(body)
        if self._body_bytes > MOST_BODY_BYTES:
            self._stop_parsing(413)

    def on_message_complete(self) -> None:
        """Count the request and answer it, now or later."""
        self._head_bytes = 0
        mirror = self._mirror
        page = mirror.responses.find_page(self._target)
        counters = mirror.counters
        before = counters.arrived(page or self._name_of_no_page(counters))
        age_s = None if self._made_at is None else self._loop.time() - self._made_at
        delay_s = mirror.delay_s(page or "", before, connection_age_s=age_s)
        self._made_at = None
        answer, self._is_over = self._answer(page)
        self._deliver(answer, counters, delay_s)

    # Our own

    def _forget_request(self) -> None:
        self._target = b""
        self._flags = NEW_VISITOR
        self._head_bytes = 0
        self._body_bytes = 0

    def _name_of_no_page(self, counters: Counters) -> str:
        """Return under what a request for no page counts: its target, unless there are too many."""
        if len(counters.pages) >= MOST_ADDRESSES:
            return "(others)"
        return self._target[:MOST_ADDRESS_BYTES].decode("latin-1")

    def _answer(self, page: str | None) -> tuple[bytes, bool]:
        """Return the answer to the request and whether the connection ends with it."""
        parser, responses = self._parser, self._mirror.responses
        method, flags = parser.get_method(), self._flags
        closes = parser.should_upgrade() or not parser.should_keep_alive()
        if closes:
            flags |= CLOSE
        if parser.get_http_version() != "1.1":
            flags, closes = flags | HTTP10, True
        if method == b"HEAD":
            flags |= HEAD
        elif method != b"GET":
            return responses.error(405, flags, "Allow: GET, HEAD"), closes
        if page is not None:
            return responses.page(page, flags), closes
        if self._target.endswith(b"/") and b"?" not in self._target:
            moved = responses.find_page(self._target[:-1])
            if moved is not None:
                return responses.error(301, flags, f"Location: {moved}"), closes
        return responses.error(404, flags), closes

    def _deliver(self, answer: bytes, counters: Counters, delay_s: float) -> None:
        """Send an answer, or queue it: it is not due, or not the first, or the client is slow."""
        if not delay_s and not self._waiting and self._is_writable:
            self._send(answer, self._is_over, counters)
            return
        due = self._loop.time() + delay_s
        self._waiting.append(_Waiting(due, answer, self._is_over, counters))
        if len(self._waiting) == 1:
            self._set_clock()
        elif len(self._waiting) == MOST_WAITING:
            self._transport.pause_reading()

    def _send(self, answer: bytes, closes: bool, counters: Counters) -> None:
        if self._transport.is_closing():
            counters.answered(0)
            return
        counters.answered(len(answer))
        self._transport.write(answer)
        if closes:
            self._transport.close()

    def _set_clock(self) -> None:
        """Have the first answer that waits sent when it is due."""
        if self._waiting and self._is_writable:
            self._loop.call_at(self._waiting[0].due, self._send_due)

    def _send_due(self) -> None:
        """Send the first answer that waits and set the clock for the next."""
        if not self._waiting:
            return
        first = self._waiting.popleft()
        self._send(first.answer, first.closes, first.counters)
        self._active_at = self._loop.time()
        self._set_clock()
        self._read_on()

    def _read_on(self) -> None:
        has_room = self._is_writable and len(self._waiting) < MOST_WAITING
        if has_room and not self._transport.is_closing():
            self._transport.resume_reading()

    def _stop_parsing(self, status: int) -> NoReturn:
        self._refusal = status
        raise ValueError(status)

    def _refuse(self, status: int) -> None:
        """Answer what is no request of ours, after all that wait, and hang up."""
        if self._is_over:
            return
        self._is_over = True
        counters = self._mirror.counters
        counters.arrived(f"(refused with {status})")
        self._deliver(self._mirror.responses.error(status, CLOSE), counters, 0.0)

    def drop_if_idle(self, since: float) -> None:
        """Drop the connection if nothing moved after that time of the loop's clock."""
        if self._active_at < since and not (self._waiting and self._is_writable):
            self.drop()

    def drop(self) -> None:
        """Close without sending what the client has not taken yet."""
        self._transport.abort()
