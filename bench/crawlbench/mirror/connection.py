"""One client's connection: HTTP/1.1 requests in, answers out in the same order (floor 2).

A request that has come before, byte for byte, is not parsed again; on a network without delays its
answer, already rendered, is sent at once. All other answers take their turn in the outbox. A client
that does not read its answers is sent no more of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crawlbench.base.counters import Counters
from crawlbench.mirror.choices import answer_stranger, count_request
from crawlbench.mirror.clock import now
from crawlbench.mirror.delivery import End, Wire, spoil
from crawlbench.mirror.doors import Tracked
from crawlbench.mirror.faults import alter
from crawlbench.mirror.http1 import CLOSE, CONTINUE
from crawlbench.mirror.http2 import Http2Connection
from crawlbench.mirror.inbox import PREFACE, after_preface
from crawlbench.mirror.limits import MAX_UNSENT_BYTES
from crawlbench.mirror.networks import DELIVERY_KINDS
from crawlbench.mirror.outbox import UNCOUNTED, Exchange, Outbox
from crawlbench.mirror.reader import RequestReader

if TYPE_CHECKING:
    import asyncio

    from crawlbench.mirror.answers import Answer
    from crawlbench.mirror.doors import Door, Known
    from crawlbench.mirror.request import Request
    from crawlbench.mirror.server import Mirror

MAX_WAITING = 64  # pipelined requests per connection that may wait for their answers


class Connection(Tracked):
    """One client's connection."""

    __slots__ = (
        *("_fd", "_is_between", "_is_new", "_is_over"),
        *("_mirror", "_outbox", "_reader", "_served"),
    )

    def __init__(self, mirror: Mirror, door: Door) -> None:
        """Belong to a mirror, and count at the door that the client came in by."""
        super().__init__(door)
        self._mirror = mirror
        # Made when they are needed: a connection whose requests are all known needs neither.
        self._reader: RequestReader | None = None
        self._outbox: Outbox | None = None
        self._is_between = True
        """Whether the next byte begins a request that will be answered."""
        self._is_new = True
        self._is_over = False
        self._served = 0

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        raw = transport.get_extra_info("socket")
        # Past TLS nothing may be written to the socket: there the transport encrypts.
        is_tcp = raw is not None and transport.get_extra_info("sslcontext") is None
        self._fd = raw.fileno() if is_tcp else -1
        self._mirror.admit(self)
        self.number = self.door.counters.connections

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget what waits."""
        self._is_between = False
        self._is_over = True
        if self._outbox:
            self._outbox.clear()
        self._mirror.dismiss(self)

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its answers, and stop sending to it."""
        self._open_outbox().pause()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Resume sending and reading."""
        self.active = now()
        self._open_outbox().resume()
        self._read_on()

    def data_received(self, data: bytes) -> None:
        """Answer a known request, or parse what came."""
        mirror = self._mirror
        # The same bytes mean the same request only where a request begins, not within a body.
        if self._is_between:
            known = self.door.known.get(data)
            if known is not None:
                if mirror.is_plain and (self._outbox is None or self._outbox.is_idle):
                    self._answer_at_once(known)
                else:
                    self._is_between = self._serve(known.request)
                return
        elif self._is_over:
            return
        self._parse(data)

    # Our own methods

    def _answer_at_once(self, known: Known) -> None:
        """Answer a request for a page, bypassing the outbox, and the transport too if that is idle.

        The transport takes what the socket does not accept, and reports any error itself.
        """
        page, flags = known.request.page, known.request.flags
        assert page is not None
        answer = known.recall() or known.learn(self._mirror.responses.page(page, flags))
        size = len(answer.data)
        # Before the client can have the answer: after that its clock may stop at any moment.
        self.active = at = now()
        counters = self.door.counters
        before = counters.answered_at_once(page, size, at, flags)
        if self.span is not counters:
            self._is_new, self.span, self.crawl = False, counters, before
            counters.introduced(self.opened)
        elif before > self.crawl:
            self.crawl = before
            counters.carried += 1
        sent = 0
        # Past the transport only while it holds nothing back, or answers would change places.
        if self._fd >= 0 and not self._transport.get_write_buffer_size():
            try:  # noqa: SIM105  (a context would cost more than all of this)
                sent = answer.send(self._fd)
            except OSError:
                pass
        if sent < size:
            self._transport.write(answer.data[sent:])

    def _parse(self, data: bytes) -> None:
        if self._reader is None:
            self._reader = RequestReader(
                self._mirror.responses.find_page,
                self._mirror.responses.refusal,
                self._serve,
                self._give_leave,
            )
        begins, requests = self._is_between, self._served
        self.active = now()
        refusal = self._reader.feed(data) or (400 if begins and _is_false_preface(data) else 0)
        if refusal:
            # A preface after a request is none: HTTP/2 begins with the connection or not at all.
            is_first = self._is_new and not self._served
            if self._reader.is_http2 and is_first and self._turn_to_http2(data):
                return
            self._refuse(refusal)
        self._is_between = self._reader.is_between and not self._is_over
        # Only bytes that are exactly one whole request can be recognised when they come again.
        if begins and self._is_between and self._served == requests + 1:
            self.door.remember(data, self._reader.last)

    def _turn_to_http2(self, data: bytes) -> bool:
        """Hand a client that began with HTTP/2's preface over to HTTP/2; return whether it did."""
        rest = after_preface(data)
        if rest is None:
            return False
        protocol = Http2Connection(self._mirror, self.door, self.opened)
        # The mirror has counted this connection already: it only changes hands.
        self._mirror.connections.discard(self)
        self._mirror.connections.add(protocol)
        self._transport.set_protocol(protocol)
        protocol.take_over(self._transport, self.number)
        # h2 wants the whole preface, of which HTTP/1.1's parser may have swallowed a part before.
        protocol.data_received(PREFACE + rest)
        return True

    def _serve(self, request: Request) -> bool:
        """Count a request and answer it, now or later; return whether more may follow."""
        mirror, counters = self._mirror, self.door.counters
        self._served += 1
        self.active = arrived = now()
        if request.page is None:
            aside = mirror.aside and mirror.aside(request.target)
            if aside:
                return self._serve_aside(aside, request)
        name, before = count_request(counters, request, self)
        # The first answer on a connection, whichever it is, waits for the handshakes as well.
        age_s, self._is_new = arrived - self.opened if self._is_new else None, False
        delay_s = mirror.delay_s(request.page or "", before, connection_age_s=age_s)
        wire = self._make_wire(request, before)
        self._is_over = wire.end is not End.KEEP
        due = arrived + delay_s
        self._deliver(Exchange(self, name, wire, counters, arrived, due, request.method))
        return not self._is_over

    def _serve_aside(self, answer: Answer, request: Request) -> bool:
        """Answer what is not counted; return whether more may follow."""
        arrived = self.active
        self._is_over = request.closes
        data = self._mirror.responses.render(answer, request.flags)
        wire = Wire(data, End.CLOSE if request.closes else End.KEEP, status=answer.status)
        self._deliver(Exchange(self, UNCOUNTED, wire, Counters(), arrived, arrived))
        return not self._is_over

    def _make_wire(self, request: Request, before: int) -> Wire:
        """Return what to send for a request, and what happens to the connection then."""
        mirror, flags = self._mirror, request.flags
        end = End.CLOSE if request.closes else End.KEEP
        # What a client has pipelined would reset a connection that is closed at once, and the
        # answers that it has not read would be lost (RFC 9112, 9.6). TLS, which cannot end one
        # direction alone, would keep clients waiting for the end; there nobody pipelines.
        if end is End.KEEP and mirror.is_last(self._served):
            end = End.FAREWELL if self._transport.can_write_eof() else End.CLOSE
        if end is not End.KEEP:
            flags |= CLOSE
        if request.page is None or not request.is_allowed:
            answer = answer_stranger(mirror, request)
            return Wire(mirror.responses.render(answer, flags), end, status=answer.status)
        flags = mirror.choose_edition(request.page, flags, before)
        fault = mirror.draw_fault(request, before, self.door.counters)
        if fault is None:
            return Wire(mirror.responses.page(request.page, flags).data, end)
        answer = mirror.responses.answer(request.page, flags)
        if fault.kind in DELIVERY_KINDS:
            return spoil(fault.kind, answer, flags, mirror.responses, end)
        answer = alter(answer, fault, request.page)
        return Wire(mirror.responses.render(answer, flags), end, status=answer.status)

    def _give_leave(self, page: str) -> None:
        """Let a client send its body, a round trip later and after the answers that wait."""
        counters, arrived = self.door.counters, now()
        # Only these bytes count. As an answer it would lower `in_flight`, although its request has
        # not arrived yet; so its exchange has counters of its own.
        counters.wire_bytes += len(CONTINUE)
        age_s, self._is_new = arrived - self.opened if self._is_new else None, False
        name, before = f"100 {page}", counters.pages.get(page, 0)
        due = arrived + self._mirror.delay_s(name, before, connection_age_s=age_s)
        wire = Wire(CONTINUE, status=100)
        self._deliver(Exchange(self, UNCOUNTED, wire, Counters(), arrived, due))

    def _refuse(self, status: int) -> None:
        """Answer something that is not a valid request, after all that wait, and hang up."""
        if self._is_over:
            return
        self._is_over = True
        counters, name = self.door.counters, f"(refused with {status})"
        counters.arrived(name)
        responses = self._mirror.responses
        data = responses.render(responses.error_answer(status), CLOSE)
        wire = Wire(data, End.FAREWELL, status=status)
        arrived = now()
        self._deliver(Exchange(self, name, wire, counters, arrived, arrived))

    def _deliver(self, exchange: Exchange) -> None:
        outbox = self._open_outbox()
        outbox.put(exchange)
        if len(outbox.waiting) == MAX_WAITING:
            # What came in the same packet is still taken, so that for a moment more may wait.
            self._transport.pause_reading()

    def _open_outbox(self) -> Outbox:
        if self._outbox is None:
            self._outbox = Outbox(self._mirror, self._transport, self._on_answered)
        return self._outbox

    def _on_answered(self) -> None:
        self.active = now()
        self._read_on()

    def _read_on(self) -> None:
        outbox = self._open_outbox()
        is_read = outbox.is_open or outbox.is_stalled  # else nobody would notice the client leave
        has_room = is_read and len(outbox.waiting) < MAX_WAITING
        if has_room and not self._transport.is_closing():
            self._transport.resume_reading()

    def drop_if_idle(self, since: float) -> None:
        """Drop the connection if nothing has moved since then and nothing is due."""
        if self.active < since and not (self._outbox and self._outbox.is_busy):
            self.drop()


def _is_false_preface(data: bytes) -> bool:
    """Return whether a head begins like HTTP/2's preface but differs later; llhttp would wait."""
    return data.startswith(b"PRI ") and not PREFACE.startswith(data[: len(PREFACE)])
