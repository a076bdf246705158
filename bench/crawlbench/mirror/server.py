"""The mirror's server: what all connections share (floor 3)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from crawlbench.counters import Counters
from crawlbench.mirror.connection import Connection
from crawlbench.usage import read_cpu_wait_s

if TYPE_CHECKING:
    from crawlbench.mirror.responses import Responses
    from crawlbench.networks import Network

__all__ = ["Connection", "Mirror"]

IDLE_S = 30.0  # as the header Keep-Alive promises
SWEEP_S = 5.0


class Mirror:
    """The state that all connections share."""

    def __init__(self, responses: Responses, network: Network, seed: int) -> None:
        """Serve these responses as this network would deliver them."""
        self.responses = responses
        self.network = network
        self.connections: set[Connection] = set()
        self._seed = seed
        self.begin("")
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    def begin(self, epoch: str, *, plays_network: bool = True) -> None:
        """Start a new span; its delays depend on seed, epoch, page and count, and nothing else."""
        self._epoch = epoch
        self._plays_network = plays_network
        self.counters = Counters()
        self._cpu_before = time.process_time()
        self._wait_before = read_cpu_wait_s()

    def end(self) -> Counters:
        """Return what was counted since `begin`."""
        self.counters.cpu_s = time.process_time() - self._cpu_before
        self.counters.cpu_wait_s = read_cpu_wait_s() - self._wait_before
        return self.counters

    def delay_s(self, page: str, before: int, *, connection_age_s: float | None) -> float:
        """Return the seconds that the answer to the next request for a page waits."""
        if not (self.network.round_trip_s and self._plays_network):
            return 0.0
        key = f"{self._seed}/{self._epoch}/{page}/{before}"
        return self.network.delay_s(key, connection_age_s=connection_age_s)

    async def listen(self) -> int:
        """Listen on a free port of loopback and return it."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=1024)
        self._server = server
        self._sweep()
        port: int = server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Listen no more and drop all connections."""
        if self._server:
            self._server.close()
        if self._sweeper:
            self._sweeper.cancel()
        for connection in list(self.connections):
            connection.drop()

    def _sweep(self) -> None:
        """Close connections that have been idle for too long, again and again."""
        loop = asyncio.get_running_loop()
        for connection in list(self.connections):
            connection.drop_if_idle(loop.time() - IDLE_S)
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)
