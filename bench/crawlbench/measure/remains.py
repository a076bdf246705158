"""What an operation leaves in a process that goes on working (floor 3; imported by hosts).

These are threads, children, open files, handlers of signals, and memory. What a loop makes only
once, such as libuv's pipe for signals, does not count: the caller checks from the second time on.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.offspring import Children
from crawlbench.base.text import name_signal
from crawlbench.base.usage import rss_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

LEFT_BYTES = 8 * 2**20
"""Memory that may be left: the allocator keeps less after a large value, and reuses it."""
_FILES = "/proc/self/fd"


@dataclass(frozen=True, slots=True)
class Remains:
    """The state of a process while it stands still."""

    threads: dict[int, str]
    """Python's threads, by identity."""
    children: frozenset[int]
    files: int | None
    """Open files; None where the system does not say."""
    handlers: dict[int, object]
    """Handlers, by signal."""
    rss_bytes: int | None

    @classmethod
    def now(cls) -> Remains:
        """Return the present state; the caller has let Python collect its garbage."""
        return cls(
            threads={id(thread): thread.name for thread in threading.enumerate()},
            children=frozenset(Children.now().living or ()),
            files=_count_files(),
            handlers={number: signal.getsignal(number) for number in signal.valid_signals()},
            rss_bytes=rss_bytes(),
        )

    def since(self, before: Remains) -> list[str]:
        """Return what has appeared since an earlier state and is still there, a clause for each."""
        return list(self._clauses(before))

    def _clauses(self, before: Remains) -> Iterator[str]:
        for thread in self.threads.keys() - before.threads.keys():
            yield f"the thread {self.threads[thread]}"
        if children := len(self.children - before.children):
            yield f"child processes: {children}"
        if self.files is not None and before.files is not None and self.files > before.files:
            yield f"open files: {self.files - before.files}"
        for number in self.handlers:
            if self.handlers[number] is not before.handlers.get(number):
                yield f"a handler of {name_signal(number)}"
        if self.rss_bytes is not None and before.rss_bytes is not None:
            grown_bytes = self.rss_bytes - before.rss_bytes
            if grown_bytes > LEFT_BYTES:
                yield f"memory: {grown_bytes / 2**20:.0f} MiB"


def _count_files() -> int | None:
    try:
        return len(os.listdir(_FILES))  # noqa: PTH208  (names alone)
    except OSError:
        return None
