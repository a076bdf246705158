"""On which CPUs a process may run is seen from outside, even if it is another at the end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawlbench.base.records import Cell
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.lookout import Allowance, find_claim, look_out
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.mirror.networks import NETWORKS
from crawlbench.mirror.process import open_mirror
from crawlbench.sites.douban import SITE

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="there are no two CPUs between which a process can move",
)
CONTESTANTS = Path(__file__).parent / "contestants"
WITHIN = """
import os, subprocess, sys, threading
given = os.sched_getaffinity(0)
all_cpus = set(map(int, sys.argv[1].split(",")))
print(flush=True)
%s
sys.stdin.readline()
os.sched_setaffinity(0, given)
print(flush=True)
sys.stdin.readline()
"""
PLAIN = ""
ITSELF = "os.sched_setaffinity(0, all_cpus)"
THREAD = """
seen = threading.Event()
def move():
    os.sched_setaffinity(0, all_cpus)
    seen.wait()
threading.Thread(target=move, daemon=True).start()
"""
CHILD = """
move = "import os; os.sched_setaffinity(0, %r); input()" % (all_cpus,)
child = subprocess.Popen([sys.executable, "-c", move], stdin=subprocess.PIPE)
"""
FEWER = "os.sched_setaffinity(0, {min(given)})"


async def watch(code, cpus, *, looks=True):
    """Return what is seen of a process that was given CPUs and does something meanwhile."""
    whole = ",".join(map(str, os.sched_getaffinity(0)))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import os; os.sched_setaffinity(0, {set(cpus)})\n{WITHIN % code}",
        whole,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    await process.stdout.readline()
    deadline = time.monotonic() + 5
    async with look_out(process.pid, cpus if looks else []) as seen:
        while find_claim(process.pid).cpus <= set(cpus) and time.monotonic() < deadline:
            if code in (PLAIN, FEWER):
                break  # nothing will come of it
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        process.stdin.write(b"\n")
        await process.stdout.readline()
    process.stdin.write(b"\n")
    await process.wait()
    return seen


def both():
    """Return two CPUs that this process has."""
    return sorted(os.sched_getaffinity(0))[:2]


@pytest.mark.parametrize("code", [ITSELF, THREAD, CHILD], ids=["itself", "thread", "child"])
def test_who_takes_more_cpus_for_a_while_is_seen(code):
    """It is said how many it had, and which were its own."""
    first = both()[0]
    (clause,) = asyncio.run(watch(code, [first]))
    every = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
    assert clause == (f"it let itself run on CPUs {every} within its crawl instead of {first}")


def test_who_keeps_to_its_cpus_is_left_in_peace():
    """Or to some of them, as libraries do that pin their threads."""
    assert asyncio.run(watch(PLAIN, both()[:1])) == []
    assert asyncio.run(watch(FEWER, both())) == []


def test_nobody_looks_where_no_cpus_are_told():
    """What counts is not looked at."""
    assert asyncio.run(watch(ITSELF, both()[:1], looks=False)) == []


def test_process_that_has_ended_has_none():
    """It is no fault of anybody."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert find_claim(process.pid) == Allowance()


def test_who_runs_before_others_is_seen():
    """Who steps back is left in peace, and so is what it has from whoever started it."""
    given = os.getpriority(os.PRIO_PROCESS, 0)
    cpus = os.sched_getaffinity(0)
    assert list(Allowance(cpus, given - 5).beyond(cpus)) == [
        f"its niceness was {given - 5} within its crawl instead of {given}"
    ]
    assert list(Allowance(cpus, given, {2}).beyond(cpus)) == [
        "it ran under a real-time scheduling policy (2) within its crawl"
    ]
    assert list(Allowance(cpus, given + 5, {0, 3, 5}).beyond(cpus)) == []
    own = find_claim(os.getpid())
    assert (own.niceness, own.scheduling) == (given, {os.sched_getscheduler(0)})
    assert list(own.beyond(own.cpus)) == []


WIDE = """
import os, time

def crawl(site, concurrency):
    given = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count()))
    time.sleep(0.3)  # so that it is seen on a busy machine, too
    os.sched_setaffinity(0, given)
    return []
"""


def take_two(strategy, warmups):
    """Return what is broken in the first two values of a strategy that is given one CPU."""
    cell = Cell(SITE.name, "loopback", str(strategy), None, "lxml", 4)

    async def take():
        async with (
            open_mirror(SITE.name, "loopback", NETWORKS["loopback"], seed=1) as mirror,
            open_turnstile() as turnstile,
        ):
            place = {"origin": mirror.address, "ca_file": None}
            executor = ProcessExecutor(turnstile, {cell.place: place}, both()[:1], 20.0)
            worker = await executor.start(cell, 1, warmups, 2 - warmups)
            try:
                return [(await worker.take()).conduct for _ in range(2)]
            finally:
                await worker.kill()

    return asyncio.run(take())


def test_worker_is_looked_at_in_its_warmup_alone(tmp_path):
    """There it is told with what else is broken; in the value that counts nobody looks."""
    (tmp_path / "wide.py").write_text(WIDE)
    warmup, value = take_two(tmp_path / "wide.py", 1)
    (clause,) = warmup.broken
    assert clause.startswith("it let itself run on CPUs ")
    assert clause.endswith(f" within its crawl instead of {both()[0]}")
    assert (value.broken, value.cpus) == ([], 1)


def test_honest_worker_has_what_it_was_given():
    """Children of an import among it, which move with the worker."""
    for conduct in take_two(CONTESTANTS / "honest_idle_child.py", 1):
        assert (conduct.broken, conduct.cpus) == ([], 1)
