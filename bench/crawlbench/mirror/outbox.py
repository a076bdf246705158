"""Sends one client its answers: in order, when they are due, no faster than its line (floor 2)."""

from __future__ import annotations

import socket
import struct
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.mirror.clock import now
from crawlbench.mirror.delivery import End
from crawlbench.mirror.limits import FAREWELL_S
from crawlbench.mirror.shaping import Line, piece_bytes

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from crawlbench.base.counters import Counters
    from crawlbench.mirror.clock import Timer
    from crawlbench.mirror.delivery import Wire
    from crawlbench.mirror.doors import Tracked
    from crawlbench.mirror.server import Mirror

UNCOUNTED = "(not counted)"
"""Stands for the page in exchanges that are not counted."""

FLUSH_S = 0.005  # how long a reset waits, so that the bytes before it get out
RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and its answer; times are on the clock of `clock.now`."""

    connection: Tracked
    page: str
    """The page, as the counters name it."""
    wire: Wire
    counters: Counters
    """Counters of the span in which the request came."""
    arrived: float
    due: float
    method: bytes = b"GET"
    http: str = "1.1"
    """HTTP version that the client speaks."""
    sent_bytes: int = 0
    """Bytes sent of the answer, with its head."""
    first_byte: float | None = None
    last_byte: float | None = None
    """When the last byte was handed to the transport."""


class Outbox:
    """The answers that one connection still owes."""

    __slots__ = (
        *("_line", "_mirror", "_on_answered", "_position", "_ready_at", "_timer", "_transport"),
        *("is_open", "is_stalled", "waiting"),
    )

    def __init__(
        self, mirror: Mirror, transport: asyncio.Transport, on_answered: Callable[[], None]
    ) -> None:
        """Send through a transport.

        Args:
            mirror: has the clock and the line that all connections share.
            transport: the client's.
            on_answered: called after each answer's last byte.
        """
        self._mirror = mirror
        self._transport = transport
        self._on_answered = on_answered
        self.waiting: deque[Exchange] = deque()
        self._timer: Timer | None = None
        self._position = 0
        """How many bytes of the first waiting answer are sent."""
        self._ready_at = 0.0
        """When the lines could take the next piece, which is earlier than a late timer tells."""
        self.is_open = True
        """Whether the client takes what is sent."""
        self.is_stalled = False
        """Whether a fault has stopped all sending for good."""
        rate = mirror.network.connection_bytes_per_s
        self._line = Line(rate) if rate else None

    @property
    def is_idle(self) -> bool:
        """Whether an answer may bypass it: none waits, and the client takes what is sent."""
        return self.is_open and not self.waiting

    @property
    def is_busy(self) -> bool:
        """Whether the mirror still has to send something, or never will because of a fault."""
        return self.is_stalled or (self.is_open and bool(self.waiting))

    def put(self, exchange: Exchange) -> None:
        """Send an answer in its turn."""
        self.waiting.append(exchange)
        if len(self.waiting) == 1:
            self._go_on()

    def pause(self) -> None:
        """Stop sending, because the client does not read; a piece on the lines still arrives."""
        self.is_open = False

    def resume(self) -> None:
        """Resume sending, unless a fault has stopped it.

        Not at once: asyncio's transports call this from within a write, and must not be closed
        then.
        """
        if self.is_stalled:
            return
        self.is_open = True
        # A client that reads again gets no burst: what its line could have carried meanwhile is
        # lost. But a piece may still be on the lines, and the next one comes after it.
        self._ready_at = max(self._ready_at, now())
        if self.waiting and self._timer is None:
            self._wait_until(now())

    def clear(self) -> None:
        """Forget what waits, since nobody will read it."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for exchange in self.waiting:
            exchange.counters.in_flight -= 1
            self._mirror.watch(exchange)
        self.waiting.clear()

    def _go_on(self) -> None:
        """Send what is due, and set the clock for what is not."""
        # Three things stop it: nothing waits; the client does not read; the clock will call,
        # because the first answer is not due or a piece of it is on the lines.
        while self.waiting and self.is_open and self._timer is None:
            first = self.waiting[0]
            if first.due > now():
                self._wait_until(first.due)
            elif self._lines(first):
                self._carry_piece(first)
            else:
                self._send(first, first.wire.data)

    def _wait_until(self, due: float) -> None:
        self._timer = self._mirror.clock.call_at(due, self._on_due)

    def _on_due(self) -> None:
        self._timer = None
        self._go_on()

    def _lines(self, exchange: Exchange) -> list[Line]:
        """Return the lines that an answer has to pass through."""
        if exchange.wire.bytes_per_s:
            # A new line for each piece will do: `_ready_at` says when the last one was through.
            return [Line(exchange.wire.bytes_per_s)]
        lines = (self._line, self._mirror.line)
        return [line for line in lines if line] if self._mirror.plays_network else []

    def _carry_piece(self, exchange: Exchange) -> None:
        """Pass the next piece of an answer through the lines; send it when it is through."""
        lines = self._lines(exchange)
        size = min(piece_bytes(line.bytes_per_s) for line in lines)
        piece = exchange.wire.data[self._position : self._position + size]
        # Not from now on: timers ring late, and a line would lose that time with each piece.
        start = max(self._ready_at, exchange.due)
        due = self._ready_at = max(line.carry(len(piece), start) for line in lines)

        def send() -> None:
            self._timer = None
            self._send(exchange, piece)
            self._go_on()

        self._timer = self._mirror.clock.call_at(due, send)

    def _send(self, exchange: Exchange, piece: bytes) -> None:
        """Write a piece of the first answer; after the last piece, decide about the connection."""
        at = now()  # before the client can have it
        if exchange.first_byte is None:
            exchange.first_byte = at
        if piece and not self._transport.is_closing():
            self._transport.write(piece)
            # Now and not at the end, which an answer that stalls or is left never reaches.
            exchange.sent_bytes += len(piece)
            exchange.counters.wire_bytes += len(piece)
        self._position += len(piece)
        if self._position >= len(exchange.wire.data):
            self._finish(exchange, at)

    def _finish(self, exchange: Exchange, at: float) -> None:
        self._position = 0
        if exchange.wire.end is End.STALL:
            # It stays first in the queue, so that nothing behind it is ever sent.
            self.is_stalled = True
            self.is_open = False
            return
        self.waiting.popleft()
        sent = 0 if self._transport.is_closing() else len(exchange.wire.data)
        exchange.counters.answered(0, at if sent else 0.0)  # its bytes are counted already
        exchange.last_byte = now()
        self._mirror.watch(exchange)
        if exchange.wire.end is End.CLOSE:
            self._transport.close()
        elif exchange.wire.end is End.FAREWELL:
            self._say_farewell()
        elif exchange.wire.end is End.RESET:
            # A reset throws away what the system still holds, so what was sent gets a moment.
            self.is_open = False
            self._mirror.clock.call_at(now() + FLUSH_S * bool(sent), self.reset)
        self._on_answered()

    def _say_farewell(self) -> None:
        """End the answers; what the client still sends is read, and ignored, for a while."""
        # TLS cannot end one direction alone.
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        # Kept, so that a client that hangs up itself leaves nothing behind (`clear`).
        self._timer = self._mirror.clock.call_at(now() + FAREWELL_S, self._transport.close)

    def reset(self) -> None:
        """Reset the connection."""
        raw = self._transport.get_extra_info("socket")
        # Without this the system would end the connection with FIN, as if it were closed.
        if raw is not None and not self._transport.is_closing():
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        self._transport.abort()
