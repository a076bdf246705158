"""Other programs, signals, names, files and pipes (floor 2)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

from crawlbench.operations.contract import Theme, check
from crawlbench.operations.payload import CHUNK_BYTES, MIB, numbered, pattern

THEME = Theme("outside")
SIZE = 1_024
ENDS = (("true", 0), ("false", 1))
"""Programs that do nothing, and their exit codes."""
LOOKUPS = 10
"""At once."""


@THEME.operation(counts="programs", n=15, unix_only=True, needs_own=True)
async def subprocess_spawn(n: int) -> None:
    """Programs that do nothing, one after the other; their exit codes are right."""
    codes = []
    for number in range(n):
        process = await asyncio.create_subprocess_exec(ENDS[number % 2][0])
        codes.append(await process.wait())
    check("exit codes", codes, [ENDS[number % 2][1] for number in range(n)])


@THEME.operation(counts="programs", n=15, unix_only=True, needs_own=True)
async def subprocess_spawn_at_once(n: int) -> None:
    """The same, ten at once, each waited for."""
    for start in range(0, n, 10):
        count = min(10, n - start)
        started = [asyncio.create_subprocess_exec("false") for _ in range(count)]
        processes = await asyncio.gather(*started)
        codes = await asyncio.gather(*[process.wait() for process in processes])
        check("exit codes", codes, [1] * count)


@THEME.operation(counts="lines", n=1_000, unix_only=True, needs_own=True)
async def subprocess_pipe(n: int) -> None:
    """Lines to `cat` and back by pipes, one at a time."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("cat", stdin=pipe, stdout=pipe)
    assert process.stdin
    assert process.stdout
    for number in range(n):
        line = b"%01023d\n" % number
        process.stdin.write(line)
        await process.stdin.drain()
        check(f"line {number}", await process.stdout.readline(), line)
    process.stdin.close()
    check("exit code", await process.wait(), 0)


@THEME.operation(counts="MiB", n=8, unix_only=True, needs_own=True)
async def subprocess_bulk(n: int) -> None:
    """Bytes through `cat` by `communicate`, a MiB a program."""
    pipe = asyncio.subprocess.PIPE
    sent = b"".join(pattern(start, CHUNK_BYTES) for start in range(0, MIB, CHUNK_BYTES))
    for _ in range(n):
        process = await asyncio.create_subprocess_exec("cat", stdin=pipe, stdout=pipe)
        received, _ = await process.communicate(sent)
        check("bytes that came through", received == sent, True)


@THEME.operation(counts="lines", n=2_000, unix_only=True)
async def pipes(n: int) -> None:
    """`connect_write_pipe` and `connect_read_pipe` at the two ends of a pipe."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    read_end, write_end = os.pipe()
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
    )
    writing, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(write_end, "wb", 0))
    for number in range(n):
        line = b"%01023d\n" % number
        writing.write(line)
        check(f"line {number}", await reader.readline(), line)
    writing.close()
    check("what came after the end", await reader.read(), b"")
    reading.close()


@THEME.operation(counts="round trips", n=1_000, unix_only=True)
async def add_reader_writer(n: int) -> None:
    """`add_reader` and `add_writer` on a pair of sockets."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left, right = socket.socketpair()
    received: list[bytes] = []

    def write() -> None:
        # A socket stays writable, so the callback would run in each turn.
        loop.remove_writer(left.fileno())
        left.send(numbered(len(received), SIZE))

    def read() -> None:
        received.append(right.recv(SIZE))
        if len(received) == n:
            done.set_result(None)
        else:
            loop.add_writer(left.fileno(), write)

    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        loop.add_reader(right.fileno(), read)
        loop.add_writer(left.fileno(), write)
        await done
        loop.remove_reader(right.fileno())
    check("messages", received, [numbered(number, SIZE) for number in range(n)])


@THEME.operation(counts="signals", n=1_000, unix_only=True)
async def signals(n: int) -> None:
    """Signals to the own process, each handled by a callback in the loop."""
    loop, woken, handled = asyncio.get_running_loop(), asyncio.Event(), 0

    def handle(word: str) -> None:
        nonlocal handled
        handled += word == "usr1"
        woken.set()

    loop.add_signal_handler(signal.SIGUSR1, handle, "usr1")
    for _ in range(n):
        woken.clear()
        # One at a time, because pending signals of one number become one.
        os.kill(os.getpid(), signal.SIGUSR1)
        await woken.wait()
    check("signals handled", handled, n)
    check("a handler was there to remove", loop.remove_signal_handler(signal.SIGUSR1), True)


@THEME.operation(counts="look-ups", n=250)
async def getaddrinfo_literal(n: int) -> None:
    """`getaddrinfo` of an address that is a number already."""
    loop = asyncio.get_running_loop()
    for number in range(n):
        # Another port each time, so that an answer that was kept is a wrong one.
        port = 1_024 + number % 60_000
        found = await loop.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
        check("address", [entry[4] for entry in found], [("127.0.0.1", port)])


@THEME.operation(counts="look-ups", n=250)
async def getaddrinfo_local(n: int) -> None:
    """`getaddrinfo` of `localhost` by the system's resolver (its hosts file), ten at once."""
    loop = asyncio.get_running_loop()
    for start in range(0, n, LOOKUPS):
        found = await asyncio.gather(
            *[
                loop.getaddrinfo("localhost", 80, family=socket.AF_INET, type=socket.SOCK_STREAM)
                for _ in range(start, min(start + LOOKUPS, n))
            ]
        )
        for entries in found:
            check("address of localhost", entries[0][4], ("127.0.0.1", 80))


@THEME.operation(counts="look-ups", n=250)
async def getnameinfo_literal(n: int) -> None:
    """`getnameinfo` that is asked for numbers only."""
    loop, flags = asyncio.get_running_loop(), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    for _ in range(n):
        check("name", await loop.getnameinfo(("127.0.0.1", 80), flags), ("127.0.0.1", "80"))


@THEME.operation(counts="files", n=250)
async def files(n: int) -> None:
    """Files of 64 KiB read in the loop's pool of threads, ten at once."""
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="crawlbench-") as folder:
        paths = [Path(folder) / f"{number}" for number in range(10)]
        for number, path in enumerate(paths):
            path.write_bytes(numbered(number, CHUNK_BYTES))
        for start in range(0, n, 10):
            chosen = paths[: min(10, n - start)]
            read = [loop.run_in_executor(None, path.read_bytes) for path in chosen]
            due = [numbered(number, CHUNK_BYTES) for number in range(len(chosen))]
            check("what was read is right", await asyncio.gather(*read) == due, True)


@THEME.operation(counts="programs", n=2, needs_own=True)
async def subprocess_python(n: int) -> None:
    """Python programs that end with a code of their own, on any platform."""
    for number in range(n):
        program = f"raise SystemExit({number % 100})"
        process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-I", "-c", program)
        check("exit code", await process.wait(), number % 100)
