"""What an operation is, and how it reports that a loop did not do it (floor 2)."""

from __future__ import annotations

import inspect
import ssl
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from crawlbench.base.errors import BenchError, MirrorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from crawlbench.base.records import OperationFacts

FEW = 50
"""The probe uses this fraction of an operation's `n`: enough to see whether it works."""
LONGEST_SHOWN = 60
"""Most characters of a value in a message."""

PeerKind = Literal["none", "echo", "unix", "udp", "unix-udp", "tls", "bulk", "tls-bulk", "caller"]
"""What another process does for an operation; `peer.py` says how."""

Figures = dict[str, float]
"""What an operation measured besides its time; each name ends with its unit, as in `latest_s`."""


class OperationWrong(BenchError):  # noqa: N818  (the loop is then wrong, not fast)
    """Raised when a loop skipped work, did it too early, out of order, or with other bytes."""


class PeerError(MirrorError):
    """Raised when a peer does not start, or dies, or does not answer."""


def check(what: str, got: object, due: object) -> None:
    """Compare what a loop did with what was expected.

    Raises:
        OperationWrong: they differ.
    """
    if got != due:
        raise OperationWrong(f"{what}: {_short(got)} instead of {_short(due)}")


def _short(value: object) -> str:
    # Cut before it is spelled out, since the representation of a MiB takes several.
    text = repr(value[:LONGEST_SHOWN] if isinstance(value, bytes | bytearray | list) else value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


class PeerFields(TypedDict, total=False):
    """The fields of a `Peer` as they are sent, without those that have their default value."""

    host: str
    port: int
    path: str
    ca_pem: str


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a peer listens."""

    host: str = "127.0.0.1"
    port: int = 0
    path: str = ""
    """Path of a Unix socket; empty otherwise."""
    ca_pem: str = ""
    """The authority that signed a TLS peer's certificate for `localhost`; empty without TLS."""

    @property
    def tls(self) -> ssl.SSLContext:
        """A client's context that trusts this peer and verifies it; one for all connections."""
        return _tls_context(self.ca_pem)


@cache
def _tls_context(ca_pem: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca_pem)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an event loop does `n` times, and verifies."""

    name: str
    """As on the command line."""
    theme: str
    about: str
    """One line."""
    run: Callable[..., Any]
    """`async def op(n)`; `async def op(n, peer)` if it has a peer; `def op(n, loop_factory)` if it
    is plain. It returns None or `Figures` and raises `OperationWrong`."""
    counts: str
    """What `n` counts, in the plural, such as `callbacks`."""
    n: int
    """How many make a value of some milliseconds."""
    peer: PeerKind = "none"
    whole_ms: bool = False
    """Whether its time is that of timers, which some loops (uvloop) round to whole milliseconds: a
    ratio of two loops' times would show the rounding, so there is none."""
    python: tuple[int, int] = (3, 11)
    """The oldest Python that has what it needs."""
    unix_only: bool = False
    around: Callable[[Peer], AbstractAsyncContextManager[None]] | None = None
    """What exists while it runs and is set up outside the clock, such as idle connections."""
    refusals: tuple[type[Exception], ...] = (NotImplementedError,)
    """What a loop raises if it does not support this; other errors mean that the loop is wrong."""
    needs_own: bool = False
    """Whether it has a process of its own in each round, because its work depends on the size or
    age of the process, as forking does. Others share one with all operations of their loop."""
    is_variant: bool = False
    """Whether another operation does the same at another size; the probe leaves this one out."""

    @property
    def is_plain(self) -> bool:
        """Whether it makes its own loops with a factory, rather than running in one."""
        return not inspect.iscoroutinefunction(self.run)

    @property
    def facts(self) -> OperationFacts:
        """What a session keeps about it."""
        # Only for the manager: importing all records would add a fifth to a worker's start.
        from crawlbench.base.records import OperationFacts  # noqa: PLC0415

        return OperationFacts(
            name=self.name,
            theme=self.theme,
            about=self.about,
            counts=self.counts,
            n=self.n,
            peer=self.peer,
            peer_is_aside=self.peer == "none" or self.around is not None,
            whole_ms=self.whole_ms,
            needs_own=self.needs_own,
        )

    @property
    def few(self) -> int:
        """An `n` large enough to show whether it works."""
        return max(2, self.n // FEW)

    @property
    def obstacle(self) -> str:
        """Why it cannot run on this Python and platform, whatever the loop; empty if it can."""
        if self.python > sys.version_info[:2]:
            return "Python {}.{} has it first".format(*self.python)
        if self.unix_only and sys.platform == "win32":
            return "Windows has no such thing"
        return ""


@dataclass(frozen=True, slots=True)
class Theme:
    """Operations that belong together; a module makes one and registers it as an entry point."""

    name: str
    operations: list[Operation] = field(default_factory=list)
    """In the order of the module."""

    def add(
        self,
        run: Callable[..., Any],
        *,
        counts: str,
        n: int,
        name: str = "",
        **facts: Any,  # noqa: ANN401  (fields of several types)
    ) -> None:
        """Add a function.

        Args:
            run: as in `Operation.run`.
            counts: as in `Operation.counts`.
            n: as in `Operation.n`.
            name: the function's, with hyphens, unless given.
            facts: other fields of `Operation`; `about` is the docstring's first line unless given.
        """
        name = name or run.__name__.strip("_").replace("_", "-")
        facts.setdefault("about", (inspect.getdoc(run) or "").partition("\n")[0].rstrip("."))
        self.operations.append(
            Operation(name=name, theme=self.name, run=run, counts=counts, n=n, **facts)
        )

    def operation(
        self,
        *,
        counts: str,
        n: int,
        **facts: Any,  # noqa: ANN401  (as `add`)
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return a decorator that adds a function unchanged; arguments as for `add`."""

        def add(run: Callable[..., Any]) -> Callable[..., Any]:
            self.add(run, counts=counts, n=n, **facts)
            return run

        return add
