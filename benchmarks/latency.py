"""Compares the latency that the mirror plays with the requested one, seen by a spinning client.

Mirror and client each have a CPU. The connections send in turn, at most `MAX_PER_S` requests a
second in all, because a mirror without idle CPU time cannot be exact to a fraction of a
millisecond. Besides the delay, the client sees the work of the mirror, of loopback and of itself.
This is measured on a mirror without delays, at the same pace. The error is the latency that the
client sees, less the requested one, less the median of that measurement. Prints the table of
docs/networks.md; its last column shows how disturbed the mirror was.

    python -m benchmarks.latency [SECONDS]
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import socket
import time
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.usage import read_words

from crawlbench.mirror.networks import Network
from crawlbench.mirror.process import open_mirror

DELAYS_MS = (1, 10, 40, 150)
CONNECTIONS = (1, 100, 1_000)
MAX_PER_S = 5_000.0
SECONDS = 5.0
REQUEST = b"HEAD /top250 HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: bid=latency\r\n\r\n"
HEADER = """\
| asked | connections | in flight | requests/s | bare p50 | error p50 | p90 | p99 | CPU wait |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True, slots=True)
class Point:
    """The measured latencies, in milliseconds."""

    latencies: list[float]
    """The latencies, sorted."""
    seconds: float
    wait_share: float
    """The share of time in which the mirror was ready to run but had no CPU."""

    def at(self, share: float) -> float:
        """Return a quantile."""
        return self.latencies[int(len(self.latencies) * share)]

    @property
    def per_s(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds


class Client:
    """Connections with at most one request in flight on each."""

    def __init__(self, port: int, connections: int) -> None:
        self._poll = select.epoll()
        self._sockets = {}
        for _ in range(connections):
            one = socket.create_connection(("127.0.0.1", port))
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[one.fileno()] = one
            self._poll.register(one.fileno(), select.EPOLLIN)
        self._idle = deque(self._sockets)
        self._sent: dict[int, float] = {}

    def send(self) -> None:
        """Send a request on the connection that has been idle for longest."""
        file = self._idle.popleft()
        self._sent[file] = time.perf_counter()
        self._sockets[file].send(REQUEST)

    def receive(self, timeout_s: float = 0.0) -> list[float]:
        """Return the latencies of the answers that have arrived, in milliseconds."""
        seen = []
        for file, _ in self._poll.poll(timeout_s):
            seen.append((time.perf_counter() - self._sent[file]) * 1000)
            self._sockets[file].recv(65_536)
            self._idle.append(file)
        return seen

    def warm_up(self) -> None:
        """Send one request on each connection, to exclude the cost of new connections."""
        while self._idle:
            self.send()
        while len(self._idle) < len(self._sockets):
            self.receive(1.0)

    def spin(self, seconds: float, most_per_s: float) -> list[float]:
        """Return the latencies of requests sent at a pace, in milliseconds."""
        seen: list[float] = []
        start = due = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds:
            if self._idle and now >= due:
                due = max(due + 1 / most_per_s, now - 0.001)
                self.send()
            seen += self.receive()
        return seen

    def close(self) -> None:
        """Close all."""
        for one in self._sockets.values():
            one.close()
        self._poll.close()


async def measure(delay_ms: float, connections: int, seconds: float, most_per_s: float) -> Point:
    """Measure one point on a mirror of its own."""
    cpus = sorted(os.sched_getaffinity(0))
    network = Network(round_trip_s=delay_ms / 1000)
    async with open_mirror("douban-top250", "latency", network, 1, (cpus[-1],)) as mirror:
        os.sched_setaffinity(0, {cpus[0]})
        try:
            client = Client(urlsplit(mirror.address).port or 0, connections)
            client.warm_up()
            await mirror.begin("latency")
            gc.collect()
            gc.disable()
            latencies = client.spin(seconds, most_per_s)
            counters = await mirror.end()
            client.close()
        finally:
            gc.enable()
            os.sched_setaffinity(0, set(cpus))
    return Point(sorted(latencies), seconds, counters.cpu_wait_s / seconds)


def format_row(asked_ms: float, connections: int, played: Point, bare: Point) -> str:
    """Return a row of the table."""
    error = [played.at(share) - asked_ms - bare.at(0.5) for share in (0.5, 0.9, 0.99)]
    in_flight = sum(played.latencies) / 1000 / played.seconds
    cells = [f"{asked_ms} ms", f"{connections:,}", f"{in_flight:.1f}", f"{played.per_s:,.0f}"]
    cells += [f"{ms:.3f} ms" for ms in (bare.at(0.5), *error)]
    return f"| {' | '.join(cells)} | {played.wait_share:.1%} |"


def main() -> None:
    """Measure all points and print a table."""
    seconds = read_words(__doc__, seconds=SECONDS).seconds
    print(HEADER)
    for delay_ms in DELAYS_MS:
        for connections in CONNECTIONS:
            played = asyncio.run(measure(delay_ms, connections, seconds, MAX_PER_S))
            bare = asyncio.run(measure(0, connections, seconds, played.per_s))
            print(format_row(delay_ms, connections, played, bare), flush=True)


if __name__ == "__main__":
    main()
