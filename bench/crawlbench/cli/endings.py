"""How the command line ends when it was not meant to (floor 5)."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from crawlbench.cli.output import STORAGE_ERRORS

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
NO_ROOM = "No usable temporary directory"
"""What Python says, without an error number, when each folder that it tries is full."""

ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals of `kill` and of a terminal that is closed."""
PREFIX = "crawlbench-failure-"


def take_endings() -> None:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does, unless they are ignored, as by nohup.

    Otherwise folders, mirrors and workers would be left behind.
    """
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def run_until_signal(work: Coroutine[Any, Any, T]) -> T:
    """Run work, which SIGTERM and SIGHUP end as Ctrl-C does, and return its result.

    Work that catches the cancellation returns what is finished. Signals that are ignored, as by
    nohup, end nothing.

    This uses the loop, not an exception: uvloop drops exceptions that are raised within a callback.

    Raises:
        KeyboardInterrupt: a signal ended it.
    """
    import asyncio  # noqa: PLC0415  (`--version` has no loop)

    async def listen() -> T:
        task = asyncio.current_task()
        assert task
        for number in ENDING_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                with suppress(NotImplementedError):  # Windows
                    asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    try:
        return asyncio.run(listen())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def explain_failure(error: BaseException) -> str:
    """Return a clause about a failure that nothing else expected, and where its details are."""
    if isinstance(error, OSError) and error.errno in STORAGE_ERRORS:
        where = f" {error.filename!r}" if error.filename else ", or standard output,"
        return f"a file{where} cannot be written: {error.strerror}"
    if isinstance(error, FileNotFoundError) and NO_ROOM in str(error.strerror):
        return (
            f"a temporary file cannot be written: {error.strerror}; free some space, or set TMPDIR"
        )
    lines = str(error).strip().splitlines()
    what = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return f"an error in crawlbench itself, not a verdict: {what}; {_keep_details(error)}"


def _keep_details(error: BaseException) -> str:
    """Write the traceback to a file, or else to standard error; return a clause that says so."""
    details = "".join(traceback.format_exception(error))
    try:
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=".txt")
        # A file name on the command line may hold bytes that are no UTF-8.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{sys.argv}\n{sys.version}\n\n{details}")
    except OSError:
        sys.stderr.write(details)
        return "the details are above"
    return f"the details are in {name}"
