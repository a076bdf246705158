"""Each operation is a few lines, says what it does, and works on asyncio and uvloop."""

from __future__ import annotations

import inspect
import socket
from functools import partial
from pathlib import Path

import pytest

from crawlbench import operations
from crawlbench.base.errors import UnknownNameError
from crawlbench.operations import (
    all_operations,
    find_operation,
    load_loop_factory,
    run_operation,
    select_operations,
)

ALL = all_operations()
FOLDER = Path(operations.__file__).parent
REFUSED = {
    ("uvloop", "sendfile"),
    ("uvloop", "sock-sendfile"),
    ("uvloop", "udp-sock"),
    ("uvloop", "unix-datagram"),
    ("uvloop", "eager-start"),
    ("uvloop", "eager-tasks"),  # from Python 3.13.0 to 3.13.2
}
"""What uvloop 0.23 says that it does not have; a later one may."""
NAMED_IN_THE_ISSUE = [
    "call-soon",
    "call-soon-arguments",
    "sleep-zero",
    "sleep-zero-idle-250",
    "sleep-zero-idle-1000",
    "call-later-cancel",
    "timers-fire",
    "timer-accuracy",
    "call-soon-threadsafe",
    "loop-create-close",
    "asyncio-run",
    "coroutine-chain",
    "task-spawn",
    "eager-tasks",
    "gather",
    "task-group",
    "as-completed",
    "wait-for",
    "timeout",
    "cancel-tasks",
    "generator-awaitable",
    "futures",
    "lock",
    "event",
    "condition",
    "semaphore",
    "barrier",
    "queue",
    "queue-workers",
    "run-in-executor",
    "to-thread",
    "run-coroutine-threadsafe",
    "loop-in-second-thread",
    "loops-in-threads",
    "tcp-protocol-1k",
    "tcp-protocol-10k",
    "tcp-protocol-100k",
    "tcp-protocol-1k-c100",
    "tcp-buffered-100k-c100",
    "tcp-streams-10k",
    "tcp-sock-100k",
    "connect",
    "accept",
    "bulk-send",
    "bulk-receive",
    "flow-control",
    "tcp-split-writes",
    "udp-endpoint",
    "unix-protocol",
    "tls-handshake",
    "tls-protocol-1k",
    "tls-bulk-send",
    "sendfile",
    "subprocess-spawn",
    "subprocess-pipe",
    "signals",
    "getaddrinfo-literal",
    "getaddrinfo-local",
    "files",
]


@pytest.mark.parametrize("operation", ALL, ids=lambda o: o.name)
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_operation_works(operation, loop, peer_of):
    """A little of it, on each loop that is installed; what a loop lacks it says."""
    if operation.obstacle:
        pytest.skip(operation.obstacle)
    call = partial(run_operation, operation, load_loop_factory(loop), peer_of(operation))
    try:
        outcome = call(n=operation.few)
    except operation.refusals:
        assert (loop, operation.name) in REFUSED
        return
    assert outcome.timing.seconds > 0
    assert all(name.endswith("_s") for name in outcome.figures)
    if operation.whole_ms:
        assert outcome.figures["earliest_s"] <= outcome.figures["latest_s"]


def test_there_are_the_operations_of_the_issue():
    """At least 40, among them all that were asked for."""
    names = {operation.name for operation in ALL}
    assert len(names) == len(ALL) >= 40
    assert not set(NAMED_IN_THE_ISSUE) - names


@pytest.mark.parametrize("operation", ALL, ids=lambda o: o.name)
def test_operation_is_short_and_says_what_it_is(operation):
    """One line about it, a unit to count, and few lines of code."""
    run = operation.run
    while isinstance(run, partial):
        run = run.func
    lines = [line for line in inspect.getsource(run).splitlines() if line.strip()]
    assert len(lines) <= 35
    assert 10 <= len(operation.about) <= 90
    assert not operation.about.endswith(".")
    assert operation.counts
    assert 2 <= operation.few <= operation.n


def test_every_theme_of_the_folder_is_registered():
    """A module with a theme has an entry point."""
    declared = {
        path.stem
        for path in FOLDER.glob("*.py")
        if "\nTHEME = Theme(" in path.read_text(encoding="utf-8")
    }
    assert {operation.theme for operation in ALL} == declared


def test_time_of_timers_is_marked():
    """What depends on how a loop rounds timers may not become a ratio."""
    marked = {operation.name for operation in ALL if operation.whole_ms}
    assert marked == {operation.name for operation in ALL if operation.theme == "timers"}


def test_names_are_found_by_glob_in_the_order_of_the_patterns():
    """As for strategies and loops."""
    chosen = [operation.name for operation in select_operations(("unix-sock", "unix-s*"))]
    assert chosen == ["unix-sock", "unix-streams", "unix-server"]


def test_unknown_operation_is_named_with_a_near_miss():
    """A typo is answered with what was probably meant."""
    with pytest.raises(UnknownNameError, match=r"unknown operation 'gathr' \(did you mean 'gath"):
        find_operation("gathr")


def test_an_operation_runs_as_often_as_asked(peer_of):
    """Loops within one clock, as pyperf wants them."""
    operation = find_operation("connect")
    factory = load_loop_factory("asyncio")
    outcome = run_operation(operation, factory, peer_of(operation), n=2, loops=3)
    assert outcome.timing.seconds > 0


def test_idle_connections_are_there_while_it_runs(peer_of, monkeypatch):
    """They are opened before the clock starts, so many, and closed afterwards."""
    operation = find_operation("sleep-zero-idle-250")
    closed, close = [], socket.socket.close
    monkeypatch.setattr(socket.socket, "close", lambda self: (closed.append(self), close(self)))
    run_operation(operation, load_loop_factory("asyncio"), peer_of(operation), n=2)
    assert len(set(map(id, closed))) >= 250
