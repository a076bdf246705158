"""One answer on its way over HTTP/2, and how faults spoil it (floor 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.mirror.delivery import End

if TYPE_CHECKING:
    from crawlbench.mirror.answers import Answer
    from crawlbench.mirror.clock import Timer
    from crawlbench.mirror.outbox import Exchange


class Reply:
    """One answer on its way, on a stream of its own."""

    __slots__ = (
        *("bytes_per_s", "end", "exchange", "head", "left"),
        *("ready_at", "sent_bytes", "stream", "timer"),
    )

    def __init__(self, stream: int, answer: Answer, exchange: Exchange, *, is_head: bool) -> None:
        """Answer on a stream, all at once.

        Args:
            stream: its number.
            answer: the answer.
            exchange: the request and its times.
            is_head: whether to leave out the body.
        """
        self.stream = stream
        self.exchange = exchange
        self.head = _render_head(answer)
        self.left = memoryview(b"" if is_head else answer.body)
        """What is left of the body."""
        self.end = End.KEEP
        """What happens to the stream when nothing is left."""
        self.bytes_per_s: float | None = None
        """Speed; None: as fast as the network allows."""
        self.ready_at = exchange.due
        """When its next piece could be sent."""
        self.sent_bytes = 0
        self.timer: Timer | None = None

    def spoil(self, kind: str) -> None:
        """Deliver it as a fault of this kind does: as HTTP/2's equivalent of what HTTP/1.1 does.

        What ends or stalls a connection in HTTP/1.1 concerns only the stream here, except for the
        frame that breaks the protocol, as a broken chunk does there.
        """
        whole = len(self.left)
        if kind == "one-byte-a-second":
            self.bytes_per_s = 1.0
            return
        if kind == "short-body":
            self.head.append((b"content-length", b"%d" % whole))
        self.left = self.left[: 0 if kind == "reset" else whole // 2]
        self.end = {"short-body": End.KEEP, "bad-chunk": End.CLOSE, "stall": End.STALL}.get(
            kind, End.RESET
        )
        if kind == "reset":
            self.head = []


def _render_head(answer: Answer) -> list[tuple[bytes, bytes]]:
    lines = {":status": str(answer.status), **answer.headers}
    if answer.has_length:
        lines["Content-Length"] = str(len(answer.body))
    return [
        (name.lower().encode("ascii"), value.encode("latin-1")) for name, value in lines.items()
    ]
