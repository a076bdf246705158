"""Runs all probes, a few at once, each in a process of its own with a deadline (floor 3)."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import signal
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawlbench.base.children import Child, ChildEnded
from crawlbench.base.errors import UsageError
from crawlbench.operations import Operation, PeerProcess, open_peer
from crawlbench.plugins import registry
from crawlbench.probe.findings import Finding, LoopFacts, Report, Support
from crawlbench.probe.tries import FIRST, all_tries, find_try

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.base.children import Message

__all__ = ["DEADLINE_S", "ProbeOptions", "run_probe"]

DEADLINE_S = 5.0
"""A probe takes less than half a second; on a busy machine, two."""
JOBS = 2 + (os.cpu_count() or 2)
"""Processes at once: what hangs only waits, so it need not keep a CPU from the others."""
PYTHON = (sys.executable, "-X", "faulthandler")
LONGEST_WORDS = 200
"""Characters of a crashed process's last words."""


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """What to probe."""

    loops: tuple[str, ...]
    """Names, or `module:factory`."""
    probes: tuple[str, ...] = ()
    """Names; empty for all."""
    deadline_s: float = DEADLINE_S
    """Of each probe."""
    are_named: bool = True
    """Whether the user named the loops: one that is absent is then a mistake."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A child's process, when it is over."""

    said: Message
    """All that it said; the later word counts."""
    code: int | None
    """Exit code, negative for a signal; None if the deadline ended it."""
    words: str
    """The last line on its standard error."""
    seconds: float


def run_probe(options: ProbeOptions, tell: Callable[[int, int], None] | None = None) -> Report:
    """Try everything on every loop.

    Args:
        options: what to probe.
        tell: is called with the number of probes done and of all, after each.

    Raises:
        UsageError: a loop that was named is unknown, not installed or none.
        PeerError: a peer did not start, or died.
    """
    return asyncio.run(_Prober(options, tell or (lambda *_: None)).run())


class _Prober:
    def __init__(self, options: ProbeOptions, tell: Callable[[int, int], None]) -> None:
        self._options = options
        self._tell = tell
        self._addresses = {
            name: name if ":" in name else registry.find(registry.Kind.EVENT_LOOP, name).value
            for name in options.loops
        }
        self._tries = [find_try(name) for name in options.probes] or list(all_tries())
        self._rest = [o for o in self._tries if o.name != FIRST]
        self._slots = asyncio.Semaphore(JOBS)
        self._peers: dict[str, PeerProcess] = {}
        self._done = 0

    async def run(self) -> Report:
        with ExitStack() as peers:
            kinds = sorted({o.peer for o in self._rest if not o.obstacle} - {"none"})
            started = [asyncio.to_thread(peers.enter_context, open_peer(kind)) for kind in kinds]
            self._peers = dict(zip(kinds, await asyncio.gather(*started), strict=True))
            probed = await asyncio.gather(*map(self._probe_loop, self._addresses))
            for peer in self._peers.values():
                peer.usage()  # one that died would make its loops look bad
        return Report(
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            python=f"{platform.python_implementation()} {platform.python_version()}",
            platform=platform.platform(terse=True),
            deadline_s=self._options.deadline_s,
            loops=tuple(facts for facts, _ in probed),
            findings=tuple(finding for _, findings in probed for finding in findings),
        )

    async def _probe_loop(self, loop: str) -> tuple[LoopFacts, list[Finding]]:
        first = find_try(FIRST)
        ended = await self._run_child(loop, first)
        absent = ended.said.get("absent", "")
        if absent and self._options.are_named:
            raise UsageError(absent)
        said = {key: ended.said.get(key, "") for key in ("type", "version")}
        facts = LoopFacts(loop, self._addresses[loop], absent=absent, **said)
        if absent:
            return facts, []
        start = self._judge(loop, first, ended)
        if start.support in {Support.HANGS, Support.CRASHES}:
            rest = [self._not_tried(loop, operation, start) for operation in self._rest]
        else:
            rest = await asyncio.gather(*[self._probe(loop, o) for o in self._rest])
        return facts, [start, *rest] if first in self._tries else list(rest)

    async def _probe(self, loop: str, operation: Operation) -> Finding:
        if operation.obstacle:
            return self._found(loop, operation, (Support.NOT_HERE, operation.obstacle), 0.0)
        return self._judge(loop, operation, await self._run_child(loop, operation))

    def _not_tried(self, loop: str, operation: Operation, start: Finding) -> Finding:
        reason = f"not tried: {FIRST} {start.support}, {start.reason}"
        return self._found(loop, operation, (start.support, reason), 0.0)

    def _judge(self, loop: str, operation: Operation, ended: _Ended) -> Finding:
        said = ended.said.get("support")
        found = Support(said or Support.CRASHES), str(ended.said.get("reason", ""))
        if said in {None, Support.WORKS} and (ended.code != 0 or not ended.said.get("closed")):
            late = "its work is done, but then " if said else ""
            found = self._broken(ended, late)
        return self._found(loop, operation, found, ended.seconds)

    def _broken(self, ended: _Ended, late: str) -> tuple[Support, str]:
        if ended.code is None:
            return Support.HANGS, f"{late}no end within {self._options.deadline_s:g} s"
        words = f": {ended.words}" if ended.words else ""
        if ended.code < 0:
            return Support.CRASHES, f"{late}killed by {_signal_name(-ended.code)}{words}"
        return Support.CRASHES, f"{late}ended with exit code {ended.code}{words}"

    def _found(
        self, loop: str, operation: Operation, found: tuple[Support, str], seconds: float
    ) -> Finding:
        self._done += 1
        self._tell(self._done, len(self._addresses) * len(self._tries))
        return Finding(
            loop, operation.theme, operation.name, operation.about, *found, round(seconds, 3)
        )

    async def _run_child(self, loop: str, operation: Operation) -> _Ended:
        peer = self._peers.get(operation.peer)
        job = {
            "loop": loop,
            "probe": operation.name,
            "peer": asdict(peer.peer) if peer else None,
            "deadline_s": self._options.deadline_s,
        }
        async with self._slots:
            start = time.monotonic()
            child = await Child.start(
                "crawlbench.probe.child", json.dumps(job), python=PYTHON, reads=False
            )
            try:
                said, code = await _follow(child, self._options.deadline_s)
                words = _last_words(child.words())
            finally:
                await child.end()
            return _Ended(said, code, words, time.monotonic() - start)


def _signal_name(number: int) -> str:
    return next((known.name for known in signal.Signals if known == number), f"signal {number}")


async def _follow(child: Child, deadline_s: float) -> tuple[Message, int | None]:
    """Wait for a child, at most so long, and end all that it started.

    Returns:
        All that it said, the later word counting, and its exit code, or None at the deadline.
    """
    said: Message = {}
    code = None
    with suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            code = await child.wait()
    child.kill()  # what it started may hold its output open
    with suppress(ChildEnded):
        while True:
            said.update(await child.hear())
    return said, code


def _last_words(words: str) -> str:
    """Return the line of standard error that says most: the fatal error, or else the last."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return (fatal or lines[-1:] or [""])[0][:LONGEST_WORDS]
