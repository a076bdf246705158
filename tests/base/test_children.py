"""Handles on children whose output does not end with them, or ends before them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress

import psutil
import pytest

from crawlbench.base.children import Child, ChildEnded, PlainChild, child, nursery, plain

pytestmark = pytest.mark.skipif(not shutil.which("setsid"), reason="it starts sessions")

AMPLE_S, SHORT_S = 60.0, 0.05
DAEMON = """setsid sh -c 'echo "{\\"daemon\\": $$}"; exec sleep 600' &"""
"""It says who it is once it has a session of its own, and holds the output open."""
SILENT = """echo '{"last": 1}'; exec >&-; exec sleep 600"""


@pytest.fixture
def starts(monkeypatch):
    """Return a function that lets every child run a line of the shell."""
    monkeypatch.setattr(child, "LAST_S", SHORT_S)
    monkeypatch.setattr(plain, "LAST_S", SHORT_S)
    monkeypatch.setattr(nursery, "GRACE_S", SHORT_S)

    def start(script):
        for module in (child, plain):
            monkeypatch.setattr(module, "python_command", lambda *_, **__: ["sh", "-c", script])

    return start


def end_daemon(process):
    """End a daemon, which must have outlived whoever started it: so nobody has waited for it."""
    assert psutil.pid_exists(process)
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("then", ["exec sleep 600", "exit 3"])
def test_plain_child_that_leaves_a_daemon_is_not_waited_for(starts, then):
    """Whether it lives or not: the daemon holds its output open."""
    starts(f"{DAEMON} {then}")
    one = PlainChild("")
    daemon = one.hear(AMPLE_S)["daemon"]
    with pytest.raises(TimeoutError):
        one.hear(SHORT_S)
    one.end()
    end_daemon(daemon)


def test_plain_child_that_goes_on_without_output_is_killed_in_time(starts):
    """It can say nothing any more."""
    starts(SILENT)
    one = PlainChild("")
    assert one.hear(AMPLE_S) == {"last": 1}
    with pytest.raises(TimeoutError):
        one.hear(SHORT_S)
    one.end()
    assert one.code == -signal.SIGKILL


def test_plain_child_that_ends_well_is_heard_to_the_end(starts):
    """With its last words; what came of a line is none."""
    starts("""echo '{"a": 1}'; echo '{"b": 2}'; printf '{"c"'; echo why >&2; exit 3""")
    one = PlainChild("")
    assert [one.hear(AMPLE_S), one.hear()] == [{"a": 1}, {"b": 2}]
    with pytest.raises(ChildEnded, match="why"):
        one.hear(AMPLE_S)
    one.end()
    assert one.code == 3


@pytest.mark.parametrize("then", ["exec sleep 600", "exit 3"])
@pytest.mark.parametrize("is_followed", [False, True])
def test_child_that_leaves_a_daemon_is_not_waited_for(starts, then, is_followed):
    """Nor is it where only its end is awaited."""
    starts(f"{DAEMON} {then}")

    async def use():
        one = await Child.start("")
        daemon = (await one.hear(AMPLE_S))["daemon"]
        if is_followed:
            assert (await nursery._follow(one, SHORT_S))[0] == {}
        await one.end()
        return daemon

    end_daemon(asyncio.run(use()))


def test_child_that_goes_on_without_output_is_late(starts):
    """And is ended."""
    starts(SILENT)

    async def use():
        one = await Child.start("")
        assert await one.hear(AMPLE_S) == {"last": 1}
        with pytest.raises(TimeoutError):
            await one.hear(SHORT_S)
        await one.end()
        return one.code

    assert asyncio.run(use()) == -signal.SIGKILL


def test_child_that_ends_well_is_heard_to_the_end(starts):
    """With its last words."""
    starts("""echo '{"a": 1}'; echo why >&2; exit 3""")

    async def use():
        one = await Child.start("")
        assert await one.hear() == {"a": 1}
        with pytest.raises(ChildEnded, match="why"):
            await one.hear(AMPLE_S)
        await one.end()
        return one.code

    assert asyncio.run(use()) == 3
