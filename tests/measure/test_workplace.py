"""A worker ends without taking its interpreter apart, and leaves nothing undone."""

from __future__ import annotations

import asyncio
import faulthandler
import io
import subprocess
import sys

import pytest

from crawlbench.measure.workplace import Workplace, _name_error

PROGRAM = """
import atexit, sys, threading, time
from crawlbench.measure.workplace import Leaving

leaving = Leaving()

class Thing:
    def __del__(self):
        print("taken apart", flush=True)

thing = Thing()
atexit.register(print, "handler", flush=True)
thread = threading.Thread(target=lambda: (time.sleep(0.05), print("thread", flush=True)))
thread.start()
"""


def run(more):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + more], capture_output=True, text=True, check=False
    )


def test_what_is_to_be_done_at_the_end_is_done():
    """Threads are waited for and handlers called, then the process is gone with success."""
    done = run("leaving.is_done = True\nprint('last words', end='', file=sys.stderr)")
    assert (done.returncode, done.stdout.split()) == (0, ["thread", "handler"])
    assert done.stderr == "last words"


@pytest.mark.parametrize(("more", "code"), [("sys.exit(3)", 3), ("raise ValueError('no')", 1)])
def test_what_went_wrong_ends_as_it_always_does(more, code):
    """With its own exit code and words."""
    done = run(more)
    assert done.returncode == code
    assert "taken apart" in done.stdout
    assert ("ValueError: no" in done.stderr) == (code == 1)


class UnspeakableError(Exception):
    """Cannot even be shown."""

    def __str__(self):
        raise RuntimeError("no")


class Raising:
    """A task that raises."""

    def __init__(self, error):
        self.error = error

    def run(self, loops):
        raise self.error


class Hearing(list):
    """The manager's ear."""

    say = list.append


def take(error):
    """Return what the manager hears of a task that raises."""
    heard = Hearing()
    try:
        with pytest.raises((Exception, SystemExit)):
            Workplace({"timeout_s": 60}, heard, set()).time(Raising(error), 1)
    finally:
        faulthandler.cancel_dump_traceback_later()  # it would end this process
    return [message["reason"] for message in heard]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SystemExit("that is all"), "SystemExit: that is all"),
        (asyncio.CancelledError(), "CancelledError"),
        (
            BaseExceptionGroup("here", [BaseExceptionGroup("there", [KeyboardInterrupt(1)])]),
            "BaseExceptionGroup: here (1 sub-exception): BaseExceptionGroup: there "
            "(1 sub-exception): KeyboardInterrupt: 1",
        ),
        (
            BaseExceptionGroup("all", [KeyboardInterrupt(), UnspeakableError()]),
            "BaseExceptionGroup: all",
        ),
    ],
)
def test_what_ends_processes_is_told_like_any_error(error, reason):
    """Else it would look like a crash, or like pyperf's own words."""
    (told,) = take(error)
    assert told.startswith(reason)


def test_other_errors_are_told_by_whoever_asked_for_the_value():
    """Once, not twice."""
    assert take(ValueError("no")) == []


def test_errors_that_cannot_be_shown_have_a_name():
    """Whatever their class does there."""
    group = BaseExceptionGroup("one", [SystemExit(1), UnspeakableError()]).subgroup(
        UnspeakableError
    )
    assert _name_error(group).endswith(": UnspeakableError: (it cannot be shown)")


@pytest.mark.parametrize("stderr", [None, io.StringIO()])
def test_standard_error_may_be_something_else(monkeypatch, stderr):
    """A contestant that captures its output is as good as any."""
    monkeypatch.setattr(sys, "stderr", stderr)
    assert take(KeyboardInterrupt()) == ["KeyboardInterrupt"]
