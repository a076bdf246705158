"""The child's end of the channel: it sends messages and does not outlive its parent (floor 0)."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from crawlbench.base import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crawlbench.base.errors import BenchError

_PR_SET_PDEATHSIG = 1

Message = dict[str, Any]
"""A line of JSON as received: whoever reads it knows who sent it, and so which fields it has."""


class Say(Protocol):
    """Sends a message to the parent."""

    def __call__(self, message: Mapping[str, object], /) -> None:
        """Send it as a line of JSON; does nothing if nobody is listening any more."""


def open_channel() -> Say:
    """Return a function that sends messages to the parent over what was standard output.

    From now on everything printed goes to standard error. Otherwise a plug-in that prints, even
    from C, would speak in the child's name.
    """
    # No program that is started from here inherits what `dup` makes, so none keeps it open.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    def say(message: Mapping[str, object]) -> None:
        with suppress(BrokenPipeError):
            channel.write(json.dumps(message) + "\n")
            channel.flush()

    return say


def tell_error(say: Say, text: str, kind: type[BenchError]) -> None:
    """Tell the parent of an error, which `raise_told` raises there."""
    say({"error": text, "kind": kind.__name__})


def raise_told(message: Message, usual: type[BenchError]) -> None:
    """Raise the error that a child told of; do nothing if the message is none.

    Args:
        message: as it was heard.
        usual: the class of an error that this process does not know.
    """
    if "error" in message:
        raise getattr(errors, message["kind"], usual)(message["error"])


def listen(heard: Callable[[bytes], None], ended: Callable[[], object]) -> None:
    """Call `heard` in the running loop for each line from the parent, and `ended` after the last.

    A thread waits for the lines. It reads the file descriptor and not `sys.stdin`, because an
    interpreter that ends while a thread waits inside `sys.stdin` aborts.
    """
    loop = asyncio.get_running_loop()

    def read() -> None:
        rest = b""
        with suppress(RuntimeError):  # the loop has ended for another reason
            while chunk := os.read(0, 2**16):
                # What follows the last line break is no line yet, and never one if the parent died.
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    loop.call_soon_threadsafe(heard, line)
            loop.call_soon_threadsafe(ended)

    # A daemon, because this process must not wait for its parent in order to end.
    threading.Thread(target=read, daemon=True).start()


def end_with_parent(parent: int | None = None) -> None:
    """Ask the system to end this process when its parent ends, for a child that reads no input.

    Only Linux can do this; elsewhere a child must have a deadline of its own.

    Args:
        parent: the parent's process id, if known from before this process began. The parent may
            have ended since, and this process may have been given another.
    """
    if sys.platform == "linux":
        parent = parent or os.getppid()
        # First the request, then the question: one of them notices a parent that ends in between.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended just before
            os._exit(1)
