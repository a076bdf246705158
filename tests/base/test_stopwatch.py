"""Seconds, CPU time and waits between the same two moments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from time import perf_counter, sleep, thread_time

import pytest

from crawlbench.base import offspring, stopwatch
from crawlbench.base.offspring import Children
from crawlbench.base.stopwatch import Stopwatch, others_had_s

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems tell less")
WORK_S = 0.05
CLOCKS_APART = 1e-3
"""Of a span: the CPU's clock and the wall's are not slewed alike."""
TINY_S = 20e-6

WORKING = """
import sys, time
sys.stdout.write("ready\\n"), sys.stdout.flush()
sys.stdin.readline()
while time.process_time() < {seconds}: pass
sys.stdout.write("done\\n"), sys.stdout.flush()
sys.stdin.readline()
"""
"""A child that works when it is told to, and ends when it is told to."""


def work(seconds=WORK_S):
    """Use as much CPU time in this thread, however busy the machine is."""
    end = thread_time() + seconds
    while thread_time() < end:
        sum(range(1000))


def start_child(text=WORKING):
    command = [sys.executable, "-c", text.format(seconds=WORK_S + 1)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)


def tell(child, due):
    """Let a child go one step further, and wait until it has."""
    if due != "ready":
        child.stdin.write("\n")
    assert child.stdout.readline() == f"{due}\n"


@pytest.fixture
def one_cpu():
    """Pin this thread, and those it starts, to one CPU for a while."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("CPUs cannot be chosen here")
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    yield
    os.sched_setaffinity(0, cpus)


def test_cpu_time_is_that_of_the_work():
    """To the part of a millisecond, which no tick could tell."""
    watch = Stopwatch()
    work()
    timing = watch.stop()
    assert WORK_S - TINY_S <= timing.used.cpu_s <= WORK_S + 0.05
    assert timing.used.user_s + timing.used.system_s == pytest.approx(timing.used.cpu_s)
    assert timing.is_alone


def test_cpu_time_is_no_more_than_time_on_one_cpu(one_cpu):
    """Fifty spans, with and without sleep: the one is read within the other."""
    for number in range(50):
        watch = Stopwatch()
        sleep(0.0005 * (number % 3))
        work(0.001)
        timing = watch.stop()
        assert timing.used.cpu_s <= timing.seconds * (1 + CLOCKS_APART) + TINY_S


def test_threads_that_have_ended_are_counted():
    """All of them, as the system's clock of the process has them."""
    watch = Stopwatch()
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watch.stop().used.cpu_s >= 3 * WORK_S - TINY_S


@ONLY_LINUX
def test_living_and_ended_children_are_counted_once():
    """Work before the span is not, and the end of a child in a later span adds nothing."""
    with start_child() as child:
        tell(child, "ready")
        first = Stopwatch()
        tell(child, "done")
        worked = first.stop()
        second = Stopwatch()
        child.stdin.close()
        child.wait()
        ended = second.stop()
    assert WORK_S + 0.5 <= worked.used.cpu_s <= WORK_S + 1.5
    assert ended.used.cpu_s < 0.5
    assert not worked.is_alone


PARENT = """
import subprocess, sys
sys.stdout.write("ready\\n"), sys.stdout.flush()
sys.stdin.readline()
subprocess.run([sys.executable, "-c", "sum(range(10**6))"])
sys.stdout.write("done\\n"), sys.stdout.flush()
sys.stdin.readline()
"""


@ONLY_LINUX
def test_what_a_living_child_hides_is_not_made_up():
    """It has waited for children of its own: only ticks would tell of them, until it ends."""
    with start_child(PARENT) as child:
        tell(child, "ready")
        within = Stopwatch()
        tell(child, "done")
        assert within.stop().used.cpu_s is None
        idle = Stopwatch()
        assert idle.stop().used.cpu_s is not None
        end = Stopwatch()
        child.stdin.close()
        child.wait()
        assert end.stop().used.cpu_s is None


def test_system_that_does_not_tell_has_no_cpu_time(monkeypatch):
    """Windows counts in ticks: user and system are there for pictures, a verdict is not."""
    monkeypatch.setattr(stopwatch, "resource", None)
    monkeypatch.setattr(offspring, "resource", None)
    watch = Stopwatch()
    work()
    used = watch.stop().used
    assert used.cpu_s is None
    assert (used.yields, used.preemptions) == (0, 0)
    assert used.user_s >= 0


def test_children_that_cannot_be_seen_leave_no_cpu_time(monkeypatch):
    """A system without `waitid` may hide some."""
    monkeypatch.delattr(os, "waitid", raising=False)
    assert Stopwatch().stop().used.cpu_s is None


@pytest.mark.parametrize(
    ("waits", "seconds", "cpu", "cpus", "others"),
    [
        (0.0, 1.0, 1.0, 1, 0.0),
        (1.0, 1.0, 1.0, 1, 0.0),  # two busy threads on one CPU
        (0.4, 1.0, 0.5, 1, 0.4),  # somebody had the CPU, then it slept
        (0.9, 1.0, 0.5, 1, 0.5),  # no more than was left
        (0.2, 1.0, 1.5, 2, 0.2),
        (1.0, 1.0, 2.001, 2, 0.0),  # clocks differ a little: never below nothing
    ],
)
def test_own_competition_is_taken_out_of_the_waits(waits, seconds, cpu, cpus, others):
    """Others had what the process waited for, but no more than it left of its CPUs."""
    assert others_had_s(waits, seconds, cpu, cpus) == pytest.approx(others)


@ONLY_LINUX
def test_threads_of_one_process_are_no_others(one_cpu):
    """Two threads work on one CPU: they wait for each other, and hardly for anybody else."""
    work_ends = threading.Event()
    mate = threading.Thread(target=lambda: (work(10 * WORK_S), work_ends.wait()))
    mate.start()
    before = Children.now()
    watch = Stopwatch()
    work(10 * WORK_S)
    timing = watch.stop()
    waited_s = Children.now().wait_since(before)
    work_ends.set()
    mate.join()
    left_s = timing.seconds - timing.used.cpu_s
    assert timing.used.cpu_wait_s <= max(0.0, left_s) + TINY_S
    assert timing.used.cpu_wait_s <= waited_s + TINY_S


def test_cpu_time_of_other_threads_is_told_apart():
    """Whether a mate has ended by then or not; a worker with one thread has none."""
    watch = Stopwatch()
    work(WORK_S)
    alone = watch.stop().used
    watch = Stopwatch()
    mate = threading.Thread(target=work, args=(WORK_S,))
    mate.start()
    mate.join()
    mated = watch.stop().used
    if alone.cpu_s is None:
        assert (alone.side_cpu_s, mated.side_cpu_s) == (None, None)
    else:
        # Not none at all: the runner of these tests has a thread of its own, which seldom works.
        assert alone.side_cpu_s <= 0.1 * WORK_S
        assert WORK_S - TINY_S <= mated.side_cpu_s <= mated.cpu_s


SPINNING = """
import os, time
if os.fork():
    os._exit(0)
print(os.getpid(), flush=True)
os.close(1)
end = time.monotonic() + 60
while time.monotonic() < end: pass
"""
"""A process that is no descendant of whoever started it."""


@pytest.fixture
def spinner(one_cpu):
    """Keep this thread's CPU busy with somebody else."""
    command = [sys.executable, "-c", SPINNING]
    started = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    yield
    os.kill(int(started.stdout), signal.SIGKILL)


@ONLY_LINUX
def test_wait_for_another_process_is_seen(spinner):
    """As much as others took of the CPU is told: of two who want it each gets a good part."""
    waited, start = 0.0, perf_counter()
    while waited < WORK_S / 2 and perf_counter() - start < 30:
        watch = Stopwatch()
        work(WORK_S)
        waited = watch.stop().used.cpu_wait_s
    assert waited >= WORK_S / 2
