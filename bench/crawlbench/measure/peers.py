"""The peers of a session's operations, which a round uses in the same way as mirrors (floor 3)."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from crawlbench.base.counters import Counters
from crawlbench.base.errors import MirrorError
from crawlbench.operations import PeerError, PeerProcess, open_peer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawlbench.base.records import OperationFacts
    from crawlbench.operations import PeerFields, PeerKind


class PeerMeter:
    """Measures how busy a peer was between `begin` and `end`, unless the peer stands aside."""

    def __init__(self, process: PeerProcess | None, *, is_aside: bool) -> None:
        """Watch a process; None if there is none."""
        self._process = process
        self._is_aside = is_aside
        self._before = 0.0

    @property
    def address(self) -> PeerFields | None:
        """What the manager tells a worker about the peer; None if there is none."""
        return cast("PeerFields", asdict(self._process.peer)) if self._process else None

    async def begin(self, *_: object, **__: object) -> None:
        """Note what the peer has used so far; all arguments are those of a mirror."""
        self._before = self._cpu_s()

    async def end(self, *, has_failed: bool = False) -> Counters:
        """Return what it has used since `begin`; see `Mirror.end`."""
        return Counters(cpu_s=self._cpu_s(asks=has_failed) - self._before)

    async def shut_doors(self, names: Iterable[str] | None = None) -> None:
        """Do nothing: a peer has no doors."""

    def _cpu_s(self, *, asks: bool = False) -> float:
        """Return the peer's CPU time; `asks` makes sure that it answers, which takes a while."""
        if not self._process or (self._is_aside and not asks):
            return 0.0
        try:
            used_s = self._process.ask_cpu_s() if asks else self._process.cpu_s()
            return 0.0 if self._is_aside else used_s
        except PeerError as error:
            raise MirrorError(str(error)) from error


@contextmanager
def open_peers(
    operations: Sequence[OperationFacts], cpus: tuple[int, ...]
) -> Iterator[dict[str, PeerMeter]]:
    """Start one peer of each kind that the operations need, and end them when the block ends.

    Args:
        operations: the session's operations.
        cpus: CPUs for the peers; empty for any.

    Returns:
        The meter of each operation's peer, by the operation's name.

    Raises:
        PeerError: a peer did not start.
    """
    with ExitStack() as stack:
        processes: dict[str, PeerProcess] = {}
        for kind in {facts.peer for facts in operations} - {"none"}:
            processes[kind] = stack.enter_context(open_peer(cast("PeerKind", kind), cpus))
        yield {
            facts.name: PeerMeter(processes.get(facts.peer), is_aside=facts.peer_is_aside)
            for facts in operations
        }
