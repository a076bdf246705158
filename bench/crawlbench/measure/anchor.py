"""Measures the state of the machine: `python -m crawlbench.measure.anchor` (floor 3).

Two small fixed kernels, one that computes and one that sends over loopback, are timed once in each
lap by a process of their own, which waits at the turnstile like a worker. The time of the same code
on the same idle machine can differ by several per cent from session to session, because of the
operating system's network path or the clock rate; the two kernels show which of these changed. The
kernels themselves must never be changed, because sessions are compared by their times: another
kernel would be another anchor.
"""

from __future__ import annotations

import os
import socket
import sys
from time import perf_counter

from crawlbench.measure.gate import ManagerLink

ANCHOR = "(anchor)"
"""The name under which this process comes to the turnstile; no cell can have it."""
STEPS = 8_000
ROUND_TRIPS = 120
MESSAGE = bytes(64)
WARMUPS = 3


def compute() -> int:
    """Do a fixed amount of typical work (numbers, text, a dictionary, a list); return a sum."""
    counts: dict[str, int] = {}
    for step in range(STEPS):
        key = "key" + str(step % 97)
        counts[key] = counts.get(key, 0) + step * step % 13
    return sum(sorted(counts.values()))


class AnchorWire:
    """A connection over loopback with both ends in this process."""

    def __init__(self) -> None:
        """Connect."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            self._here = socket.create_connection(server.getsockname())
            self._there, _ = server.accept()
        for end in (self._here, self._there):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> int:
        """Send small messages to and fro, and return how many bytes came back."""
        here, there, back = self._here, self._there, 0
        for _ in range(ROUND_TRIPS):
            here.sendall(MESSAGE)
            there.sendall(there.recv(len(MESSAGE)))
            back += len(here.recv(len(MESSAGE)))
        return back

    def close(self) -> None:
        """Close both ends."""
        self._here.close()
        self._there.close()


def main() -> None:
    """Time both kernels whenever the manager says so; arguments: port, token, CPUs."""
    port, token, cpus = sys.argv[1:]
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, map(int, cpus.split(",")))
    gate, wire = ManagerLink(int(port), token, ANCHOR), AnchorWire()
    for _ in range(WARMUPS):
        compute()
        wire.send()
    gate.say({"kind": "ready"})
    while gate.wait()["kind"] == "go":
        start = perf_counter()
        compute()
        middle = perf_counter()
        wire.send()
        end = perf_counter()
        gate.say({"kind": "anchor", "computing_s": middle - start, "sending_s": end - middle})


if __name__ == "__main__":
    main()
