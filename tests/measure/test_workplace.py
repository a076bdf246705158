"""A worker ends without taking its interpreter apart, and leaves nothing undone."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
