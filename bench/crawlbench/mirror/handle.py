"""A mirror for programs and tests: open while a `with` or an `async with` lasts (floor 2)."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.children import ChildEnded, PlainChild, last_line
from crawlbench.base.errors import BenchError, MirrorError, UsageError
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import (
    ANSWER_TIMEOUT_S,
    CHILD,
    START_TIMEOUT_S,
    STOP_TIMEOUT_S,
    open_job,
)
from crawlbench.plugins.origin import make_pages

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType

    from crawlbench.base.children import Message


@dataclass(frozen=True, slots=True)
class MirrorAddress:
    """Where to reach an open mirror."""

    url: str
    """Address of the site's first page."""
    origin: str
    """Such as `http://127.0.0.1:40123`, without a final slash."""
    ca_file: str | None
    """PEM file of the authority to trust, for as long as the mirror serves; None on plain HTTP."""

    def __str__(self) -> str:
        """Return the address of the first page."""
        return self.url

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return a context that trusts the mirror; None on plain HTTP."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None


class ServedMirror:
    """Serves a site on a network, from a process of its own, while its block lasts.

    `with` suits all programs; `async with` does the same without blocking the event loop.
    """

    def __init__(
        self,
        site: str | PathLike[str] = "douban-top250",
        network: str | PathLike[str] = "loopback",
        *,
        seed: int = 1,
    ) -> None:
        """Note what to serve; nothing is started yet.

        Args:
            site: a name, or the path of a site's file, as `crawlbench list sites` shows them.
            network: a name such as `wan` or `wan@150ms`, or the path of a network's file.
            seed: decides the network's delays and faults.
        """
        self._site, self._network, self._seed = str(site), str(network), seed
        self._open = ExitStack()
        self._is_open = False

    def open(self) -> MirrorAddress:
        """Start the mirror, for code that cannot use `with`, and return where it serves.

        Raises:
            UsageError: there is no such site or network, or the mirror is open already.
            MirrorError: it did not start; the message has its last words.
        """
        if self._is_open:
            raise UsageError("this mirror is open already: make another with crawlbench.mirror()")
        network = find_network(self._network)
        make_pages(self._site)
        with ExitStack() as stack:
            job = stack.enter_context(open_job(self._site, network, self._seed))
            child = PlainChild(CHILD, job)
            stack.callback(child.end, STOP_TIMEOUT_S)
            hello = self._hear(child, START_TIMEOUT_S)
            span = {"epoch": "", "plays_network": True, "lap": 0, "laps": 1}
            child.say({"op": "begin", "span": span, "trace_file": None})
            self._hear(child, ANSWER_TIMEOUT_S)
            self._open = stack.pop_all()
        self._is_open = True
        origin = hello["address"]
        return MirrorAddress(origin + hello["path"], origin, hello["ca_file"])

    def close(self) -> None:
        """End the mirror; does nothing if it is not open."""
        self._is_open = False
        self._open.close()

    def _hear(self, child: PlainChild, deadline_s: float) -> Message:
        try:
            return child.hear(deadline_s)
        except ChildEnded:
            reason = last_line(child.words()) or "its process ended without a word"
        except TimeoutError:
            reason = f"it gave no sign of life in {deadline_s:g} s"
        raise MirrorError(f"the mirror of {self._site!r} did not start: {reason}")

    def __enter__(self) -> MirrorAddress:
        """Start the mirror, and return where it serves."""
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the mirror."""
        self.close()

    async def __aenter__(self) -> MirrorAddress:
        """Start the mirror without blocking the event loop, and return where it serves."""
        opening = asyncio.ensure_future(asyncio.to_thread(self.open))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:  # the thread goes on: what it opens must be closed
            with suppress(BenchError):
                await opening
            await asyncio.to_thread(self.close)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the mirror without blocking the event loop."""
        await asyncio.to_thread(self.close)
