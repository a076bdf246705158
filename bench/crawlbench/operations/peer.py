"""The other end, in a process of its own: `python -m crawlbench.operations.peer KIND` (floor 2).

None of asyncio's event loops runs here, only plain sockets, threads and epoll, so that every loop
meets the same peer. It prints its address as one line of JSON, then answers each line `{"op":
"usage"}` with the CPU seconds that it has used. When standard input ends, so does the process.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from crawlbench.base.children import open_channel
from crawlbench.base.rooms import open_room
from crawlbench.operations.servers import (
    Connection,
    handle_bulk,
    handle_caller,
    handle_echo,
    serve_datagrams,
    serve_echoes,
    serve_in_threads,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.operations.contract import PeerFields

BACKLOG = 4_096
HOST = "127.0.0.1"
NAME = "localhost"
"""The name in a TLS peer's certificate."""


def main() -> None:
    """Serve until standard input ends."""
    say = open_channel()
    kind, *cpus = sys.argv[1:]
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(map(int, cpus)))
    _allow_many_files()
    with open_room() as folder:
        say(START[kind](str(folder / "socket")))
        for _ in sys.stdin:
            say({"cpu_s": time.process_time()})


def _allow_many_files() -> None:
    """Allow a thousand idle connections, which many systems do not by default."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  (absent on Windows)

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _start(target: Callable[..., None], *arguments: object) -> None:
    # Daemons, which nobody waits for when standard input ends.
    threading.Thread(target=target, args=arguments, daemon=True).start()


def _listen() -> tuple[socket.socket, PeerFields]:
    listener = socket.create_server((HOST, 0), backlog=BACKLOG)
    return listener, {"host": HOST, "port": listener.getsockname()[1]}


def _start_echo(_: str) -> PeerFields:
    listener, address = _listen()
    _start(serve_echoes, listener)
    return address


def _start_unix(path: str) -> PeerFields:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(BACKLOG)
    _start(serve_echoes, listener)
    return {"path": path}


def _start_udp(_: str) -> PeerFields:
    listener = socket.socket(type=socket.SOCK_DGRAM)
    listener.bind((HOST, 0))
    _start(serve_datagrams, listener)
    return {"host": HOST, "port": listener.getsockname()[1]}


def _start_unix_udp(path: str) -> PeerFields:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(path)
    _start(serve_datagrams, listener)
    return {"path": path}


def _start_threads(handle: Callable[[Connection], None]) -> PeerFields:
    listener, address = _listen()
    _start(serve_in_threads, listener, handle)
    return address


def _start_tls(handle: Callable[[Connection], None]) -> PeerFields:
    import trustme  # noqa: PLC0415  (half a second of imports that only this peer needs)

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    listener, address = _listen()
    _start(serve_in_threads, listener, handle, context)
    return {**address, "ca_pem": authority.cert_pem.bytes().decode()}


START: dict[str, Callable[[str], PeerFields]] = {
    "echo": _start_echo,
    "unix": _start_unix,
    "udp": _start_udp,
    "unix-udp": _start_unix_udp,
    "bulk": lambda _: _start_threads(handle_bulk),
    "caller": lambda _: _start_threads(handle_caller),
    "tls": lambda _: _start_tls(handle_echo),
    "tls-bulk": lambda _: _start_tls(handle_bulk),
}
"""Starts a peer by kind, and returns its address; the argument is a free path."""


if __name__ == "__main__":
    main()
