"""Loops that are wrong on purpose, each in one way; tests name them as `module:class`."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import os
import subprocess
import time
import types


class DroppingLoop(asyncio.SelectorEventLoop):
    """Forgets every tenth callback, once it has been through a first, short task."""

    asked = 0

    def call_soon(self, callback, *args, context=None):
        self.asked += 1
        if self.asked % 10 or self.asked < 30:
            return super().call_soon(callback, *args, context=context)
        return asyncio.Handle(callback, args, self, context)


class EarlyLoop(asyncio.SelectorEventLoop):
    """Fires each timer after half of its time."""

    def call_at(self, when, callback, *args, context=None):
        now = self.time()
        return super().call_at(now + (when - now) / 2, callback, *args, context=context)


class StaleLoop(asyncio.SelectorEventLoop):
    """Hands out, in place of what was received, what was received before."""

    async def create_connection(self, *args, **kwargs):
        transport, protocol = await super().create_connection(*args, **kwargs)
        if hasattr(protocol, "data_received"):
            protocol.data_received = self._stale(protocol.data_received)
        return transport, protocol

    def _stale(self, receive):
        before = []

        def receive_stale(data):
            before.append(bytes(data))
            receive(before[-2] if len(before) > 1 else before[0])

        return receive_stale

    async def sock_recv(self, sock, n):
        data = await super().sock_recv(sock, n)
        stale, self._before = getattr(self, "_before", data), data
        return stale


class UnorderedLoop(asyncio.SelectorEventLoop):
    """Runs the callbacks of a turn in the wrong order."""

    def _run_once(self):
        self._ready.reverse()
        super()._run_once()


class HangingLoop(asyncio.SelectorEventLoop):
    """Never comes back from its first turn."""

    def _run_once(self):
        time.sleep(600)


class HangingInLookups(asyncio.SelectorEventLoop):
    """Does all but look names up."""

    async def getaddrinfo(self, host, port, **options):
        await self.create_future()


class HangingAtClose(asyncio.SelectorEventLoop):
    """Works, and cannot be closed."""

    def close(self):
        if self._ssock and not self.is_closed() and self._shutdown_was_asked():
            time.sleep(600)
        super().close()

    def _shutdown_was_asked(self):
        return self._asyncgens_shutdown_called  # the loop has run, it is not just tried


class HangingUpLoop(asyncio.SelectorEventLoop):
    """Hangs up where it should only say that it has asked everything."""

    async def create_connection(self, *args, **kwargs):
        transport, protocol = await super().create_connection(*args, **kwargs)
        transport.write_eof = transport.close
        return transport, protocol


class ForgetfulLoop(asyncio.SelectorEventLoop):
    """Forgets the context of signal handlers, and a process where a program is not there."""

    def add_signal_handler(self, number, callback, *args):
        contextvars.Context().run(super().add_signal_handler, number, callback, *args)

    async def subprocess_exec(self, *args, **kwargs):
        self.forgotten = subprocess.Popen(["sleep", "0"])
        return await super().subprocess_exec(*args, **kwargs)


class ExitingLoop(asyncio.SelectorEventLoop):
    """Takes the process with it when a server is made."""

    async def create_server(self, *args, **kwargs):
        os._exit(3)


class SegfaultingLoop(asyncio.SelectorEventLoop):
    """Reads where nothing is when a socket is read."""

    async def sock_recv(self, sock, n):
        ctypes.string_at(0)


class CrashingLoop(asyncio.SelectorEventLoop):
    """Dies in its first turn."""

    def _run_once(self):
        os.abort()


class DeafLoop(asyncio.SelectorEventLoop):
    """Has no sockets at all, and says so."""

    async def sock_connect(self, sock, address):
        raise NotImplementedError("no sockets here")


def no_loop():
    """Return something else."""
    return "a loop"


def failing_factory():
    """Raise what a loop raises on a Python that it does not know."""
    raise RuntimeError("this Python is too old")


class HastyLoop(asyncio.SelectorEventLoop):
    """Runs callbacks at once instead of in the next turn; only steps of tasks wait."""

    def call_soon(self, callback, *args, context=None):
        if type(callback) not in (types.FunctionType, types.BuiltinFunctionType):
            return super().call_soon(callback, *args, context=context)
        callback(*args)
        return asyncio.Handle(callback, args, self, context)


class GreedyLoop(asyncio.SelectorEventLoop):
    """Lets a task that gives way go on in the same turn."""

    def create_task(self, coro, **options):
        return super().create_task(_greedy(coro), **options)


@types.coroutine
def _greedy(coro):
    """Pass on what a coroutine waits for, unless it only gives way."""
    sent = None
    while True:
        try:
            waits_for = coro.send(sent)
        except StopIteration as end:
            return end.value
        sent = None if waits_for is None else (yield waits_for)
