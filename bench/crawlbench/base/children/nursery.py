"""The parent's handle on processes that each do one job (floor 0): forked, or started alone."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from crawlbench.base.children.child import Child, ChildEnded, telling_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.base.children.channel import Message

__all__ = ["Ended", "Nursery", "run_alone"]

GRACE_S = 5.0
"""For a nursery to end what it has forked; it takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that did one job, when it is over."""

    said: Message
    """All that it said; the later word counts."""
    code: int | None
    """Exit code, negative for a signal; None if the deadline ended it."""
    words: str
    """The line on its standard error that says most."""
    seconds: float
    """Of the process."""


async def run_alone(
    module: str, *arguments: str, deadline_s: float, python: Sequence[str] = ()
) -> Ended:
    """Let a module of ours do one job in a process that is started for it.

    It is given at most so long, and all that it started is ended with it.
    """
    began = time.monotonic()
    child = await Child.start(module, *arguments, python=python, reads=False)
    try:
        said, code = await _follow(child, deadline_s)
        return Ended(said, code, telling_line(child.words()), time.monotonic() - began)
    finally:
        await child.end()


async def _follow(child: Child, deadline_s: float) -> tuple[Message, int | None]:
    """Return all that a child said, and its exit code, or None at the deadline."""
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


class Nursery:
    """A child of ours that stands ready and forks a process for each job; made by `open`.

    The child's side is `serve_forks`; its first message is the answer to `why_not_fork`.
    """

    def __init__(self, child: Child) -> None:
        """Hold a child that has said that it may be forked."""
        self._child = child
        self._numbers = count()
        self._said: dict[int, Message] = {}
        self._waiting: dict[int, asyncio.Future[Ended]] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(
        cls, module: str, *arguments: str, start_s: float, python: Sequence[str] = ()
    ) -> Nursery | None:
        """Start a module of ours; return None if its forks would not be safe, or it does not start.

        Args:
            module: its name.
            arguments: of its command line.
            start_s: it has so long to get ready.
            python: another interpreter and its flags.
        """
        child = await Child.start(module, *arguments, python=python)
        is_safe = False
        try:
            is_safe = not (await child.hear(start_s))["why_not_fork"]
        except (ChildEnded, TimeoutError):
            pass
        finally:
            if not is_safe:
                await child.end()
        return cls(child) if is_safe else None

    async def run(self, order: Message, deadline_s: float) -> Ended:
        """Let a fork do one job, at most so long, and end all that it started.

        Raises:
            ChildEnded: the nursery itself is gone.
        """
        if self._listening.done():
            raise ChildEnded("the process that forks is gone")
        number = next(self._numbers)
        self._said[number] = {}
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._waiting[number] = ended
        try:
            with suppress(ConnectionError):  # then its end is heard
                await self._child.say({"number": number, "order": order, "deadline_s": deadline_s})
            return await ended
        finally:
            del self._said[number], self._waiting[number]

    async def _listen(self) -> None:
        """Hear what forks say, and how they end, until the nursery is gone."""
        how = ""
        try:
            while True:
                self._take(await self._child.hear())
        except ChildEnded as error:
            how = f": {error}"
        finally:
            for ended in self._waiting.values():
                if not ended.done():
                    ended.set_exception(ChildEnded(f"the process that forks is gone{how}"))

    def _take(self, message: Message) -> None:
        number = message["number"]
        if number not in self._waiting:  # whoever waited for it has given up
            return
        if "said" in message:
            self._said[number].update(message["said"])
        elif not self._waiting[number].done():
            self._waiting[number].set_result(Ended(self._said[number], **message["ended"]))

    async def close(self) -> None:
        """End it, and all that it has forked."""
        self._listening.cancel()
        await asyncio.wait([self._listening])
        await self._child.end(GRACE_S)
