"""Servers that misbehave on purpose, each in a thread with an event loop."""

from __future__ import annotations

import asyncio
import threading
import time

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
STALL_S, STALL_AFTER_S, SLOW_S = 1.0, 0.8, 0.3


class Server:
    """Answers every request in one way; `with` starts and ends it.

    kind: `ok`, `last` (closes each time), `busy`, `drop` (hangs up), `silent`, `garbage`,
    `slow` (takes 0.3 s), or
    `stall`: all stands still for a second, once after each `arm`.
    The first `healthy` requests are answered well, and those after the first `well_after`.
    """

    def __init__(self, kind="ok"):
        self.kind = kind
        self.requests = 0
        self.healthy = 0
        self.well_after = None
        self._first = None
        self._is_armed = False

    def arm(self):
        self._is_armed, self._first = True, None

    def url(self):
        return f"http://127.0.0.1:{self.port}/page"

    def __enter__(self):
        started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(started),))
        self._thread.start()
        started.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self, started):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._transports = set()
        server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._over.wait()
        server.close()
        for _ in range(10):  # what was accepted last becomes a transport some steps later
            for transport in list(self._transports):
                transport.abort()
            await asyncio.sleep(0)

    def answer(self, transport):
        self.requests += 1
        is_ill = self.healthy < self.requests <= (self.well_after or self.requests)
        kind = self.kind if is_ill else "ok"
        if kind == "stall":
            self._stall()
        if kind == "drop":
            transport.abort()
        elif kind == "slow":
            self._loop.call_later(SLOW_S, transport.write, OK)
        elif kind != "silent":
            transport.write({"last": LAST, "busy": BUSY, "garbage": b"no HTTP"}.get(kind, OK))
            if kind == "last":
                transport.close()

    def _stall(self):
        self._first = self._first or time.monotonic()
        if self._is_armed and time.monotonic() - self._first > STALL_AFTER_S:
            self._is_armed = False
            time.sleep(STALL_S)  # the whole loop: every connection waits


class _Connection(asyncio.Protocol):
    def __init__(self, server):
        self._server = server

    def connection_made(self, transport):
        self._transport = transport
        self._server._transports.add(transport)

    def connection_lost(self, error):
        self._server._transports.discard(self._transport)

    def data_received(self, data):
        for _ in range(data.count(b"\r\n\r\n")):
            self._server.answer(self._transport)
