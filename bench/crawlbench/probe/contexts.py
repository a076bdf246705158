"""Tries contexts, errors, factories and debug mode (floor 3)."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from crawlbench.operations import Theme
from crawlbench.operations.contract import check

if TYPE_CHECKING:
    from collections.abc import Iterator

THEME = Theme("contexts and errors")
once = partial(THEME.operation, counts="tries", n=1)
"""Registers a probe that is tried once."""
PAGE = contextvars.ContextVar[str]("page", default="none")


@once()
async def contextvars_callbacks(_: int) -> None:
    """Callbacks and timers see the context of their call, or the one given."""
    loop, seen = asyncio.get_running_loop(), {}

    def see(key: str) -> None:
        seen[key] = PAGE.get()

    PAGE.set("first")
    given = contextvars.copy_context()
    PAGE.set("second")
    loop.call_soon(see, "call_soon")
    loop.call_soon(see, "given", context=given)
    loop.call_later(0.001, see, "call_later")
    loop.call_later(0.001, see, "call_later given", context=given)
    loop.call_soon_threadsafe(see, "threadsafe")
    PAGE.set("third")
    await asyncio.sleep(0.02)
    due = {"call_soon": "second", "given": "first", "call_later": "second"}
    due |= {"call_later given": "first", "threadsafe": "second"}
    for key, value in due.items():
        check(f"context of {key}", seen.get(key), value)


@once(unix_only=True)
async def contextvars_readers(_: int) -> None:
    """`add_reader` and signal handlers see the context of their registration."""
    loop = asyncio.get_running_loop()
    seen: asyncio.Future[str] = loop.create_future()
    left, right = socket.socketpair()

    heard: asyncio.Future[str] = loop.create_future()

    def see() -> None:
        loop.remove_reader(right.fileno())
        seen.set_result(PAGE.get())

    with left, right:
        right.setblocking(False)
        PAGE.set("first")
        loop.add_reader(right.fileno(), see)
        PAGE.set("second")
        loop.add_signal_handler(signal.SIGUSR1, lambda: heard.set_result(PAGE.get()))
        PAGE.set("third")
        left.send(b"x")
        check("context of the reader", await seen, "first")
        signal.raise_signal(signal.SIGUSR1)
        check("context of the signal handler", await heard, "second")
        loop.remove_signal_handler(signal.SIGUSR1)


@once()
async def contextvars_tasks(_: int) -> None:
    """Tasks have a copy of the context, or run in the one given."""
    loop = asyncio.get_running_loop()

    async def change() -> str:
        before = PAGE.get()
        PAGE.set("changed")
        return before

    PAGE.set("first")
    given = contextvars.copy_context()
    check("what the task saw", await loop.create_task(change()), "first")
    check("what is left here", PAGE.get(), "first")
    check("what the task saw", await loop.create_task(change(), context=given), "first")
    check("what is left in the context given", given[PAGE], "changed")


@once()
async def contextvars_protocols(_: int) -> None:
    """A server's protocols see the context in which the server was made."""
    loop = asyncio.get_running_loop()
    seen: asyncio.Future[str] = loop.create_future()

    class See(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            seen.set_result(PAGE.get())
            transport.close()

    PAGE.set("server")
    server = await loop.create_server(See, "127.0.0.1", 0)
    PAGE.set("client")
    async with server:
        address = server.sockets[0].getsockname()
        transport, _protocol = await loop.create_connection(asyncio.Protocol, *address)
        check("context of the protocol", await seen, "server")
        transport.close()


@once()
async def task_factory(_: int) -> None:
    """`set_task_factory` makes all tasks."""
    loop, made = asyncio.get_running_loop(), []

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:  # noqa: ANN401
        made.append(True)
        return asyncio.Task(coroutine, loop=loop, **options)

    loop.set_task_factory(make)
    try:
        check("result", await asyncio.create_task(asyncio.sleep(0, 7)), 7)
    finally:
        loop.set_task_factory(None)
    check("tasks made by the factory", made, [True])


@once()
async def exception_handler(_: int) -> None:
    """What a callback raises goes to the exception handler; the loop goes on."""
    loop, heard = asyncio.get_running_loop(), []
    # Given back afterwards: for the runner, an error that we did not plant is the loop's fault.
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: heard.append(context))

    def fail() -> None:
        raise LookupError("planted")

    loop.call_soon(fail)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loop.set_exception_handler(before)
    check("errors heard", [repr(c.get("exception")) for c in heard], ["LookupError('planted')"])
    check("a message comes with it", bool(heard[0].get("message")), True)


@contextmanager
def _heard_log() -> Iterator[list[str]]:
    """Provide a list that collects the messages to the logger `asyncio`."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


@once()
async def default_exception_handler(_: int) -> None:
    """Without a handler, the error goes to the logger `asyncio`."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(None)
    with _heard_log() as lines:
        loop.call_soon(lambda: 1 // 0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    loop.set_exception_handler(before)
    check("lines logged", len(lines), 1)


@once()
async def lost_task_error(_: int) -> None:
    """The error of a task that nobody awaited is reported when the task is collected."""
    loop, heard = asyncio.get_running_loop(), []
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: heard.append(context))

    async def fail() -> None:
        raise LookupError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    # A task reports its error when it is collected, so nobody may hold it any more.
    del task
    gc.collect()
    loop.set_exception_handler(before)
    check("errors heard", len(heard), 1)


@once()
async def debug_slow_callbacks(_: int) -> None:
    """In debug mode, a callback that takes too long is logged."""
    loop: Any = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.01
    with _heard_log() as lines:
        loop.call_soon(time.sleep, 0.03)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    loop.set_debug(False)
    check("a slow callback was logged", any("took" in line for line in lines), True)


@once()
async def debug_thread_check(_: int) -> None:
    """In debug mode, `call_soon` from another thread raises RuntimeError."""
    loop, refused = asyncio.get_running_loop(), []

    def ask() -> None:
        try:
            loop.call_soon(os.getpid)
        except RuntimeError:
            refused.append(True)

    loop.set_debug(True)
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    loop.set_debug(False)
    check("calls refused", refused, [True])


@once()
async def set_debug(_: int) -> None:
    """Debug mode can be set and read, and the loop still works."""
    loop = asyncio.get_running_loop()
    for is_on in (True, False):
        loop.set_debug(is_on)
        check("debug mode", loop.get_debug(), is_on)
        check("result", await asyncio.create_task(asyncio.sleep(0.001, 7)), 7)


@once(unix_only=True)
async def readers_tell_what_was_there(_: int) -> None:
    """`remove_reader` and `remove_writer` tell whether there was one."""
    loop = asyncio.get_running_loop()
    left, right = socket.socketpair()
    with left, right:
        for remove, add in (
            (loop.remove_reader, loop.add_reader),
            (loop.remove_writer, loop.add_writer),
        ):
            check("one that was not there", remove(left.fileno()), False)
            add(left.fileno(), os.getpid)
            check("one that was there", remove(left.fileno()), True)


@once(unix_only=True)
async def readers_take_sockets(_: int) -> None:
    """`add_reader` takes a socket as well as its number."""
    loop = asyncio.get_running_loop()
    read: asyncio.Future[bytes] = loop.create_future()
    left, right = socket.socketpair()

    def take() -> None:
        loop.remove_reader(right)
        read.set_result(right.recv(9))

    with left, right:
        loop.add_reader(right, take)
        left.send(b"seven")
        check("bytes", await read, b"seven")
