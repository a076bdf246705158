"""Loops that are right but lack or leave something; tests name them as `module:class`."""

from __future__ import annotations

import asyncio
import os
import threading
import time

WORK_S = 5.0


class ThreadLeaver(asyncio.SelectorEventLoop):
    """Leaves an idle thread each time that it has run."""

    def run_until_complete(self, future):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        return super().run_until_complete(future)


class FileLeaver(asyncio.SelectorEventLoop):
    """Leaves an open file each time that it has run."""

    def run_until_complete(self, future):
        os.open(os.devnull, os.O_RDONLY)
        return super().run_until_complete(future)


def _work():
    end = time.monotonic() + WORK_S
    while time.monotonic() < end:
        sum(range(100))


class Worker(asyncio.SelectorEventLoop):
    """Leaves a thread that works on, when many callbacks were asked for."""

    asked = 0

    def call_soon(self, callback, *args, context=None):
        self.asked += 1
        if self.asked == 5_000:
            threading.Thread(target=_work, daemon=True).start()
        return super().call_soon(callback, *args, context=context)


class Daemon(asyncio.SelectorEventLoop):
    """Leaves a process that no longer belongs to it and works on, as `Worker` leaves a thread."""

    asked = 0

    def call_soon(self, callback, *args, context=None):
        self.asked += 1
        if self.asked == 5_000:
            child = os.fork()
            if not child:
                os.setsid()
                if not os.fork():
                    _work()
                os._exit(0)
            os.waitpid(child, 0)
        return super().call_soon(callback, *args, context=context)


class Nameless(asyncio.SelectorEventLoop):
    """Looks no names up, and says so."""

    async def getaddrinfo(self, host, port, **options):
        raise NotImplementedError("no names here")
