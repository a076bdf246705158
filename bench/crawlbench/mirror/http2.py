"""One client's connection: HTTP/2 requests in, answers out on their streams (floor 2).

The library h2 keeps the protocol's state. This module adds what the mirror needs: the same
counting, delays and faults as over HTTP/1.1, and limits against broken or hostile clients.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from h2 import events
from h2.errors import ErrorCodes
from h2.exceptions import H2Error
from hpack.exceptions import HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import GoAwayFrame

from crawlbench.mirror.clock import now
from crawlbench.mirror.desk import Desk
from crawlbench.mirror.doors import Tracked
from crawlbench.mirror.inbox import MAX_STREAMS, Asking, greet, make_server_state
from crawlbench.mirror.limits import FAREWELL_S, MAX_BODY_BYTES, MAX_UNSENT_BYTES, Http2Patience
from crawlbench.mirror.request import EXPECTATION, can_meet, is_host
from crawlbench.mirror.streams import Streams

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from crawlbench.mirror.clock import Timer
    from crawlbench.mirror.doors import Door
    from crawlbench.mirror.replies import Reply
    from crawlbench.mirror.server import Mirror


class Http2Connection(Tracked):
    """One client's connection."""

    def __init__(self, mirror: Mirror, door: Door, opened: float | None = None) -> None:
        """Come in by a door; `opened` says when on the clock of `now`, None means just now."""
        super().__init__(door, opened)
        self._mirror = mirror
        self._asking: dict[int, Asking] = {}
        self._is_over = False
        self._is_leaving = False
        """Whether further requests are refused."""
        self._patience = Http2Patience()
        self._farewell: Timer | None = None
        self._h2 = make_server_state()

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection and send our settings."""
        self._mirror.admit(self)
        self.take_over(cast("asyncio.Transport", transport), self.door.counters.connections)

    def take_over(self, transport: asyncio.Transport, number: int) -> None:
        """Send our settings on a connection that is already counted."""
        self.number = number
        self._transport = transport
        transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        self._streams = Streams(self._mirror, self.door, self._h2, transport, self._on_done)
        self._desk = Desk(self._mirror, self, self._h2, self._streams)
        greet(self._h2)
        self._streams.flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget what waits."""
        self._is_over = True
        self._streams.close()
        if self._farewell:
            self._farewell.cancel()
        self._mirror.dismiss(self)

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its answers, and stop sending to it."""
        self._streams.is_open = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Resume sending and reading."""
        self._streams.resume()
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Take frames; answer the requests that they complete."""
        if self._is_over:
            return
        try:
            taken = self._h2.receive_data(data)
            is_too_long = self._patience.ends_by_length(len(data), is_whole=bool(taken))
            for event in taken:
                self._take(event)
        except (H2Error, HPACKError, HyperframeError) as error:
            self._streams.flush()  # h2 already has a farewell for the client
            self._hang_up(getattr(error, "error_code", ErrorCodes.PROTOCOL_ERROR))
        except Exception:  # a fault of a site or of ours; HTTP/1.1 answers 500
            self._give_up(ErrorCodes.INTERNAL_ERROR)
        else:
            if is_too_long:
                self._give_up(ErrorCodes.FRAME_SIZE_ERROR)
            self._streams.go_on()
            self._end_if_done()

    # What a client does

    def _take(self, event: events.Event) -> None:
        """Do what an event asks for; most unknown ones ask for nothing."""
        handle = _HANDLERS.get(type(event))
        if handle and not self._is_over:  # an event before it may have ended everything
            handle(self, event)

    def _begin_request(self, event: events.RequestReceived) -> None:
        asking, stream = Asking.read(event.headers or ()), event.stream_id
        # REFUSED_STREAM says that nothing was done for a request, so that it may be sent again (RFC
        # 9113, 8.7). One without a valid host is malformed, an error of its stream (8.1.1).
        # Whatever else is wrong gets an answer.
        if self._is_leaving:
            self._refuse_stream(stream)
        elif len(self._asking) + len(self._streams.open) >= MAX_STREAMS:
            self._refuse_stream(stream)
            self.door.counters.refused(f"(refused beyond {MAX_STREAMS} streams)")
            # Otherwise a client could open streams beyond the limit without end.
            self._take_chatter(event)
        elif not is_host(asking.authority):
            self._refuse_stream(stream, ErrorCodes.PROTOCOL_ERROR)
            self.door.counters.refused("(refused with 400)")
        elif not can_meet(asking.expectation):
            self._desk.turn_down(stream, 417)
        else:
            self._asking[stream] = asking
            if EXPECTATION in asking.expectation and not event.stream_ended:
                self._desk.give_leave(stream, asking, self._is_waiting)

    def _is_waiting(self, stream: int) -> bool:
        """Return whether a client may wait for permission to send a body."""
        asking = self._asking.get(stream)
        return asking is not None and not asking.body and not self._is_over

    def _take_body(self, event: events.DataReceived) -> None:
        """Collect a body, up to the limit."""
        stream, size = event.stream_id, event.flow_controlled_length or 0
        asking = self._asking.get(stream)
        # Also if nobody keeps this body: the connection's window would shut for all streams.
        if size:
            self._h2.acknowledge_received_data(size, stream)
        else:
            # An empty frame costs its sender nine bytes (CVE-2019-9518).
            self._take_chatter(event)
        if asking:
            asking.body += event.data or b""
            if len(asking.body) > MAX_BODY_BYTES:
                del self._asking[stream]
                self._desk.turn_down(stream, 413)

    def _end_request(self, event: events.StreamEnded) -> None:
        asking = self._asking.pop(event.stream_id, None)
        if asking:
            self._desk.serve(event.stream_id, asking)
            self._is_leaving = self._is_leaving or self._mirror.is_last(self._desk.served)

    def _open_window(self, event: events.WindowUpdated) -> None:
        self._streams.unblock(event.stream_id or 0)
        # With nothing to send, a wider window asks for nothing.
        if not self._streams.open:
            self._take_chatter(event)

    def _change_settings(self, event: events.RemoteSettingsChanged) -> None:
        # A setting may have widened the windows of all streams.
        self._streams.unblock(0)
        self._take_chatter(event)

    def _take_chatter(self, event: events.Event) -> None:  # noqa: ARG002
        """Hang up on a client that only chatters."""
        if self._patience.ends_by_chatter(self._desk.served):
            self._give_up(ErrorCodes.ENHANCE_YOUR_CALM)

    def _drop_stream(self, event: events.StreamReset) -> None:
        """Forget a request that the client takes back; hang up if it does little else."""
        self._asking.pop(event.stream_id, None)
        self._streams.drop(event.stream_id)
        if self._patience.ends_by_reset(self._desk.answered):
            self._give_up(ErrorCodes.ENHANCE_YOUR_CALM)

    def _part(self, event: events.ConnectionTerminated) -> None:
        """Answer what a client that leaves still waits for; hang up on one that gives up."""
        if event.error_code == ErrorCodes.NO_ERROR:
            self._is_leaving = True  # `data_received` ends it if nothing is open
            self._take_chatter(event)
            return
        self._streams.flush()
        self._hang_up(None)

    # How it is answered

    def _on_done(self, reply: Reply) -> None:
        self._desk.note(reply)
        self.active = now()
        self._end_if_done()

    # How it ends

    def _refuse_stream(self, stream: int, code: ErrorCodes = ErrorCodes.REFUSED_STREAM) -> None:
        self._asking.pop(stream, None)
        with suppress(H2Error):  # a later frame may have ended it already
            self._h2.reset_stream(stream, code)

    def _end_if_done(self) -> None:
        """Close a connection that is leaving, once everything is sent.

        The client is told only then; until then its requests are refused.
        """
        if self._is_leaving and not (self._streams.open or self._asking or self._is_over):
            self._say_goodbye(ErrorCodes.NO_ERROR)
            self._hang_up(None)

    def _give_up(self, code: ErrorCodes) -> None:
        """Tell the client what it did wrong, and hang up."""
        if not self._is_over:
            self._say_goodbye(code)
            self._hang_up(code)

    def _say_goodbye(self, code: ErrorCodes) -> None:
        last = self._h2.highest_inbound_stream_id
        self._streams.flush()  # clients that use h2 cannot read what follows
        self._streams.say(GoAwayFrame(0, last_stream_id=last, error_code=code).serialize())

    def _hang_up(self, code: ErrorCodes | int | None) -> None:
        """Serve nothing more; count a refusal if the client did something wrong."""
        if self._is_over:
            return
        # Set first: closing the streams comes back to `_end_if_done`.
        self._is_over = True
        if code is not None:
            name = code.name if isinstance(code, ErrorCodes) else code
            self.door.counters.refused(f"(HTTP/2 refused with {name})")
        self._streams.flush()
        self._streams.close()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._farewell = self._mirror.clock.call_at(now() + FAREWELL_S, self._transport.close)

    def drop_if_idle(self, since: float) -> None:
        """Drop the connection if nothing has moved since then and nothing is due."""
        # Pings and the like do not count, or a client could keep its place by them.
        if max(self.active, self._streams.moved_at) < since and not self._streams.has_due:
            self.drop()


_HANDLERS: dict[type[events.Event], Callable[[Http2Connection, Any], None]] = {
    events.RequestReceived: Http2Connection._begin_request,
    events.DataReceived: Http2Connection._take_body,
    events.StreamEnded: Http2Connection._end_request,
    events.StreamReset: Http2Connection._drop_stream,
    events.ConnectionTerminated: Http2Connection._part,
    events.WindowUpdated: Http2Connection._open_window,
    events.RemoteSettingsChanged: Http2Connection._change_settings,
    events.PingReceived: Http2Connection._take_chatter,
    events.PriorityUpdated: Http2Connection._take_chatter,
    events.SettingsAcknowledged: Http2Connection._take_chatter,
    events.UnknownFrameReceived: Http2Connection._take_chatter,
}
