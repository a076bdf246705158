"""The handle on a peer's process (floor 2)."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawlbench.base.children import clean_environment, python_command
from crawlbench.operations.contract import Peer, PeerError, PeerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PeerProcess", "PeerUsage", "open_peer"]

ANSWER_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class PeerUsage:
    """What a peer has used, as it tells itself."""

    cpu_s: float
    """Of all its threads, user and system, since it started."""
    clock_s: float
    """A steady clock at the same moment."""

    def busy_since(self, earlier: PeerUsage) -> float:
        """Return the share of one CPU in between: near 1, the peer was the limit."""
        passed = self.clock_s - earlier.clock_s
        return (self.cpu_s - earlier.cpu_s) / passed if passed else 0.0


class PeerProcess:
    """A running peer; made by `open_peer`."""

    def __init__(self, process: subprocess.Popen[str], kind: PeerKind) -> None:
        """Hold a process that has just been started, and wait for its address."""
        self._process = process
        self._kind = kind
        self.peer = Peer(**self._read())
        """Where it listens."""

    def usage(self) -> PeerUsage:
        """Return what it has used.

        Raises:
            PeerError: it is gone or does not answer.
        """
        assert self._process.stdin
        with suppress(OSError):  # `_read` says that it died
            self._process.stdin.write('{"op": "usage"}\n')
            self._process.stdin.flush()
        return PeerUsage(**self._read())

    def _read(self) -> dict[str, Any]:
        """Return the next line; a peer that is silent for too long is killed, which ends its line.

        Raises:
            PeerError: there is none.
        """
        assert self._process.stdout
        watch = threading.Timer(ANSWER_TIMEOUT_S, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line.endswith("\n"):
            code = self._process.wait()
            raise PeerError(f"the peer {self._kind!r} died (exit code {code}) or did not answer")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def open_peer(kind: PeerKind, cpus: tuple[int, ...] = ()) -> Iterator[PeerProcess]:
    """Start a peer, and end it when the block ends.

    Args:
        kind: what it does.
        cpus: to run on; empty for any.

    Raises:
        PeerError: it did not start; its own words are on standard error.
    """
    command = python_command("crawlbench.operations.peer", kind, *map(str, cpus))
    process = subprocess.Popen(
        command,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is its manager's business
    )
    try:
        yield PeerProcess(process, kind)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """Close the pipe, which ends the peer; kill it if that does not."""
    assert process.stdin
    assert process.stdout
    with suppress(OSError):
        process.stdin.close()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
