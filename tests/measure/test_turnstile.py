"""Who is let in at the turnstile."""

from __future__ import annotations

import asyncio
import json

import pytest

from crawlbench.base.errors import CellError
from crawlbench.measure.turnstile import open_turnstile


async def call(port, message):
    """Connect, say something, and return the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(message)
    return reader, writer


def hello(token, cell="a cell"):
    return json.dumps({"kind": "hello", "token": token, "cell": cell}).encode() + b"\n"


def test_worker_with_the_token_gets_its_lane():
    """Messages go both ways, and the end of the worker is heard."""

    async def scenario():
        async with open_turnstile() as turnstile:
            arrival = turnstile.expect("a cell")
            reader, writer = await call(turnstile.port, hello(turnstile.token))
            lane = await asyncio.wait_for(arrival, 5)
            await lane.tell("go")
            assert json.loads(await reader.readline()) == {"kind": "go"}
            writer.write(b'{"kind": "value", "seconds": 1.5}\n')
            assert await lane.hear() == {"kind": "value", "seconds": 1.5}
            writer.close()
            with pytest.raises(EOFError):
                await lane.hear()
            lane.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "message",
    [
        hello("wrong token"),
        b"not json\n",
        b"[]\n",
        b'{"kind": "hello"}\n',
        b"\xff\xfe\n",
        b"half a line",
    ],
)
def test_stranger_is_hung_up_on(message):
    """Nobody but a worker of ours gets a lane, and the worker still gets its own."""

    async def scenario():
        async with open_turnstile() as turnstile:
            arrival = turnstile.expect("a cell")
            reader, writer = await call(turnstile.port, message)
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            assert not arrival.done()
            _, own = await call(turnstile.port, hello(turnstile.token))
            (await asyncio.wait_for(arrival, 5)).close()
            own.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("words", [b"hello\n", b"[1]\n", b"7\n", b"{}\n", b"\xff\n"])
def test_what_is_no_message_costs_the_cell_that_sent_it(words):
    """A contestant may write to any descriptor; the session goes on."""

    async def scenario():
        async with open_turnstile() as turnstile:
            arrival = turnstile.expect("a cell")
            _, writer = await call(turnstile.port, hello(turnstile.token) + words)
            lane = await asyncio.wait_for(arrival, 5)
            with pytest.raises(CellError, match="its connection to the manager carried b"):
                await lane.hear()
            lane.close()
            writer.close()

    asyncio.run(scenario())


def test_worker_that_nobody_expects_is_hung_up_on():
    """A second worker of a cell, or one of a cell that is over."""

    async def scenario():
        async with open_turnstile() as turnstile:
            reader, writer = await call(turnstile.port, hello(turnstile.token, "unknown"))
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    asyncio.run(scenario())
