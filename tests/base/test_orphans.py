"""A process that was detached stays a child of the worker's, and ends with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

ADOPTS = """
import os, signal, sys, time
from crawlbench.base.offspring import Children, adopt_orphans, end_descendants

if sys.argv[1] == "adopts":
    adopt_orphans()
ours, theirs = os.pipe()
if not (child := os.fork()):
    os.setsid()
    if not os.fork():
        os.write(theirs, b"%d" % os.getpid())
        for number in (theirs, 0, 1, 2):
            os.close(number)
        time.sleep(60)
    os._exit(0)
os.close(theirs)
orphan = int(os.read(ours, 20))
os.waitpid(child, 0)
print(orphan in (Children.now().living or {}))
end_descendants()
try:
    print(os.waitstatus_to_exitcode(os.waitpid(orphan, 0)[1]))
except ChildProcessError:
    os.kill(orphan, signal.SIGKILL)
    print("of another")
"""


def run(how):
    """Return what a process tells of the one that it has detached."""
    call = [sys.executable, "-c", ADOPTS, how]
    return subprocess.run(call, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems give orphans to nobody else")
def test_orphans_are_seen_and_ended():
    """By whoever adopts them alone."""
    assert run("adopts").stdout.split() == ["True", "-9"]
    assert run("does not").stdout.splitlines() == ["False", "of another"]
