"""The handle on a peer's process (floor 2)."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crawlbench.base.children import ChildEnded, PlainChild, last_line
from crawlbench.base.offspring import read_cpu_ns
from crawlbench.operations.contract import Peer, PeerError, PeerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.children import Message

ANSWER_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0


class PeerProcess:
    """A running peer; made by `open_peer`."""

    def __init__(self, child: PlainChild, kind: PeerKind) -> None:
        """Take a child that has just been started, and wait for its address."""
        self._child = child
        self._kind = kind
        self.peer = Peer(**self._hear())
        """Where it listens."""

    def cpu_s(self) -> float:
        """Return the CPU time of all its threads, user and system, since it started.

        Raises:
            PeerError: it is gone.
        """
        # Linux tells it without a message there and back, which takes a millisecond in each turn.
        if sys.platform == "linux" and self._child.code is None:
            return read_cpu_ns(self._child.pid) / 1e9
        return self.ask_cpu_s()

    def ask_cpu_s(self) -> float:
        """Return the same from the peer itself, which shows that it still works.

        Raises:
            PeerError: it is gone or does not answer.
        """
        self._child.say({"op": "usage"})
        used: float = self._hear()["cpu_s"]
        return used

    def _hear(self) -> Message:
        """Return its next message.

        Raises:
            PeerError: there is none.
        """
        try:
            return self._child.hear(ANSWER_TIMEOUT_S)
        except ChildEnded:
            words = last_line(self._child.words())
            raise PeerError(
                f"the peer {self._kind!r} died (exit code {self._child.code})"
                f"{f': {words}' if words else ''}"
            ) from None
        except TimeoutError:
            raise PeerError(
                f"the peer {self._kind!r} did not answer within {ANSWER_TIMEOUT_S:g} s"
            ) from None


@contextmanager
def open_peer(kind: PeerKind, cpus: tuple[int, ...] = ()) -> Iterator[PeerProcess]:
    """Start a peer, and end it when the block ends.

    Args:
        kind: what it does.
        cpus: CPUs to run on; empty for any.

    Raises:
        PeerError: it did not start.
    """
    child = PlainChild("crawlbench.operations.peer", kind, *map(str, cpus))
    try:
        # Made within the block, so that a child that never tells its address is ended, too.
        yield PeerProcess(child, kind)
    finally:
        child.end(STOP_TIMEOUT_S)
