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

GRACE_S = 5.0
"""Seconds that a nursery has to end its forks, or output to end; it takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known of a process that did one job and has ended."""

    said: Message
    """Everything it said; a later message overrides an earlier one."""
    code: int | None
    """Exit code, negative for a signal; None if the deadline ended it."""
    words: str
    """The most telling line on its standard error."""
    seconds: float
    """How long the process ran."""


async def run_alone(
    module: str, *arguments: str, deadline_s: float, python: Sequence[str] = ()
) -> Ended:
    """Run one of our modules in a process of its own, for one job, and return what came of it.

    At the deadline the process is ended, and so is everything it started.
    """
    began = time.monotonic()
    child = await Child.start(module, *arguments, python=python, reads=False)
    try:
        said, code = await _follow(child, deadline_s)
        return Ended(said, code, telling_line(child.words()), time.monotonic() - began)
    finally:
        await child.end()


async def _follow(child: Child, deadline_s: float) -> tuple[Message, int | None]:
    """Return everything a child said, and its exit code, or None at the deadline."""
    said: Message = {}
    code = None
    # What it says meanwhile is not lost: asyncio reads it from the pipe and keeps it.
    with suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            code = await child.wait()
    child.kill()  # what it started may hold its output open
    # Else what has a session of its own, and outlives the kill, would be waited for.
    with suppress(ChildEnded, TimeoutError):
        async with asyncio.timeout(GRACE_S):
            while True:
                said.update(await child.hear())
    return said, code


class Nursery:
    """A child of ours that stands ready and forks a process for each job; made by `open`.

    The child runs `serve_forks`; its first message is what `why_not_fork` returned.
    """

    def __init__(self, child: Child) -> None:
        """Take over a child that has said that it may be forked."""
        self._child = child
        self._numbers = count()
        self._said: dict[int, Message] = {}
        self._waiting: dict[int, asyncio.Future[Ended]] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(
        cls, module: str, *arguments: str, start_s: float, python: Sequence[str] = ()
    ) -> Nursery | None:
        """Start one of our modules; return None if it does not start or cannot be forked safely.

        Args:
            module: the module's name.
            arguments: the module's own command line.
            start_s: how long it may take to get ready, in seconds.
            python: another interpreter and its flags; empty for the one that runs this process.
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
        """Run one job in a fork until the deadline, end what it started, and return its outcome.

        Raises:
            ChildEnded: the nursery itself is gone.
        """
        # Nobody would answer any more.
        if self._listening.done():
            raise ChildEnded("the process that forks is gone")
        number = next(self._numbers)
        self._said[number] = {}
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        # Before anything is said: the answer, or the end, may come while `say` still waits.
        self._waiting[number] = ended
        try:
            with suppress(ConnectionError):  # then `_listen` reports that the nursery is gone
                await self._child.say({"number": number, "order": order, "deadline_s": deadline_s})
            return await ended
        finally:
            del self._said[number], self._waiting[number]

    async def _listen(self) -> None:
        """Receive what forks say and how they end, until the nursery is gone."""
        how = ""
        try:
            while True:
                self._take(await self._child.hear())
        except ChildEnded as error:
            how = f": {error}"
        finally:
            # After an error that nobody expected, too: whoever waits must not wait forever.
            for ended in self._waiting.values():
                if not ended.done():
                    ended.set_exception(ChildEnded(f"the process that forks is gone{how}"))

    def _take(self, message: Message) -> None:
        number = message["number"]
        if number not in self._waiting:  # whoever waited for it has given up
            return
        if "said" in message:
            self._said[number].update(message["said"])
        # A wait that was just cancelled is still listed; a result for it would raise here.
        elif not self._waiting[number].done():
            self._waiting[number].set_result(Ended(self._said[number], **message["ended"]))

    async def close(self) -> None:
        """End the process that forks, and everything it has forked."""
        self._listening.cancel()
        # `wait`, because to await the task would raise its cancellation here.
        await asyncio.wait([self._listening])
        # With grace: forks have sessions of their own, and a kill would miss what they started.
        await self._child.end(GRACE_S)
