"""The answers that one HTTP/2 connection owes, frame by frame within its windows (floor 2)."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from h2.errors import ErrorCodes

from crawlbench.mirror.clock import now
from crawlbench.mirror.delivery import End
from crawlbench.mirror.shaping import Line, piece_bytes

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from h2.connection import H2Connection

    from crawlbench.mirror.clock import Timer
    from crawlbench.mirror.doors import Door
    from crawlbench.mirror.replies import Reply
    from crawlbench.mirror.server import Mirror

# Data that belongs to no stream: the client must give up the connection (RFC 9113, 6.1).
BROKEN_FRAME = b"\x00\x00\x09\x00\x00\x00\x00\x00\x00no stream"
MAX_UNSENT_BYTES = 65_536  # collected before they are written, so that many frames share a packet


class Streams:
    """Sends replies in turn, one frame each, as far as the client's windows allow."""

    def __init__(
        self,
        mirror: Mirror,
        door: Door,
        h2: H2Connection,
        transport: asyncio.Transport,
        on_done: Callable[[Reply], None],
    ) -> None:
        """Send through a transport.

        Args:
            mirror: has the clock and the line that all connections share.
            door: the door that the client came in by, which counts.
            h2: the state of the connection.
            transport: the client's.
            on_done: called when nothing more of a reply will come.
        """
        self._mirror = mirror
        self._door = door
        self._h2 = h2
        self._transport = transport
        self._on_done = on_done
        self._ready: deque[Reply] = deque()
        self._blocked: dict[int, Reply] = {}
        """Replies whose window is shut, by stream."""
        self._timer: Timer | None = None
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self.open: dict[int, Reply] = {}
        """All replies that are not done, by stream."""
        self._is_closed = False
        self._ready_at = 0.0
        """When the network's lines could take the next piece, whenever the timer tells."""
        self.is_open = True
        """Whether the client takes what is sent."""
        self.moved_at = now()
        """When part of a reply was last sent."""
        rate = mirror.network.connection_bytes_per_s
        self._line = Line(rate) if rate else None

    def put(self, reply: Reply) -> None:
        """Send a reply when it is due."""
        self.open[reply.stream] = reply
        if reply.exchange.due > now():
            reply.timer = self._mirror.clock.call_at(
                reply.exchange.due, partial(self._on_due, reply)
            )
        else:
            self._ready.append(reply)

    def drop(self, stream: int) -> None:
        """Forget a reply that the client no longer wants."""
        reply = self.open.pop(stream, None)
        if reply:
            self._blocked.pop(stream, None)
            if reply in self._ready:
                self._ready.remove(reply)
            self._finish(reply)

    def close(self) -> None:
        """Stop sending and forget everything, since nobody will read it."""
        self._is_closed = True
        if self._timer:
            self._timer.cancel()
        for stream in list(self.open):
            self.drop(stream)

    def unblock(self, stream: int) -> None:
        """Go on with a stream whose window has opened; 0 for all streams."""
        for each in [stream] if stream else list(self._blocked):
            reply = self._blocked.pop(each, None)
            if reply:
                # No burst for the time in which the window was shut.
                reply.ready_at = now()
                self._ready.append(reply)

    def resume(self) -> None:
        """Resume sending to a client that reads again."""
        self.is_open = True
        # No burst for the time in which nobody read.
        self._ready_at = now()
        self.go_on()

    @property
    def has_due(self) -> bool:
        """Whether something will be sent without the client doing anything, or a fault stalls."""
        return self._timer is not None or any(
            reply.timer or (reply.end is End.STALL and not reply.left)
            for reply in self.open.values()
        )

    def say(self, frame: bytes) -> None:
        """Send a frame that h2 does not know about."""
        self._gather(frame)
        self._door.counters.wire_bytes += len(frame)

    def flush(self) -> None:
        """Write the protocol's own frames, and everything collected."""
        control = self._h2.data_to_send()
        if control:
            self._gather(control)
            self._door.counters.wire_bytes += len(control)
        if self._unsent:
            whole = b"".join(self._unsent)
            self._unsent.clear()
            self._unsent_bytes = 0
            if not (self._is_closed or self._transport.is_closing()):
                self._transport.write(whole)

    def go_on(self) -> None:
        """Send what is ready, as far as windows and lines allow."""
        self.flush()
        # `_timer` runs while a piece is on the network's lines. They carry one piece of a
        # connection at a time, so everything that is ready waits behind it.
        while self._ready and self.is_open and self._timer is None:
            reply = self._ready.popleft()
            size, lines = self._allowed_bytes(reply), self._lines(reply)
            has_head_to_carry = bool(reply.head and lines) and not reply.bytes_per_s
            if reply.left and not size and not has_head_to_carry:
                # The client's window is shut. It holds back only bodies, so the head is sent now,
                # and the reply waits for `unblock` without holding up others.
                self._send_head(reply)
                self._blocked[reply.stream] = reply
                continue
            if lines:
                self._carry(reply, size, lines)
            else:
                self._send(reply, size)
            if self._unsent_bytes >= MAX_UNSENT_BYTES:
                self.flush()
        self.flush()

    def _on_due(self, reply: Reply) -> None:
        reply.timer = None
        self._ready.append(reply)
        self.go_on()

    def _allowed_bytes(self, reply: Reply) -> int:
        """Return how much of a body can be sent now as one frame."""
        if not reply.left:
            return 0
        # A client that makes all windows smaller can make this one negative (RFC 9113, 6.9.2).
        window = self._h2.local_flow_control_window(reply.stream)
        return max(0, min(len(reply.left), window, self._h2.max_outbound_frame_size))

    def _lines(self, reply: Reply) -> list[Line]:
        """Return the lines that the next piece has to pass through."""
        if reply.bytes_per_s:
            return [Line(reply.bytes_per_s)]
        lines = (self._line, self._mirror.line) if self._mirror.plays_network else ()
        return [line for line in lines if line]

    def _carry(self, reply: Reply, size: int, lines: list[Line]) -> None:
        """Pass a piece through the lines, and send it when it is through.

        The network's lines carry one piece of the connection after the other. A slow reply has a
        line of its own, so that others can go on beside it.
        """
        size = min(size, *(piece_bytes(line.bytes_per_s) for line in lines))
        # Bound before the head is added: it takes time on the lines, but is no part of a frame.
        carry = partial(self._on_carried, reply, size)
        if reply.bytes_per_s:
            self._send_head(reply)
            reply.ready_at = max(line.carry(size, reply.ready_at) for line in lines)
            reply.timer = self._mirror.clock.call_at(reply.ready_at, carry)
            return
        size += sum(len(name) + len(value) for name, value in reply.head)
        start = max(reply.ready_at, self._ready_at)
        self._ready_at = max(line.carry(size, start) for line in lines)
        self._timer = self._mirror.clock.call_at(self._ready_at, carry)

    def _on_carried(self, reply: Reply, size: int) -> None:
        # A slow reply waits by a timer of its own, all others by that of the lines.
        if reply.timer:
            reply.timer = None
        else:
            self._timer = None
        # The client may have reset the stream meanwhile, or shut its window: check again.
        if self.open.get(reply.stream) is reply:
            self._send(reply, min(size, self._allowed_bytes(reply)))
        self.go_on()

    def _send(self, reply: Reply, size: int) -> None:
        """Send the next frame of a reply; after the last, end the stream unless a fault stalls."""
        self._send_head(reply)
        if size:
            is_last = size == len(reply.left) and reply.end is End.KEEP
            self._h2.send_data(reply.stream, reply.left[:size].tobytes(), end_stream=is_last)
            reply.left = reply.left[size:]
            self._take(reply)
        if reply.left:
            self._ready.append(reply)
        elif reply.end is not End.STALL:
            self._end(reply)

    def _send_head(self, reply: Reply) -> None:
        if reply.head:
            is_all = not reply.left and reply.end is End.KEEP
            self._h2.send_headers(reply.stream, reply.head, end_stream=is_all)
            reply.head = []
            reply.exchange.first_byte = now()
            self._take(reply)

    def _end(self, reply: Reply) -> None:
        """End a stream in the way its fault, if any, demands."""
        if reply.end is End.CLOSE:
            # Merely closing the connection would look as if the reply were complete.
            self._gather(BROKEN_FRAME)
            self.flush()
            self._transport.close()
        elif reply.end is End.RESET:
            self._h2.reset_stream(reply.stream, ErrorCodes.INTERNAL_ERROR)
            self._take(reply)
        if reply.exchange.first_byte is not None:
            reply.exchange.last_byte = reply.exchange.counters.answered_at = now()
        # First, because whoever hears that this reply is done looks whether others are open.
        del self.open[reply.stream]
        self._finish(reply)

    def _finish(self, reply: Reply) -> None:
        if reply.timer:
            reply.timer.cancel()
        # Its bytes were counted when they were framed.
        reply.exchange.counters.answered(0)
        self._on_done(reply)

    def _take(self, reply: Reply) -> None:
        """Collect what was just framed for a reply, and count it as sent."""
        data = self._h2.data_to_send()
        self._gather(data)
        reply.sent_bytes += len(data)
        reply.exchange.counters.wire_bytes += len(data)
        self.moved_at = now()

    def _gather(self, data: bytes) -> None:
        self._unsent.append(data)
        self._unsent_bytes += len(data)
