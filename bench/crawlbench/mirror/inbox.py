"""What an HTTP/2 client sends: its preface, and requests that are not complete yet (floor 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated
from h2.settings import SettingCodes, Settings

from crawlbench.mirror.codings import choose_coding
from crawlbench.mirror.http1 import HEAD
from crawlbench.mirror.limits import MAX_HEAD_BYTES, MAX_TARGET_BYTES
from crawlbench.mirror.request import ANY_TAG, Request, is_any, is_unmatched
from crawlbench.mirror.responses import (
    ABSENT,
    JSON,
    NEW_VISITOR,
    REFUSING,
    UNMATCHED,
    has_bid,
    is_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from h2.events import Event
    from hyperframe.frame import Frame, GoAwayFrame

    from crawlbench.mirror.responses import Responses

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client sends first (RFC 9113, 3.4)."""

MAX_STREAMS = 128  # open at the same time, as in nginx
_CONFIGURATION = H2Configuration(
    client_side=False,
    header_encoding=None,  # bytes stay bytes
    normalize_outbound_headers=False,  # what we send is already normalized
    validate_outbound_headers=False,
)


def after_preface(data: bytes) -> bytes | None:
    """Return what follows a preface, or the rest of one that began earlier; None without one."""
    # The longest first: what ends a preface also stands in its middle.
    rests = (PREFACE[at:] for at in range(len(PREFACE)))
    return next((data[len(rest) :] for rest in rests if data.startswith(rest)), None)


class _ServerState(H2Connection):
    """A connection that a client may leave while it still waits for answers (RFC 9113, 6.8).

    h2 sends nothing more after GOAWAY, whatever it says. This can go once h2 tells a client that
    leaves in peace from one that gives up (python-hyper/h2, as of 4.4).
    """

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        if frame.error_code != ErrorCodes.NO_ERROR:
            return super()._receive_goaway_frame(frame)
        told = ConnectionTerminated()
        told.error_code, told.last_stream_id = ErrorCodes.NO_ERROR, frame.last_stream_id
        return [], [told]


def make_server_state() -> H2Connection:
    """Return the state of a new connection, whose first settings contain our limits."""
    h2 = _ServerState(_CONFIGURATION)
    h2.local_settings = _limit(MAX_STREAMS)
    return h2


def greet(h2: H2Connection) -> None:
    """Send our settings, and from then on bear with twice as many streams.

    One more than the client was told is an error of that stream only (RFC 9113, 5.1.2), which we
    refuse; h2 would give up the connection.
    """
    h2.initiate_connection()
    h2.local_settings = _limit(2 * MAX_STREAMS)


def _limit(streams: int) -> Settings:
    limits = {
        SettingCodes.MAX_CONCURRENT_STREAMS: streams,
        SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
    }
    return Settings(client=False, initial_values=limits)


@dataclass(slots=True)
class Asking:
    """A request, as far as it has come."""

    method: bytes
    target: bytes
    flags: int
    """Flags as in `responses`."""
    content_type: bytes = b""
    """Declared type of the body."""
    authority: bytes = b""
    """The host that it names, with or without a port."""
    expectation: bytes = b""
    """The value of Expect, in lower case; empty if there is none."""
    body: bytes = b""
    """The body so far."""

    @classmethod
    def read(cls, headers: Iterable[Any]) -> Asking:
        """Return the request that headers begin: pairs of bytes from h2, names in lower case."""
        sent: dict[bytes, bytes] = {}
        for name, value in headers:
            # HTTP/2 may split a Cookie header: semicolons join its parts again (RFC 9113, 8.2.3).
            glue = b";" if name == b"cookie" else b","
            sent[name] = sent[name] + glue + value if name in sent else value
        content_type = sent.get(b"content-type", b"")
        flags = choose_coding(sent.get(b"accept-encoding", b""))
        flags |= 0 if has_bid(sent.get(b"cookie", b"")) else NEW_VISITOR
        flags |= JSON if is_json(content_type) else 0
        flags |= UNMATCHED if is_unmatched(sent.get(b"if-match", ANY_TAG)) else 0
        flags |= ABSENT if is_any(sent.get(b"if-none-match", b"")) else 0
        authority = sent.get(b":authority") or sent.get(b"host", b"")
        asks = (sent[b":method"], sent.get(b":path", b""), flags, content_type, authority)
        return cls(*asks, sent.get(b"expect", b"").lower())

    def find_page(self, responses: Responses) -> str | None:
        """Return the page that it names; a target that is too long names none, for it is kept."""
        return responses.find_page(self.target) if len(self.target) <= MAX_TARGET_BYTES else None

    def make_request(self, responses: Responses) -> Request:
        """Return the complete request."""
        page = self.find_page(responses)
        refusal = responses.refusal(self.method, page, self.flags & REFUSING, self.body)
        flags = (self.flags | (HEAD if self.method == b"HEAD" else 0)) & ~REFUSING
        sent = (self.method, self.body, False, self.content_type)
        return Request(self.target, page, flags, refusal, False, *sent)
