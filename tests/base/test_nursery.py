"""Processes that each do one job: forks of one that stands ready, and others started alone."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.child import succeed

from crawlbench.base.children import ChildEnded, Nursery, why_not_fork

READY = "tests.base.ready"
PYTHON = (sys.executable, "-X", "faulthandler")
AMPLE_S = 30.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")


@pytest.fixture(autouse=True)
def _module_is_found(monkeypatch):
    """No child looks into the current folder."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def with_nursery(use, *arguments):
    """Return what a coroutine function returns for a nursery that is then closed."""

    async def run():
        nursery = await Nursery.open(READY, *arguments, start_s=AMPLE_S, python=PYTHON)
        assert nursery
        try:
            return await use(nursery)
        finally:
            await nursery.close()

    return asyncio.run(run())


def run_jobs(*names, hanging_s=AMPLE_S):
    """Return how jobs ended that run at the same time; one that hangs has a deadline of its own."""

    async def use(nursery):
        deadlines = [hanging_s if name == "hang" else AMPLE_S for name in names]
        jobs = zip(names, deadlines, strict=True)
        return await asyncio.gather(*(nursery.run({"do": name}, late) for name, late in jobs))

    return with_nursery(use)


def is_gone(process):
    """Tell whether a process has ended; one that was killed may take a moment."""
    for _ in range(200):
        if not psutil.pid_exists(process):
            return True
        if psutil.Process(process).status() == psutil.STATUS_ZOMBIE:  # for its parent to see
            return True
        time.sleep(0.02)
    return False


def test_each_job_has_a_process_of_its_own():
    """With a session, an input that is empty, and the exit code and words of its own."""
    good, bad, aborted = run_jobs("go", "leave", "abort")
    assert (good.code, good.words, good.said["done"]) == (0, "", "go")
    assert (bad.code, bad.words) == (3, "last words")
    assert (aborted.code, aborted.words) == (-signal.SIGABRT, "Fatal Python error: Aborted")
    assert "done" not in {**bad.said, **aborted.said}
    said = [ended.said for ended in (good, bad, aborted)]
    assert len({one["pid"] for one in said} | {os.getpid()}) == 4
    assert all(one["pid"] == one["session"] and one["input"] == "" for one in said)


def test_job_that_hangs_is_ended_with_what_it_started():
    """The others go on meanwhile."""
    hung, good = run_jobs("hang", "go", hanging_s=1.5)
    assert (hung.code, good.code) == (None, 0)
    assert 1.5 <= hung.seconds < AMPLE_S
    assert is_gone(hung.said["pid"])
    assert is_gone(hung.said["child"])


def test_what_a_job_leaves_running_is_ended():
    """Else a machine would fill up with it."""
    (ended,) = run_jobs("leave a child")
    assert ended.code == 0
    assert is_gone(ended.said["child"])


def test_nursery_that_is_killed_is_told_and_takes_its_forks_along():
    """Whoever waits is told, and so is whoever comes later."""

    async def use(nursery):
        waiting = asyncio.create_task(nursery.run({"do": "hang"}, AMPLE_S))
        for job in ("kill", "go"):
            with pytest.raises(ChildEnded, match="gone"):
                await nursery.run({"do": job}, AMPLE_S)
        with pytest.raises(ChildEnded, match="gone: ended by SIGKILL"):
            await waiting

    with_nursery(use)


def test_what_still_runs_is_ended_with_the_nursery():
    """As when a probe is interrupted."""

    async def use(nursery):
        waiting = asyncio.create_task(nursery.run({"do": "hang"}, AMPLE_S))
        while "child" not in (said := next(iter(nursery._said.values()), {})):
            await asyncio.sleep(0.01)
        waiting.cancel()
        return said

    said = with_nursery(use)
    assert is_gone(said["pid"])
    assert is_gone(said["child"])


@pytest.mark.parametrize("held", ["thread", "file", "nothing"])
def test_process_that_may_not_be_forked_is_none(held):
    """Nor is one that does not get ready."""

    async def open_nursery():
        return await Nursery.open(READY, held, start_s=AMPLE_S)

    assert asyncio.run(open_nursery()) is None


def test_process_with_nothing_to_share_may_be_forked():
    """What it had open before is its own business; this process may have threads of its own."""
    words = """
from crawlbench.base.children import count_files, why_not_fork
print(why_not_fork(count_files()), why_not_fork(count_files() - 2), sep="|")
"""
    assert succeed([sys.executable, "-c", words]).stdout == "|it holds 2 files open\n"


def refuse(*_):
    """Raise as a container's rules let a call fail."""
    raise PermissionError(errno.EPERM, "not permitted")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("pidfd_open", "the system gives no handle on it: not permitted"),
        ("listdir", "the system does not say which threads it has: not permitted"),
    ],
)
def test_what_the_system_refuses_is_told_as_such(monkeypatch, name, told):
    """An old kernel has no handles, and a container may hide its threads."""
    monkeypatch.setattr(os, name, refuse)
    assert why_not_fork(0) == told


def test_process_that_hangs_before_it_is_ready_is_ended():
    """At the end of its time."""

    async def open_nursery():
        return await Nursery.open("tests.base.late", start_s=0.2)

    start = time.monotonic()
    assert asyncio.run(open_nursery()) is None
    assert time.monotonic() - start < AMPLE_S
