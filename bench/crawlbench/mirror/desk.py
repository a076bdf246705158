"""What one HTTP/2 connection is answered, and when each answer is due (floor 2)."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from h2.errors import ErrorCodes
from h2.exceptions import H2Error

from crawlbench.base.counters import Counters
from crawlbench.mirror.choices import choose_answer, count_request
from crawlbench.mirror.clock import now
from crawlbench.mirror.delivery import Wire
from crawlbench.mirror.http1 import HEAD
from crawlbench.mirror.outbox import UNCOUNTED, Exchange
from crawlbench.mirror.replies import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from h2.connection import H2Connection

    from crawlbench.mirror.answers import Answer
    from crawlbench.mirror.doors import Tracked
    from crawlbench.mirror.inbox import Asking
    from crawlbench.mirror.server import Mirror
    from crawlbench.mirror.streams import Streams

LEAVE = [(b":status", b"100")]
"""Lets a client send its body."""


class Desk:
    """Counts the requests of a connection, and hands their answers to its streams."""

    def __init__(
        self, mirror: Mirror, connection: Tracked, h2: H2Connection, streams: Streams
    ) -> None:
        """Serve one connection, whose state and streams these are."""
        self._mirror = mirror
        self._connection = connection
        self._h2 = h2
        self._streams = streams
        self._ready: float | None = None
        """When the played network would have made the connection; None until that is needed."""
        self._unread: set[int] = set()
        """Streams that are answered although their requests are not complete."""
        self.served = 0
        """Complete requests."""
        self.answered = 0

    def serve(self, stream: int, asking: Asking) -> None:
        """Count a complete request and answer it, now or later."""
        mirror, counters = self._mirror, self._connection.door.counters
        self.served += 1
        self._connection.active = arrived = due = now()
        request = asking.make_request(mirror.responses)
        answer = mirror.aside(request.target) if mirror.aside and request.page is None else None
        name, spoiled = UNCOUNTED, ""
        if answer:
            # Thrown away: what is not the site's counts nowhere.
            counters = Counters()
        else:
            counters.http2_requests += 1
            name, before = count_request(counters, request, self._connection)
            due = self._due(request.page or "", before, arrived)
            answer, spoiled = choose_answer(mirror, request, before, counters)
        wire = Wire(b"", status=answer.status)
        exchange = Exchange(self._connection, name, wire, counters, arrived, due, asking.method)
        self._put(stream, answer, exchange, is_head=bool(request.flags & HEAD), spoiled=spoiled)

    def turn_down(self, stream: int, status: int) -> None:
        """Answer a request that is not valid, whether it is complete or not."""
        name, counters = f"(refused with {status})", self._connection.door.counters
        counters.arrived(name)
        self._unread.add(stream)
        arrived, wire = now(), Wire(b"", status=status)
        exchange = Exchange(self._connection, name, wire, counters, arrived, arrived)
        answer = self._mirror.responses.error_answer(status)
        self._put(stream, answer, exchange, is_head=False, spoiled="")

    def _put(
        self, stream: int, answer: Answer, exchange: Exchange, *, is_head: bool, spoiled: str
    ) -> None:
        exchange.http = "2"
        reply = Reply(stream, answer, exchange, is_head=is_head)
        if spoiled:
            reply.spoil(spoiled)
        self._streams.put(reply)

    def give_leave(self, stream: int, asking: Asking, is_wanted: Callable[[int], bool]) -> None:
        """Let a client send its body, a round trip after its head came.

        Args:
            stream: the request's stream.
            asking: the request so far.
            is_wanted: returns, when that time has come, whether the client may still be waiting.
        """
        page = asking.find_page(self._mirror.responses) or ""
        before = self._connection.door.counters.pages.get(page, 0)
        due = self._due(f"100 {page}", before, now())
        if due <= now():
            self._say_leave(stream, is_wanted)
        else:
            self._mirror.clock.call_at(due, partial(self._say_leave, stream, is_wanted))

    def _say_leave(self, stream: int, is_wanted: Callable[[int], bool]) -> None:
        if is_wanted(stream):
            self._h2.send_headers(stream, LEAVE)
            self._streams.flush()

    def _due(self, page: str, before: int, arrived: float) -> float:
        """Return when an answer is due.

        All requests that are sent while the connection is being made wait for that.
        """
        mirror = self._mirror
        delay_s = mirror.delay_s(page, before, connection_age_s=None)
        if self._ready is None:
            # One key draws both delays, so their difference is what is left of the handshakes.
            age_s = arrived - self._connection.opened
            self._ready = arrived + mirror.delay_s(page, before, connection_age_s=age_s) - delay_s
        return max(arrived, self._ready) + delay_s

    def note(self, reply: Reply) -> None:
        """Note that nothing more of a reply will come."""
        reply.exchange.sent_bytes = reply.sent_bytes
        # Each answer that was sent lets the client take back one more request (`Http2Patience`).
        self.answered += reply.exchange.last_byte is not None
        self._mirror.watch(reply.exchange)
        if reply.stream in self._unread:  # RFC 9113, 8.1: the rest of the request is not needed
            self._unread.discard(reply.stream)
            with suppress(H2Error):  # the client may have ended it meanwhile
                self._h2.reset_stream(reply.stream, ErrorCodes.NO_ERROR)
