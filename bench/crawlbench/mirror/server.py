"""The mirror's server: what all connections share (floor 2)."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Protocol

from crawlbench.base.counters import Counters
from crawlbench.base.usage import read_cpu_wait_s
from crawlbench.mirror.clock import Clock, now
from crawlbench.mirror.codings import CODED, CODINGS
from crawlbench.mirror.connection import Connection
from crawlbench.mirror.faults import unmark
from crawlbench.mirror.http1 import HEAD
from crawlbench.mirror.listener import BACKLOG, Listener
from crawlbench.mirror.shaping import Line

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from crawlbench.mirror.answers import Answer
    from crawlbench.mirror.networks import Fault, Network
    from crawlbench.mirror.outbox import Exchange
    from crawlbench.mirror.request import Request
    from crawlbench.mirror.responses import Responses

__all__ = ["Connection", "Mirror", "Tracked"]

SWEEP_S = 5.0
KNOWN_REQUESTS = 2_048  # whole requests that are not parsed again
MAX_KNOWN_BYTES = 2_048


class Tracked(Protocol):
    """A connection of whatever protocol, as the mirror sees it; times are of `clock.now`."""

    number: int
    """The how-manieth of its span, from 1."""
    opened: float
    active: float
    span: Counters | None
    """The last one in which it brought a request."""

    def drop_if_idle(self, since: float) -> None:
        """Drop the connection if nothing moved after that time and nothing is due."""

    def drop(self) -> None:
        """Close without sending what the client has not taken yet."""


class Mirror:
    """The state that all connections share."""

    clock: Clock
    """Of the loop that listens."""

    def __init__(self, responses: Responses, network: Network, seed: int) -> None:
        """Serve these responses as this network would deliver them."""
        self.responses = responses
        self.network = network
        self.connections: set[Tracked] = set()
        self.known: dict[bytes, Request] = {}
        """Whole heads of requests for pages that came before."""
        self.line = Line(network.total_bytes_per_s) if network.total_bytes_per_s else None
        """The line that all connections share."""
        self.sweep_s = min(SWEEP_S, network.keep_alive_s / 4)
        self.on_exchange: Callable[[Exchange], None] | None = None
        """Called with each request whose answer is sent or will never be; set it before `begin`."""
        self.aside: Callable[[bytes], Answer | None] | None = None
        """Answers targets that are no pages and are not counted; None: there are none."""
        self._seed = seed
        self.begin("")
        self._servers: list[asyncio.Server] = []
        self._listener: Listener | None = None
        """Of all addresses, if the network has room for so many connections only."""
        self._sweeper: asyncio.TimerHandle | None = None

    def begin(self, epoch: str, *, plays_network: bool = True, lap: int = 0, laps: int = 1) -> None:
        """Start a new span; its delays and faults depend on seed, span, page and count alone.

        Args:
            epoch: a round, or whatever else has draws of its own.
            plays_network: whether there are delays and faults.
            lap: of the epoch, from 0.
            laps: of the epoch, over which delays are spread evenly.
        """
        self._epoch, self._lap, self._laps = epoch, lap, laps
        self.plays_network = plays_network
        self.is_plain = self.on_exchange is None and not (
            plays_network and self.network.changes_delivery
        )
        """Whether answers go out whole and at once, seen by nobody."""
        self.counters = Counters(begun_at=now())
        self._cpu_before = time.process_time()
        self._wait_before = read_cpu_wait_s()

    def end(self) -> Counters:
        """Return what was counted since `begin`."""
        self.counters.cpu_s = time.process_time() - self._cpu_before
        self.counters.cpu_wait_s = read_cpu_wait_s() - self._wait_before
        self._date(self.counters)
        return self.counters

    @staticmethod
    def _date(counters: Counters) -> None:
        """Put moments on the clock that workers read, and what was asked for into words."""
        shift = time.perf_counter() - now()
        if not counters.faults:
            counters.last_at = max(counters.last_at, counters.answered_at)
        if counters.first_at:
            counters.first_at += shift
            counters.last_at += shift
        if counters.second_at:
            counters.second_at += shift
        for flags, count in counters.shapes.items():
            counters.heads += count if flags & HEAD else 0
            coding = CODINGS.get(flags & CODED)
            if coding:
                counters.codings[coding] = counters.codings.get(coding, 0) + count
        counters.shapes = {}

    def delay_s(self, page: str, before: int, *, connection_age_s: float | None) -> float:
        """Return the seconds that the answer to the next request for a page waits."""
        if not (self.network.round_trip_s and self.plays_network):
            return 0.0
        key = f"{self._seed}/{self._epoch}/{page}/{before}"
        return self.network.delay_s(
            key, connection_age_s=connection_age_s, lap=self._lap, laps=self._laps
        )

    def draw_fault(self, request: Request, before: int) -> Fault | None:
        """Return what befalls a request for a page, and count it; None if nothing does.

        Args:
            request: for a page.
            before: requests for that page since `begin`.
        """
        page = request.page
        if not (page and self.network.faults and self.plays_network) or unmark(request.target):
            return None
        key = f"{self._seed}/{self._epoch}/{self._lap}/{page}/{before}/fault"
        fault = self.network.fault(key, page, before)
        if fault:
            self.counters.befell(fault.kind)
        return fault

    def is_last(self, served: int) -> bool:
        """Tell whether a connection ends with that many requests."""
        if not self.plays_network:
            return False
        most = self.network.keep_alive_requests
        return not self.network.keep_alive or (most is not None and served >= most)

    def remember(self, head: bytes, request: Request) -> None:
        """Remember what a whole request means, if it is one for a page that may come again.

        Args:
            head: all bytes of it, a body included.
            request: what they mean.
        """
        if request.page is None or request.closes or request.expects or not request.is_allowed:
            return
        ends_with_head = head.find(b"\r\n\r\n") == len(head) - 4
        if len(head) > MAX_KNOWN_BYTES or not (ends_with_head or request.body):
            return
        if len(self.known) >= KNOWN_REQUESTS:
            self.known.clear()
        self.known[head] = request

    def watch(self, exchange: Exchange) -> None:
        """Show an exchange that is over to whoever watches."""
        if self.on_exchange:
            self.on_exchange(exchange)

    def admit(self, connection: Tracked) -> None:
        """Count a connection that was made."""
        self.connections.add(connection)
        self.counters.connections += 1

    def dismiss(self, connection: Tracked) -> None:
        """Forget a connection that is over."""
        self.connections.discard(connection)
        if self._listener:
            self._listener.release()

    async def listen(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        protocol: Callable[[Mirror], asyncio.BaseProtocol] = Connection,
    ) -> int:
        """Listen on a free port, of loopback unless told otherwise, and return it.

        Once more listens on one more address.
        """
        loop = asyncio.get_running_loop()
        if not hasattr(self, "clock"):
            self.clock = Clock(loop)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        raw = socket.socket(family, socket.SOCK_STREAM)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            raw.bind((host, port))
        except (OSError, OverflowError):
            raw.close()
            raise
        bound: int = raw.getsockname()[1]
        most = self.network.most_connections
        if most:
            self._listener = self._listener or Listener(most)
            self._listener.add(raw, lambda: protocol(self), tls)
        else:
            server = await loop.create_server(
                lambda: protocol(self), sock=raw, backlog=BACKLOG, ssl=tls
            )
            self._servers.append(server)
        if self._sweeper is None:
            self._sweep()
        return bound

    def close(self) -> None:
        """Listen no more and drop all connections."""
        for server in (*self._servers, self._listener):
            if server:
                server.close()
        if self._sweeper:
            self._sweeper.cancel()
        for connection in list(self.connections):
            connection.drop()
        if hasattr(self, "clock"):
            self.clock.close()

    def _sweep(self) -> None:
        """Close connections that have been idle for too long, again and again."""
        since = now() - self.network.keep_alive_s
        for connection in list(self.connections):
            connection.drop_if_idle(since)
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(self.sweep_s, self._sweep)
