"""A mirror's process always ends: with its block, with its manager, or by force."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
from tests.mirror.wire import BODIES, PATIENCE_S, connect, open_on

from crawlbench.base.errors import MirrorError
from crawlbench.mirror import process as process_module

pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
]

JOB = {"site": "douban-top250", "network": {}, "seed": 1, "cpus": [], "ca_file": ""}

MANAGER = """
import asyncio
from crawlbench.mirror.process import open_mirror
from crawlbench.mirror.networks import Network

async def manage():
    async with open_mirror("douban-top250", "loopback", Network(), 1) as mirror:
        print(mirror.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(manage())
"""


@pytest.mark.parametrize("command", ["begin", "end"])
def test_mirror_that_was_killed_is_reported(command):
    """Each command says so, the first as the second."""

    async def session():
        async with open_on() as mirror:
            os.kill(mirror.pid, signal.SIGKILL)
            for _ in range(2):
                with pytest.raises(MirrorError) as caught:
                    await (mirror.begin("lap") if command == "begin" else mirror.end())
                assert str(caught.value) == "the mirror of network 'loopback' died (exit code -9)"
            await mirror.wait()

    asyncio.run(session())


def test_mirror_that_is_stopped_is_reported_and_ended(monkeypatch):
    """It gives no answer, and its late answer is not taken for that to another command."""
    monkeypatch.setattr(process_module, "ANSWER_TIMEOUT_S", 0.2)

    async def session():
        async with open_on() as mirror:
            await mirror.begin("lap")
            os.kill(mirror.pid, signal.SIGSTOP)
            with pytest.raises(MirrorError) as caught:
                await mirror.end()
            assert str(caught.value) == "the mirror of network 'loopback' gave no answer in 0.2 s"
            with contextlib.suppress(ProcessLookupError):
                os.kill(mirror.pid, signal.SIGCONT)
            with pytest.raises(MirrorError, match="died"):
                await mirror.begin("lap")

    asyncio.run(session())


def test_mirror_that_is_stopped_ends_with_the_block(monkeypatch):
    """Closing its pipe is not enough, so it is killed."""
    monkeypatch.setattr(process_module, "STOP_TIMEOUT_S", 0.2)

    async def session():
        async with open_on() as mirror:
            os.kill(mirror.pid, signal.SIGSTOP)
            return mirror.pid

    assert not psutil.pid_exists(asyncio.run(session()))


def test_command_that_was_cancelled_leaves_no_answer_behind():
    """A mirror that was asked and not listened to is not asked again."""

    async def session():
        async with open_on() as mirror:
            os.kill(mirror.pid, signal.SIGSTOP)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await mirror.end()
            with pytest.raises(MirrorError, match="died"):
                await mirror.begin("lap")

    asyncio.run(session())


@pytest.mark.parametrize("ending", ["returns", "raises", "is cancelled"])
def test_mirror_ends_with_the_block(ending):
    """However a block ends, there is no process after it, also with clients connected."""
    pids = []

    async def session():
        async with open_on() as mirror:
            pids.append(mirror.pid)
            with connect(mirror) as wire:
                assert wire.ask().status == 200
                if ending == "raises":
                    raise KeyError(ending)
                if ending == "is cancelled":
                    await asyncio.sleep(600)

    async def run():
        task = asyncio.create_task(session())
        while not pids and ending == "is cancelled":
            await asyncio.sleep(0.01)
        if ending == "is cancelled":
            task.cancel()
        await asyncio.wait([task])
        return task.cancelled() or task.exception()

    assert (
        repr(asyncio.run(run()))
        == {
            "returns": "None",
            "raises": "KeyError('raises')",
            "is cancelled": "True",
        }[ending]
    )
    assert not psutil.pid_exists(pids[0])


def test_start_that_is_cancelled_leaves_no_process():
    """Nor one that has not told its address yet."""

    async def session():
        async with open_on():
            pytest.fail("it started in no time")

    async def run():
        task = asyncio.create_task(session())
        while not psutil.Process().children():
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(run())


@pytest.mark.parametrize("last", [b"", b'{"op": "be', b"not JSON\n"])
def test_mirror_ends_when_its_pipe_closes(last):
    """Also after half a line, as a dying manager may leave it."""
    command = [sys.executable, "-m", "crawlbench.mirror.child", json.dumps(JOB)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        address = json.loads(child.stdout.readline())["address"]
        with urllib.request.urlopen(f"{address}/top250", timeout=PATIENCE_S) as answer:
            assert answer.read() == BODIES["/top250"]
        child.stdin.write(last)
        child.stdin.close()
        assert child.wait(PATIENCE_S) == 0


def test_mirror_ends_when_its_manager_is_killed():
    """SIGKILL lets a manager clean up nothing; the mirror goes all the same."""
    with subprocess.Popen([sys.executable, "-c", MANAGER], stdout=subprocess.PIPE) as manager:
        mirror = psutil.Process(int(manager.stdout.readline()))
        assert mirror.is_running()
        manager.kill()
        manager.wait(PATIENCE_S)
    deadline = time.monotonic() + PATIENCE_S
    while mirror.is_running() and mirror.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the mirror outlived its manager"
        time.sleep(0.01)
