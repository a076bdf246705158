"""How many requests a mirror answers when asked for all it can give (floor 3)."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

__all__ = ["measure_ceiling"]

CONNECTIONS = 8
BATCH = 16  # requests that a connection sends at a time, without waiting for answers
SPAN_S = 0.3
LAST_CHUNK = b"\r\n0\r\n\r\n"


async def measure_ceiling(origin: str, path: str) -> float:
    """Ask a mirror without pause for a third of a second; return its answers per second.

    Requests are pipelined and answers only counted, so that asking costs far less than answering.
    """
    host = urlsplit(origin).netloc
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    start = time.monotonic()
    answers = await asyncio.gather(*[_ask(host, request, start) for _ in range(CONNECTIONS)])
    return sum(answers) / (time.monotonic() - start)


async def _ask(host: str, request: bytes, start: float) -> int:
    """Keep one connection busy until the span is over; return its answers."""
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    answers = 0
    try:
        while time.monotonic() - start < SPAN_S:
            writer.write(request * BATCH)
            for _ in range(BATCH):
                await reader.readuntil(LAST_CHUNK)
            answers += BATCH
    finally:
        writer.close()
    return answers
