"""The child that stands ready: it forks a process for each job and reports how it ended (floor 0).

Importing what a process of ours needs takes far longer than many jobs do. So one process imports
it, and each job runs in a fork of that process, with its own session, signals, deadline and last
words. A fork ends as any Python process does. Forking is safe only for a process without other
threads, and only if nothing that it imported holds a file open, which its forks would share;
`why_not_fork` checks both.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from gc import collect, freeze
from typing import IO, TYPE_CHECKING, Any

from crawlbench.base.children.channel import end_with_parent
from crawlbench.base.children.child import telling_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.base.children.channel import Message, Say

READ_BYTES = 2**16
WORDS_BYTES = 2**16
"""Bytes to keep of standard error, from its end, which says why a process ended."""
_TASKS, _FILES = "/proc/self/task", "/proc/self/fd"


@dataclass(frozen=True, slots=True)
class ForkJob:
    """What a fork is to do."""

    order: Message
    """What the parent asked for."""
    say: Say
    """Sends a message to whoever asked for the job. It must be shorter than the 4,096 bytes that a
    pipe keeps together, because other forks write to the same pipe."""


@dataclass(slots=True)
class _Fork:
    """A running fork, as the process that forked it sees it."""

    number: int
    process: int
    words: IO[bytes]
    began: float
    deadline: float
    is_late: bool = False

    def kill(self) -> None:
        """End it with everything it started; nobody else gets its id until we wait for it."""
        for end in (os.killpg, os.kill):  # the latter in case it has no group yet
            with suppress(ProcessLookupError):
                end(self.process, signal.SIGKILL)


def count_files() -> int:
    """Return how many files this process has open; 0 where the system does not say."""
    with suppress(OSError):
        return len(os.listdir(_FILES))  # noqa: PTH208  (names alone)
    return 0


def why_not_fork(files_before: int) -> str:
    """Return a clause that says why this process must not be forked; an empty text if it may be.

    Args:
        files_before: how many files were open before it imported what is not ours.
    """
    if not hasattr(os, "pidfd_open"):
        return "this system has no handles on processes"
    try:
        # What Python offers, an old kernel or a container's rules may refuse.
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        return f"the system gives no handle on it: {error.strerror}"
    try:
        threads = len(os.listdir(_TASKS))  # noqa: PTH208  (Python knows its own threads only)
    except OSError as error:
        return f"the system does not say which threads it has: {error.strerror}"
    if threads > 1:
        return f"it has {threads} threads"
    files = count_files() - files_before
    return f"it holds {files} files open" if files > 0 else ""


def serve_forks(say: Say) -> ForkJob | None:
    """Fork for each job that arrives on standard input, until the input ends.

    Returns:
        The job in each fork, whose process ends when the caller returns; None in this process, at
        the end. Forks that still run then are ended, with everything they started.
    """
    collect()
    freeze()  # else a fork's collector would copy every page that it visits
    forks = _Forks(say)
    try:
        job = forks.serve()
    except BaseException:
        forks.end_all()
        raise
    if not job:
        forks.end_all()
    return job


class _Forks:
    def __init__(self, say: Say) -> None:
        self._say = say
        self._running: dict[int, _Fork] = {}
        """Forks by their process's handle, which becomes readable when the process has ended."""

    def serve(self) -> ForkJob | None:
        rest = b""
        # Poll needs no object in the kernel, which forks would share.
        with selectors.PollSelector() as ready:
            ready.register(0, selectors.EVENT_READ)
            while True:
                events = ready.select(self._time_left())
                # Before deadlines are looked at: a fork that ended just in time is not late.
                for handle in {key.fd for key, _ in events} & self._running.keys():
                    ready.unregister(handle)
                    self._tell_end(handle)
                self._end_late()
                if not any(key.fd == 0 for key, _ in events):
                    continue
                read = os.read(0, READ_BYTES)
                if not read:
                    return None
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    job = self._begin(json.loads(line), ready)
                    # This is the fork: the lines that are left are not for it.
                    if job:
                        return job

    def _begin(self, told: dict[str, Any], ready: selectors.PollSelector) -> ForkJob | None:
        """Fork, and return the job in the fork; return None in this process."""
        words = tempfile.TemporaryFile()  # noqa: SIM115  (closed when the fork has ended)
        # Asked before the fork: its parent may have ended when it could ask.
        parent = os.getpid()
        process = os.fork()
        if not process:
            self._become_own(parent, words)
            return ForkJob(told["order"], partial(_tell, self._say, told["number"]))
        handle, now = os.pidfd_open(process), time.monotonic()
        deadline = now + told["deadline_s"]
        self._running[handle] = _Fork(told["number"], process, words, now, deadline)
        ready.register(handle, selectors.EVENT_READ)
        return None

    def _become_own(self, parent: int, words: IO[bytes]) -> None:
        """Give a fork its own session, input and output, and close those of the others."""
        # First of all: if anything below fails, the fork kills what is listed here.
        others, self._running = self._running, {}
        os.setsid()
        end_with_parent(parent)
        # Else a fork that reads its input would take jobs from the process that forks.
        nowhere = os.open(os.devnull, os.O_RDONLY)
        for place, target in ((nowhere, 0), (words.fileno(), 1), (words.fileno(), 2)):
            os.dup2(place, target)
        os.close(nowhere)
        words.close()
        for handle, fork in others.items():
            os.close(handle)
            fork.words.close()

    def _time_left(self) -> float | None:
        """Return the seconds until the next deadline; None if there is none."""
        # A late fork is killed already; its deadline is past, and would keep `serve` from waiting.
        deadlines = [fork.deadline for fork in self._running.values() if not fork.is_late]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _end_late(self) -> None:
        now = time.monotonic()
        for fork in self._running.values():
            if not fork.is_late and fork.deadline <= now:
                fork.is_late = True
                fork.kill()

    def _tell_end(self, handle: int) -> None:
        """Report how a fork ended, and end what it left running."""
        fork = self._running.pop(handle)
        seconds = time.monotonic() - fork.began
        fork.kill()
        # Only after the kill: once it has been waited for, its id may be that of another group.
        _, status = os.waitpid(fork.process, 0)
        os.close(handle)
        code = None if fork.is_late else os.waitstatus_to_exitcode(status)
        with fork.words as words:
            words.seek(max(0, words.seek(0, os.SEEK_END) - WORDS_BYTES))
            line = telling_line(words.read().decode(errors="replace"))
        ended = {"code": code, "words": line, "seconds": seconds}
        self._say({"number": fork.number, "ended": ended})

    def end_all(self) -> None:
        """End all forks that are still running."""
        for fork in self._running.values():
            fork.kill()


def _tell(say: Say, number: int, message: Mapping[str, object]) -> None:
    say({"number": number, "said": message})
