"""Generators as processes of this machine, and what any crew of generators must do (floor 3)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Protocol

from crawlbench.errors import BenchError
from crawlbench.load.model import GeneratorLost, Load, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["COMMAND", "Crew", "Hand", "Job", "explain_end", "local_crew", "make_job"]

Job = dict[str, Any]
MOST_LINE_BYTES = 2**24
COMMAND = (sys.executable, "-m", "crawlbench.load.child")


class Hand(Protocol):
    """One generator, as its manager sees it; the methods are called in this order, once each."""

    place: str
    """Where it runs."""

    async def ready(self) -> None:
        """Return when its connections are open.

        Raises:
            GeneratorLost: it died; the message says how.
            BenchError: it cannot reach the server; the message says why.
        """

    async def go(self, start: float) -> None:
        """Let it fire at a time of `time.monotonic`; a `GeneratorLost` shows with the result.

        Args:
            start: by this process's clock.
        """

    async def result(self) -> dict[str, Any]:
        """Return the fields of its `Part`.

        Raises:
            GeneratorLost: it died.
        """


Crew = Callable[[list[Job]], AbstractAsyncContextManager[list[Hand]]]
"""Starts a generator per job (`make_job`), and ends all of them when the block ends."""


def make_job(target: Target, load: Load, number: int, cpus: tuple[int, ...] = ()) -> Job:
    """Return what a generator's process is told, as JSON knows it."""
    parts = {"target": dataclasses.asdict(target), "load": dataclasses.asdict(load)}
    return {**parts, "number": number, "cpus": cpus}


@asynccontextmanager
async def local_crew(jobs: list[Job]) -> AsyncIterator[list[Hand]]:
    """Start a process per job; see `Crew`."""
    hands: list[_LocalHand] = []
    try:
        for job in jobs:
            hands.append(await _LocalHand.start(job))  # noqa: PERF401  (if one fails, the others are ended)
        yield list(hands)
    finally:
        for hand in hands:
            await hand.end()


class _LocalHand:
    """A child of this process."""

    def __init__(self, process: asyncio.subprocess.Process, last_words: IO[bytes]) -> None:
        self.place = f"process {process.pid}"
        self._process = process
        self._last_words = last_words

    @classmethod
    async def start(cls, job: Job) -> _LocalHand:
        last_words = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            json.dumps(job),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=last_words,
            limit=MOST_LINE_BYTES,
            start_new_session=True,  # Ctrl-C is the manager's business
        )
        return cls(process, last_words)

    async def ready(self) -> None:
        message = await self._read()
        if "error" in message:
            raise BenchError(message["error"])

    async def go(self, start: float) -> None:
        assert self._process.stdin
        with suppress(ConnectionError):
            self._process.stdin.write(b'{"at": %r}\n' % start)
            await self._process.stdin.drain()

    async def result(self) -> dict[str, Any]:
        part: dict[str, Any] = (await self._read())["part"]
        return part

    async def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            code = await self._process.wait()
            self._last_words.seek(0)
            raise GeneratorLost(explain_end(code, self._last_words.read()))
        message: dict[str, Any] = json.loads(line)
        return message

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()
        self._last_words.close()


def explain_end(code: int, last_words: bytes) -> str:
    """Return why a process ended, as far as it can be told."""
    if code < 0:
        with suppress(ValueError):
            return f"ended by {signal.Signals(-code).name}"
    words = last_words.decode(errors="replace").strip().splitlines()
    return words[-1] if words else f"ended with exit code {code}"
