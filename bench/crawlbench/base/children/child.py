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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawlbench.base.children.channel import Message

__all__ = ["Child", "ChildEnded", "explain_end", "last_line", "telling_line"]

MAX_LINE_BYTES = 2**24
MAX_TELLING = 200
"""Characters of a line that somebody else wrote."""


class ChildEnded(Exception):  # noqa: N818  (it is what happened, and may be due)
    """Raised when a child ends where a message was due; the text says how it ended."""


class Child:
    """A running child; made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process, words: IO[bytes]) -> None:
        """Hold a process, and the file that takes its standard error."""
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
        """Start a module of ours.

        Args:
            module: its name.
            arguments: of its command line.
            variables: of its environment, beside those that are there.
            python: another interpreter and its flags.
            reads: whether it reads its standard input, which ends when this process ends.
        """
        words = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        try:
            process = await asyncio.create_subprocess_exec(
                *python_command(module, *arguments, python=python),
                env=clean_environment(variables),
                stdin=asyncio.subprocess.PIPE if reads else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=words,
                limit=MAX_LINE_BYTES,
                start_new_session=True,  # Ctrl-C is the manager's business
            )
        except BaseException:
            words.close()
            raise
        return cls(process, words)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, negative for a signal; None as long as it runs."""
        return self._process.returncode

    def words(self) -> str:
        """Return what it has written to standard error so far."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send a message.

        Raises:
            ConnectionError: it has ended.
        """
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self, deadline_s: float | None = None) -> Message:
        """Return its next message.

        Raises:
            ChildEnded: it has ended, perhaps in the middle of one.
            TimeoutError: none came in time.
        """
        assert self._process.stdout
        async with asyncio.timeout(deadline_s):
            line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            code = await self._process.wait()
            raise ChildEnded(explain_end(code, self.words()))
        message: Message = json.loads(line)
        return message

    async def wait(self) -> int:
        """Return its exit code when it has ended."""
        return await self._process.wait()

    def kill(self) -> None:
        """End it now, with all that it has started."""
        with suppress(ProcessLookupError, PermissionError):  # the latter of zombies, on macOS
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            elif self._process.returncode is None:
                self._process.kill()

    async def end(self, grace_s: float = 0.0) -> None:
        """Close its input and give it some time to end, then kill it with all that it started."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            if grace_s:
                async with asyncio.timeout(grace_s):
                    await self._process.communicate()
        except TimeoutError:
            pass
        finally:
            self.kill()
            await self._process.communicate()
            self._words.close()


def explain_end(code: int, words: str) -> str:
    """Return how a process ended, as far as it can be told."""
    if code < 0:
        with suppress(ValueError):
            return f"ended by {signal.Signals(-code).name}"
    return last_line(words) or f"ended with exit code {code}"


def last_line(words: str) -> str:
    """Return the last line of a process's words that says something, or an empty text."""
    lines = words.strip().splitlines()
    return lines[-1].strip() if lines else ""


def telling_line(words: str) -> str:
    """Return the line of a process's words that says most: the fatal error, or else the last."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return (fatal or lines[-1:] or [""])[0][:MAX_TELLING]
