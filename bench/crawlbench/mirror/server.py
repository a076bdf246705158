"""The mirror's server: what all connections share (floor 2)."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from crawlbench.base.usage import read_cpu_wait_s
from crawlbench.mirror.clock import Clock, now
from crawlbench.mirror.codings import CODED, CODINGS
from crawlbench.mirror.doors import MAIN, Door, Doors, Tracked
from crawlbench.mirror.faults import unmark
from crawlbench.mirror.http1 import HEAD
from crawlbench.mirror.listener import BACKLOG, Listener
from crawlbench.mirror.responses import ALTERED
from crawlbench.mirror.shaping import Line

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from crawlbench.base.counters import Counters
    from crawlbench.mirror.answers import Answer
    from crawlbench.mirror.edition import Edition
    from crawlbench.mirror.networks import Fault, Network
    from crawlbench.mirror.outbox import Exchange
    from crawlbench.mirror.request import Request
    from crawlbench.mirror.responses import Responses

SWEEP_S = 5.0


class Mirror:
    """The state that all connections share."""

    clock: Clock
    """The clock of the loop that listens."""

    def __init__(self, responses: Responses, network: Network, seed: int) -> None:
        """Serve these responses as this network would deliver them."""
        self.responses = responses
        self.network = network
        self.connections: set[Tracked] = set()
        self.doors = Doors()
        self.line = Line(network.total_bytes_per_s) if network.total_bytes_per_s else None
        """The line that all connections share."""
        self.sweep_s = min(SWEEP_S, network.keep_alive_s / 4)
        self.on_exchange: Callable[[Exchange], None] | None = None
        """Called with each request whose answer is sent or will never be; set it before `begin`."""
        self.aside: Callable[[bytes], Answer | None] | None = None
        """Answers targets that are neither pages nor counted; None if there are none."""
        self.make_edition: Callable[[], Edition] | None = None
        """Makes the other edition when it is first needed; None if it is made, or there is none."""
        self.size_of: Callable[[str], int] | None = None
        """Returns the size of a page, by its address; None where no reader has to see all of it."""
        self._seed = seed
        self.begin("")
        self._listener: Listener | None = None
        """For all addresses, if the network limits the number of connections."""
        self._sweeper: asyncio.TimerHandle | None = None

    @property
    def counters(self) -> Counters:
        """The counters of the door that is in use."""
        return self.doors.in_use.counters

    def begin(
        self,
        epoch: str,
        *,
        plays_network: bool = True,
        lap: int = 0,
        laps: int = 1,
        door: str = MAIN,
        alters: bool = False,
    ) -> None:
        """Start a new span; its delays and faults depend only on seed, span, page and count.

        Args:
            epoch: a round, or whatever else has draws of its own.
            plays_network: whether there are delays and faults.
            lap: number of the lap within the epoch, from 0.
            laps: number of laps in the epoch, over which delays are spread evenly.
            door: the door by which requests should come in.
            alters: whether every other crawl, the first included, is served the other edition.
        """
        # Made here, so that no request waits for it, and before the span's CPU time begins.
        if alters and self.make_edition:
            self.responses.edition, self.make_edition = self.make_edition(), None
        self._alters = alters and bool(self.responses.edition.bodies)
        self._epoch, self._lap, self._laps = epoch, lap, laps
        self.plays_network = plays_network
        is_changed = alters or (plays_network and self.network.changes_delivery)
        self.is_plain = self.on_exchange is None and not is_changed
        """Whether answers are sent whole and at once, and nobody watches."""
        self.doors.begin(door)
        # Not where answers are sent at once: there each note would lengthen what is measured.
        self.counters.asked = None if self.is_plain else []
        self._cpu_before = time.process_time()
        self._wait_before = read_cpu_wait_s()

    def end(self) -> Counters:
        """Return what was counted since `begin`."""
        counters, stray_bytes = self.doors.end()
        # Read first: looking up the sizes of pages below is no work for the span.
        counters.cpu_s = time.process_time() - self._cpu_before
        counters.cpu_wait_s = read_cpu_wait_s() - self._wait_before
        counters.edition, counters.is_altered = dict(self.responses.edition.titles), self._alters
        if self.size_of:
            pages = counters.pages.items()
            counters.body_bytes = sum(self.size_of(page) * times for page, times in pages)
        self._weigh(counters, stray_bytes)
        self._date(counters)
        return counters

    def _weigh(self, counters: Counters, stray_bytes: int) -> None:
        """Note how long strays can have held up the others: by CPU time and on a shared line."""
        strays = sum(counters.strays.values())
        if strays:
            # Taking a stray to cost the mirror as much as a request of the span does.
            counters.held_up_s = counters.cpu_s * strays / (strays + counters.requests)
            if self.line and self.plays_network:
                counters.held_up_s += stray_bytes / self.line.bytes_per_s

    @staticmethod
    def _date(counters: Counters) -> None:
        """Put moments on the clock that workers read, and turn flags into words."""
        # On Linux the two clocks are one; elsewhere they may count from different moments.
        shift = time.perf_counter() - now()
        # No client waits for an answer that was spoilt, so it may end when its crawl is long over.
        if not counters.faults:
            counters.last_at = max(counters.last_at, counters.answered_at)
        if counters.first_at:
            counters.first_at += shift
            counters.last_at += shift
        if counters.second_at:
            counters.second_at += shift
        if counters.asked:
            counters.asked = [(page, at + shift) for page, at in counters.asked]
        for flags, count in counters.shapes.items():
            counters.heads += count if flags & HEAD else 0
            coding = CODINGS.get(flags & CODED)
            if coding:
                counters.codings[coding] = counters.codings.get(coding, 0) + count
        counters.shapes = {}

    def delay_s(self, page: str, before: int, *, connection_age_s: float | None) -> float:
        """Return the seconds that the answer to the next request for a page must wait."""
        if not (self.network.round_trip_s and self.plays_network):
            return 0.0
        # Without the lap: `draw_share` spreads the laps of one key over strata.
        key = f"{self._seed}/{self._epoch}/{page}/{before}"
        return self.network.delay_s(
            key, connection_age_s=connection_age_s, lap=self._lap, laps=self._laps
        )

    def draw_fault(self, request: Request, before: int, counters: Counters) -> Fault | None:
        """Return the fault that hits a request for a page, and count it; None if there is none.

        Args:
            request: a request for a page.
            before: number of requests for that page since `begin`.
            counters: where it is counted, those of the door that the request came by.
        """
        page = request.page
        # Where a redirect led is served, or a client could be redirected again and again.
        if not (page and self.network.faults and self.plays_network) or unmark(request.target):
            return None
        # With the lap: unlike delays, faults are drawn anew in each.
        key = f"{self._seed}/{self._epoch}/{self._lap}/{page}/{before}/fault"
        fault = self.network.fault(key, page, before)
        if fault:
            counters.befell(fault.kind)
        return fault

    def choose_edition(self, page: str, flags: int, before: int) -> int:
        """Return the flags of an answer, with ALTERED if it is to be of the other edition.

        Args:
            page: the page that is asked for.
            flags: what else is special about the answer.
            before: requests for that page since `begin`, which is the number of earlier crawls.
        """
        if self._alters and not before % 2 and page in self.responses.edition.bodies:
            return flags | ALTERED
        return flags

    def is_last(self, served: int) -> bool:
        """Return whether a connection ends after that many requests."""
        if not self.plays_network:
            return False
        most = self.network.keep_alive_requests
        return not self.network.keep_alive or (most is not None and served >= most)

    def watch(self, exchange: Exchange) -> None:
        """Show a finished exchange to whoever watches; permission to send a body is none."""
        if self.on_exchange and exchange.wire.status != 100:
            self.on_exchange(exchange)

    def admit(self, connection: Tracked) -> None:
        """Count a connection that was made."""
        self.connections.add(connection)
        connection.door.counters.connections += 1

    def dismiss(self, connection: Tracked) -> None:
        """Forget a connection that is over."""
        self.connections.discard(connection)
        if self._listener:
            self._listener.release()

    async def listen(
        self,
        raw: socket.socket,
        door: Door,
        protocol: Callable[[Mirror, Door], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        """Listen at a bound socket on behalf of a door, which shuts it."""
        loop = asyncio.get_running_loop()
        # Not in `__init__`, where no loop runs yet.
        if not hasattr(self, "clock"):
            self.clock = Clock(loop)
        make = partial(protocol, self, door)
        most = self.network.most_connections
        if most:
            # One for all doors, because the network limits the connections of all together.
            self._listener = self._listener or Listener(most)
            door.listeners.append(self._listener.add(raw, make, tls))
        else:
            server = await loop.create_server(make, sock=raw, backlog=BACKLOG, ssl=tls)
            door.listeners.append(server)
        if self._sweeper is None:
            self._sweep()

    def shut(self, name: str) -> None:
        """Shut a door, if it exists, and drop all connections that came in by it."""
        door = self.doors.remove(name)
        if door:
            door.shut()
            for connection in list(self.connections):
                if connection.door is door:
                    connection.drop()

    def close(self) -> None:
        """Stop listening and drop all connections."""
        for door in self.doors:
            door.shut()
        if self._listener:
            self._listener.close()
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
