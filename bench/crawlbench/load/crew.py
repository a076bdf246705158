"""Generators as processes of this machine, and what any crew of generators must do (floor 4)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Protocol, TypedDict

from crawlbench.base.children import Child, ChildEnded
from crawlbench.base.errors import BenchError
from crawlbench.load.model import GeneratorLost, Load, NotReady, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.base.children import Message

GENERATOR = "crawlbench.load.child"
"""The module that a generator's process runs."""


class GeneratorJob(TypedDict):
    """What the manager sends to a generator's process."""

    target: dict[str, object]
    """The fields of a `Target`."""
    load: dict[str, object]
    """The fields of a `Load`."""
    number: int
    """The generator's number, from 0."""
    cpus: tuple[int, ...]
    """CPUs to run on; empty for any."""


class Hand(Protocol):
    """One generator, as its manager sees it; the methods are called once each, in this order."""

    place: str
    """Where it runs."""

    async def ready(self) -> None:
        """Wait until its connections are open.

        Raises:
            GeneratorLost: it died; the message says how.
            NotReady: the server failed single requests; another try may fare better.
            BenchError: it cannot reach the server; the message says why.
        """

    async def go(self, start: float) -> None:
        """Tell it when to fire; whether it is still there shows only when its result is due.

        Args:
            start: a time of this process's `time.monotonic`.
        """

    async def result(self) -> Message:
        """Return the fields of its `GeneratorPart`.

        Raises:
            GeneratorLost: it died.
        """


Crew = Callable[[list[GeneratorJob]], AbstractAsyncContextManager[list[Hand]]]
"""Starts a generator per job (`make_job`), and ends all of them when the block ends."""


def make_job(target: Target, load: Load, number: int, cpus: tuple[int, ...] = ()) -> GeneratorJob:
    """Return the job that a generator's process is sent, made only of what JSON can hold."""
    asked, fields = dataclasses.asdict(load), dataclasses.asdict(target)
    return {"target": fields, "load": asked, "number": number, "cpus": cpus}


def require_ready(message: Message, place: str = "") -> None:
    """Raise what a generator reports in place of being ready.

    Args:
        message: the first that its process sends.
        place: where it runs, if that is worth telling.

    Raises:
        NotReady: the server failed single requests; another try may fare better.
        BenchError: it cannot reach the server.
    """
    if "error" in message:
        kind = NotReady if message.get("may_pass") else BenchError
        raise kind(f"{place}: {message['error']}" if place else message["error"])


@asynccontextmanager
async def local_crew(jobs: list[GeneratorJob]) -> AsyncIterator[list[Hand]]:
    """Start a process per job, and yield the handles on them; see `Crew`."""
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

    def __init__(self, child: Child) -> None:
        self.place = f"process {child.pid}"
        self._child = child

    @classmethod
    async def start(cls, job: GeneratorJob) -> _LocalHand:
        return cls(await Child.start(GENERATOR, json.dumps(job)))

    async def ready(self) -> None:
        require_ready(await self._hear())

    async def go(self, start: float) -> None:
        with suppress(ConnectionError):
            await self._child.say({"at": start})

    async def result(self) -> Message:
        part: Message = (await self._hear())["part"]
        return part

    async def _hear(self) -> Message:
        try:
            return await self._child.hear()
        except ChildEnded as end:
            raise GeneratorLost(str(end)) from end

    async def end(self) -> None:
        await self._child.end()
