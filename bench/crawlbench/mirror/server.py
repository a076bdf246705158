"""The mirror's server: HTTP/1.1 on loopback, parsed by httptools (floor 3).

Each request is counted, waits as its network says, and gets an answer that was rendered before.
Answers keep the order of their requests, also when a client pipelines.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import httptools

from crawlbench.counters import Counters
from crawlbench.mirror.responses import (
    CLOSE,
    GZIP,
    HEAD,
    HTTP10,
    NEW_VISITOR,
    Responses,
    accepts_gzip,
)

if TYPE_CHECKING:
    from crawlbench.networks import Network

__all__ = ["Connection", "Mirror"]

# Limits against clients that are broken or hostile; far above what a crawler sends.
MOST_HEAD_BYTES = 65_536
MOST_TARGET_BYTES = 8_192
MOST_BODY_BYTES = 1_048_576
MOST_WAITING = 64  # pipelined requests per connection that wait for their answers
IDLE_S = 30.0  # as the header Keep-Alive promises
SWEEP_S = 5.0


class Mirror:
    """The state that all connections share."""

    def __init__(self, responses: Responses, network: Network, seed: int) -> None:
        """Serve these responses as this network would deliver them."""
        self.responses = responses
        self.network = network
        self.counters = Counters()
        self.connections: set[Connection] = set()
        self._seed = seed
        self._epoch = ""
        self._cpu_before = time.process_time()

    def begin(self, epoch: str) -> None:
        """Start a new span; its delays depend on the seed, the epoch, the page and nothing else."""
        self._epoch = epoch
        self.counters = Counters()
        self._cpu_before = time.process_time()

    def end(self) -> Counters:
        """Return what was counted since `begin`."""
        self.counters.cpu_s = time.process_time() - self._cpu_before
        return self.counters

    def delay_s(self, page: str, before: int, *, new_connection: bool) -> float:
        """Return the seconds that the answer to the next request for a page waits."""
        if not self.network.round_trip_s:
            return 0.0
        key = f"{self._seed}/{self._epoch}/{page}/{before}"
        return self.network.delay_s(key, new_connection=new_connection)

    async def listen(self) -> int:
        """Listen on a free port of loopback and return it."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=1024)
        self._sweep()
        port: int = server.sockets[0].getsockname()[1]
        return port

    def _sweep(self) -> None:
        """Close connections that have been idle for too long, again and again."""
        loop = asyncio.get_running_loop()
        for connection in list(self.connections):
            connection.close_if_idle(loop.time() - IDLE_S)
        loop.call_later(SWEEP_S, self._sweep)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An answer that the network holds back."""

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
        self._is_new = True
        self._is_writable = True
        self._refusal = 0
        self._active_at = self._loop.time()
        self._forget_request()

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._mirror.connections.add(self)
        self._mirror.counters.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget what waits: nobody will read it."""
        self._mirror.connections.discard(self)
        for waiting in self._waiting:
            waiting.counters.in_flight -= 1
        self._waiting.clear()

    def pause_writing(self) -> None:
        """Read no more from a client that does not read its answers."""
        self._is_writable = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading."""
        self._is_writable = True
        self._read_on()

    def data_received(self, data: bytes) -> None:
        """Parse what came; answers are sent from `on_message_complete`."""
        self._active_at = self._loop.time()
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._transport.close()  # answered as a plain request; we speak nothing else
        except httptools.HttpParserError:
            self._refuse(self._refusal or 400)
        else:
            if self._in_head and self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(431)

    # Called by the parser

    def on_message_begin(self) -> None:
        """Start a request."""
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
        elif len(name) == 6 and name.lower() == b"cookie" and b"bid=" in value:
            self._flags &= ~NEW_VISITOR

    def on_headers_complete(self) -> None:
        """Bytes that follow are a body or the next request."""
        self._in_head = False

    def on_body(self, body: bytes) -> None:
        """Ignore a body, up to a limit."""
        self._body_bytes += len(body)
        if self._body_bytes > MOST_BODY_BYTES:
            self._stop_parsing(413)

    def on_message_complete(self) -> None:
        """Count the request and answer it, now or later."""
        self._head_bytes = 0
        mirror = self._mirror
        page = mirror.responses.find_page(self._target)
        counters = mirror.counters
        before = counters.arrived(page or self._target.decode("latin-1"))
        delay_s = mirror.delay_s(page or "", before, new_connection=self._is_new)
        self._is_new = False
        answer, closes = self._answer(page)
        if delay_s or self._waiting:
            self._wait(_Waiting(self._loop.time() + delay_s, answer, closes, counters))
        else:
            self._send(answer, closes, counters)

    # Our own

    def _forget_request(self) -> None:
        self._target = b""
        self._flags = NEW_VISITOR
        self._in_head = True
        self._head_bytes = 0
        self._body_bytes = 0

    def _answer(self, page: str | None) -> tuple[bytes, bool]:
        """Return the answer to the request and whether the connection ends with it."""
        parser, responses = self._parser, self._mirror.responses
        method, flags = parser.get_method(), self._flags
        closes = not parser.should_keep_alive()
        if closes:
            flags |= CLOSE
        if parser.get_http_version() == "1.0":
            flags, closes = flags | HTTP10, True
        if method == b"HEAD":
            flags |= HEAD
        elif method != b"GET":
            return responses.error(405, flags, "Allow: GET, HEAD"), closes
        if page is not None:
            return responses.page(page, flags), closes
        bare = self._target.partition(b"?")[0].rstrip(b"/")
        if self._target.endswith(b"/") and responses.find_page(bare):
            return responses.error(301, flags, f"Location: {bare.decode('ascii')}"), closes
        return responses.error(404, flags), closes

    def _send(self, answer: bytes, closes: bool, counters: Counters) -> None:
        counters.answered(len(answer))
        if self._transport.is_closing():
            return
        self._transport.write(answer)
        if closes:
            self._transport.close()

    def _wait(self, waiting: _Waiting) -> None:
        """Queue an answer; it is due after its delay, and not before those ahead of it."""
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            self._loop.call_at(waiting.due, self._send_due)
        elif len(self._waiting) == MOST_WAITING:
            self._transport.pause_reading()

    def _send_due(self) -> None:
        """Send the first answer that waits and set the clock for the next."""
        if not self._waiting:
            return
        first = self._waiting.popleft()
        self._send(first.answer, first.closes, first.counters)
        self._active_at = self._loop.time()
        if self._waiting:
            self._loop.call_at(self._waiting[0].due, self._send_due)
        self._read_on()

    def _read_on(self) -> None:
        has_room = self._is_writable and len(self._waiting) < MOST_WAITING
        if has_room and not self._transport.is_closing():
            self._transport.resume_reading()

    def _stop_parsing(self, status: int) -> None:
        self._refusal = status
        raise ValueError(status)

    def _refuse(self, status: int) -> None:
        """Answer what is no request of ours and hang up."""
        if not self._transport.is_closing():
            self._transport.write(self._mirror.responses.error(status, CLOSE))
            self._transport.close()

    def close_if_idle(self, since: float) -> None:
        """Close if nothing was read or sent after that time of the loop's clock."""
        if self._active_at < since and not self._waiting:
            self._transport.close()
