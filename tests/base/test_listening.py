"""A child listens to its parent by a thread that is never in the way of its end."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import asyncio, sys
from crawlbench.base.children import listen

async def main():
    over = asyncio.Event()
    def heard(line):
        print(line.decode(), flush=True)
        if line == b"bye":
            over.set()
    listen(heard, over.set)
    print("ready", flush=True)
    await over.wait()
    {last}

asyncio.run(main())
"""


def start(last=""):
    command = [sys.executable, "-P", "-c", CHILD.replace("{last}", last)]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
    assert child.stdout.readline() == b"ready\n"
    return child


@pytest.mark.parametrize("last", ["", "raise ValueError", "sys.exit(3)"])
def test_child_ends_while_its_parent_still_holds_the_pipe(last):
    """Whatever ends it: a thread that waits within `sys.stdin` would make Python abort."""
    with start(last) as child:
        child.stdin.write(b"bye\n")
        child.stdin.flush()
        assert child.wait(20) == {"": 0, "raise ValueError": 1, "sys.exit(3)": 3}[last]
        assert b"Fatal Python error" not in child.stderr.read()


def test_lines_are_heard_whole_and_half_a_line_is_not():
    """However they were cut; what a dying parent leaves unfinished is nothing."""
    with start() as child:
        for part in (b"fi", b"rst\nsec", b"ond\n\n", b"hal"):
            child.stdin.write(part)
            child.stdin.flush()
        child.stdin.close()
        assert child.stdout.read() == b"first\nsecond\n\n"
        assert child.wait(20) == 0
