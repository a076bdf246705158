"""The manager's side of the turnstile, which lets one worker measure at a time (floor 3)."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from crawlbench.base.errors import CellError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawlbench.base.children import Message

MAX_MESSAGE_BYTES = 64 * 1024 * 1024  # a worker may show everything its crawls returned


class Lane:
    """One worker's connection; messages are dicts with a `kind`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold both ends."""
        self._reader = reader
        self._writer = writer

    async def tell(self, kind: str, **more: Any) -> None:  # noqa: ANN401  (whatever JSON knows)
        """Send a word and its data; `hear` finds out if the worker is gone."""
        self._writer.write(json.dumps({"kind": kind, **more}).encode() + b"\n")

    async def hear(self) -> Message:
        """Wait for the worker's next message.

        Raises:
            EOFError: the worker is gone.
            CellError: something else came: the contestant uses the connection, too.
        """
        try:
            line = await self._reader.readline()
        except (ConnectionError, ValueError):  # the latter for a line beyond MAX_MESSAGE_BYTES
            line = b""
        if not line.endswith(b"\n"):  # it died before the line was whole
            raise EOFError
        try:
            message: Message = json.loads(line)
        except ValueError:
            message = {}
        if not isinstance(message, dict) or "kind" not in message:
            raise CellError(
                f"its connection to the manager carried {line[:40]!r}, which is not one of our "
                "messages"
            )
        return message

    def close(self) -> None:
        """Let the worker know that nobody will call it again."""
        self._writer.close()


class Turnstile:
    """Where workers connect; made by `open_turnstile`."""

    def __init__(self) -> None:
        """Keep the turnstile closed."""
        self.port = 0
        # Any process on this machine can connect to a port of loopback.
        self.token = secrets.token_hex(16)
        """What a worker must know to be let in."""
        self._arrivals: dict[str, asyncio.Future[Lane]] = {}

    def expect(self, cell: str) -> asyncio.Future[Lane]:
        """Return a future for the lane of this cell's next worker."""
        future: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        self._arrivals[cell] = future
        return future

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give a new connection to whoever expects it; hang up on strangers."""
        lane = Lane(reader, writer)
        try:
            hello = await lane.hear()
            known = hello["token"] == self.token
            arrival = self._arrivals.pop(hello["cell"]) if known else None
        except (EOFError, CellError, KeyError, TypeError):
            arrival = None
        if arrival is None or arrival.done():  # done: nobody waits for it any more
            lane.close()
        else:
            arrival.set_result(lane)


@asynccontextmanager
async def open_turnstile() -> AsyncIterator[Turnstile]:
    """Listen on a free port of loopback for the duration of the block."""
    turnstile = Turnstile()
    server = await asyncio.start_server(turnstile.welcome, "127.0.0.1", 0, limit=MAX_MESSAGE_BYTES)
    turnstile.port = server.sockets[0].getsockname()[1]
    try:
        yield turnstile
    finally:
        server.close()
