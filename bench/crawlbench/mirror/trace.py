"""Writes a line about each request of one span to a file, as its answer ends (floor 2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawlbench.mirror.clock import now

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.mirror.outbox import Exchange
    from crawlbench.mirror.server import Mirror

BUFFER_BYTES = 2**18  # bytes to write at a time: a few thousand requests


class Tracer:
    """Watches one span of a mirror, in constant memory.

    A line is a JSON list: connection, HTTP version, page, status, bytes sent, and the seconds since
    `begin` at which the connection was opened, the request had come, and the first and the last
    byte were sent; null for what never happened. Lines are in the order in which the answers ended.
    """

    def __init__(self, mirror: Mirror, path: Path) -> None:
        """Watch a mirror, as its `on_exchange`, from its next `begin` on.

        Raises:
            OSError: the file cannot be made.
        """
        self._mirror = mirror
        self._file = path.open("w", encoding="utf-8", buffering=BUFFER_BYTES)
        self._begun = now()

    def __call__(self, exchange: Exchange) -> None:
        """Note a finished exchange, unless its request came before the span."""
        if exchange.arrived < self._begun:
            return
        opened = exchange.connection.opened - self._begun
        line = [
            # Numbers count within a span: one from before would name another connection here.
            exchange.connection.number if opened >= 0 else 0,
            exchange.http,
            exchange.page,
            exchange.wire.status,
            exchange.sent_bytes,
            *(self._since(t) for t in (exchange.connection.opened, exchange.arrived)),
            *(self._since(t) for t in (exchange.first_byte, exchange.last_byte)),
        ]
        try:
            self._file.write(json.dumps(line) + "\n")
        except OSError:  # a full disk costs the trace, not the crawl
            self.close()

    def _since(self, moment: float | None) -> float | None:
        return None if moment is None else round(moment - self._begun, 6)

    def close(self) -> None:
        """Stop watching; everything that was seen is in the file."""
        self._mirror.on_exchange = None
        try:
            self._file.close()
        except OSError:  # see above
            return
