"""The parent's handle on a child that speaks lines of JSON (floor 0)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from crawlbench.base.children.launch import clean_environment, python_command
from crawlbench.base.text import name_signal

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence

    from crawlbench.base.children.channel import Message

MAX_LINE_BYTES = 2**24  # asyncio's 64 KiB are less than a mirror tells of 2,000 pages
LAST_S = 1.0
"""Seconds for the output to end once all that can be killed is; it takes milliseconds."""
MAX_TELLING = 200
"""Longest line that we show of what somebody else wrote, in characters."""


class ChildEnded(Exception):  # noqa: N818  (not an error: it may be what was expected)
    """Raised when a child ends although a message was due; the text says how it ended."""


class Child:
    """A running child; made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process, words: IO[bytes]) -> None:
        """Take over a process, and the file that receives its standard error."""
        self._process = process
        self._words = words

    @classmethod
    async def start(
        cls,
        module: str,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        python: Sequence[str] = (),
        reads: bool = True,
    ) -> Child:
        """Start one of our modules in a process of its own, and return the handle on it.

        Args:
            module: the module's name.
            arguments: the module's own command line.
            variables: environment variables to add to those that are there.
            python: another interpreter and its flags; empty for the one that runs this process.
            reads: whether it reads its standard input, which closes when this process ends.
        """
        # A file: a pipe that nobody reads would stop a child that complains at length.
        words = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        try:
            process = await asyncio.create_subprocess_exec(
                *python_command(module, *arguments, python=python),
                env=clean_environment(variables),
                stdin=asyncio.subprocess.PIPE if reads else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=words,
                limit=MAX_LINE_BYTES,
                start_new_session=True,  # Ctrl-C is for the manager alone
            )
        except BaseException:
            words.close()
            raise
        return cls(process, words)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The child's exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    def words(self) -> str:
        """Return what the child has written to standard error so far."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send a message.

        Raises:
            ConnectionError: the child has ended.
        """
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self, deadline_s: float | None = None) -> Message:
        """Return the child's next message.

        Raises:
            ChildEnded: the child ended, perhaps in the middle of a message.
            TimeoutError: no message came in time.
        """
        assert self._process.stdout
        async with asyncio.timeout(deadline_s):
            line = await self._process.stdout.readline()
            # A child that closes its output may go on without it.
            code = None if line.endswith(b"\n") else await self._process.wait()
        if code is not None:
            raise ChildEnded(explain_end(code, self.words()))
        message: Message = json.loads(line)
        return message

    async def wait(self) -> int:
        """Wait until the child has ended, and return its exit code."""
        return await self._process.wait()

    def kill(self) -> None:
        """End the child now, with everything that it started."""
        kill_all(self._process)

    async def end(self, grace_s: float = 0.0) -> None:
        """Close the child's input, wait up to `grace_s`, then kill it and whatever it started."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            if grace_s:
                # Its output is read meanwhile: a full pipe would keep it from ending.
                async with asyncio.timeout(grace_s):
                    await self._process.communicate()
        except TimeoutError:
            pass
        finally:
            # Also after a good end: what it started may still run.
            self.kill()
            await self._close_output()
            self._words.close()

    async def _close_output(self) -> None:
        """Read the output to its end, but do not wait for what has a session of its own."""
        try:
            async with asyncio.timeout(LAST_S):
                await self._process.communicate()
        except TimeoutError:
            # asyncio offers no other way.
            self._process._transport.close()  # type: ignore[attr-defined]


def kill_all(process: asyncio.subprocess.Process | subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a session, and all of that, which may hold its output open."""
    with suppress(ProcessLookupError, PermissionError):  # macOS raises the latter for zombies
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def explain_end(code: int, words: str) -> str:
    """Return how a process ended: by which signal, with which last line, or with which code."""
    if code < 0:
        return f"ended by {name_signal(-code)}"
    return last_line(words) or f"ended with exit code {code}"


def last_line(words: str) -> str:
    """Return the last line that a process wrote which is not blank, or an empty text."""
    lines = words.strip().splitlines()
    return lines[-1].strip() if lines else ""


def telling_line(words: str) -> str:
    """Return the most telling line that a process wrote: its fatal error, or else the last line."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    # faulthandler names the error first; the stacks of all threads follow.
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return (fatal or lines[-1:] or [""])[0][:MAX_TELLING]
