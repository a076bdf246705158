"""Measures how much of the mirror's memory TLS connections take.

    python -m benchmarks.tls_memory [CONNECTIONS]

Opens connections of two kinds over TLS, each to a mirror of its own: idle ones that have received
one answer, and ones that ask for big answers and never read. Prints how much the mirror's resident
memory grows for each connection. Then connections come and go, 50 at a time: the memory after each
thousand shows whether closed connections are freed. The machine need not be quiet.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import psutil
from benchmarks.usage import read_words

from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror

if TYPE_CHECKING:
    from crawlbench.mirror.process import MirrorProcess

CONNECTIONS = 500
THOUSANDS = 4
"""How many thousands of connections come and go."""
PARALLEL = 50
SITE = "douban-top250"
ASKED = 200
"""How many big answers are requested and not read: some 10 MB, far beyond any bound."""


class Client:
    """Makes connections to one mirror."""

    def __init__(self, mirror: MirrorProcess) -> None:
        """Trust it."""
        parts = urlsplit(mirror.address)
        self._at = (parts.hostname, parts.port)
        self._request = f"GET {mirror.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        self._context = ssl.create_default_context(cafile=mirror.ca_file)

    def open(self) -> ssl.SSLSocket:
        """Return a connection that has received one answer."""
        one = self._context.wrap_socket(
            socket.create_connection(self._at), server_hostname=self._at[0]
        )
        one.sendall(self._request)
        answer = b""
        while not answer.endswith(b"\r\n0\r\n\r\n") and b"</html>" not in answer[-64:]:
            answer += one.recv(65_536)
        return one

    def ignore(self, one: ssl.SSLSocket) -> None:
        """Send many requests and read no answers, until the mirror accepts no more requests."""
        one.settimeout(0.02)
        with suppress(OSError):
            one.sendall(self._request * ASKED)


def measure_growth(client: Client, mirror: psutil.Process, count: int, *, is_deaf: bool) -> float:
    """Return by how many bytes the mirror grows for each open connection."""
    client.open().close()  # caches are warm then
    with ExitStack() as stack:
        before = mirror.memory_info().rss
        opened = [stack.enter_context(client.open()) for _ in range(count)]
        if is_deaf:
            for one in opened:
                client.ignore(one)
        client.open().close()  # now the mirror has read everything that was sent
        return (mirror.memory_info().rss - before) / count


def measure_passing(client: Client, mirror: psutil.Process) -> list[int]:
    """Return the mirror's memory at the start and after each thousand connections."""
    sizes = [mirror.memory_info().rss]
    for _ in range(THOUSANDS):
        for _ in range(1_000 // PARALLEL):
            with ExitStack() as stack:
                for _ in range(PARALLEL):
                    stack.enter_context(client.open())
        sizes.append(mirror.memory_info().rss)
    return sizes


async def main() -> None:
    """Measure and print."""
    count = read_words(__doc__, connections=CONNECTIONS).connections
    patient = msgspec.structs.replace(find_network("loopback-tls"), keep_alive_s=3600)
    for kind, is_deaf in (("idle", False), ("that never reads", True)):
        async with open_mirror(SITE, "loopback-tls", patient, 1) as mirror:
            grown = await asyncio.to_thread(
                measure_growth, Client(mirror), psutil.Process(mirror.pid), count, is_deaf=is_deaf
            )
        print(f"{count:,} connections over TLS, {kind}: {grown:,.0f} bytes each", flush=True)
    async with open_mirror(SITE, "loopback-tls", patient, 1) as mirror:
        sizes = await asyncio.to_thread(measure_passing, Client(mirror), psutil.Process(mirror.pid))
    shown = ", ".join(f"{size / 2**20:.0f}" for size in sizes)
    print(f"after each thousand connections, {PARALLEL} at a time: {shown} MB")


if __name__ == "__main__":
    asyncio.run(main())
