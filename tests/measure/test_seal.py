"""What a contestant changes of the harness is seen; what is its own business is not."""

from __future__ import annotations

import asyncio
import decimal
import gc
import json
import os
import signal
import sys
import threading
import time
import types
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.child import succeed

from crawlbench.base import stopwatch
from crawlbench.base.offspring import Children
from crawlbench.base.stopwatch import Stopwatch
from crawlbench.measure import seal
from crawlbench.measure.gate import ManagerLink
from crawlbench.measure.seal import Rest, Seal, await_kernel_threads, await_kernel_work

needs_affinity = pytest.mark.skipif(
    len(getattr(os, "sched_getaffinity", lambda _: {0})(0)) < 2, reason="there is one CPU"
)


def pretend(*_arguments):
    """Do nothing of what is due."""


@pytest.mark.parametrize(
    ("owner", "name", "clause"),
    [
        (time, "perf_counter", "it replaced time.perf_counter"),
        (time, "process_time_ns", "it replaced time.process_time_ns"),
        (gc, "collect", "it replaced gc.collect"),
        (stopwatch, "perf_counter", "it replaced crawlbench.base.stopwatch.perf_counter"),
        (stopwatch.Stopwatch, "stop", "it replaced crawlbench.base.stopwatch.Stopwatch.stop"),
        (ManagerLink, "say", "it replaced crawlbench.measure.gate.ManagerLink.say"),
    ],
)
def test_what_is_replaced_is_named(monkeypatch, owner, name, clause):
    """By its dotted name, once; and no longer when it is put back."""
    seal = Seal()
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, pretend)
        broken = seal.find_broken()
    assert clause in broken
    assert seal.find_broken() == []


def test_what_is_not_the_harness_may_be_patched(monkeypatch):
    """Sleeping, as gevent does it, or JSON, as faster libraries do."""
    seal = Seal()
    monkeypatch.setattr(time, "sleep", pretend)
    monkeypatch.setattr(time, "time", pretend)
    monkeypatch.setattr(json, "dumps", pretend)
    monkeypatch.setattr(threading, "Thread", threading.Thread)
    assert seal.find_broken() == []


def test_gate_takes_nothing_new(monkeypatch):
    """No method of one gate can be replaced past its class."""
    with pytest.raises(AttributeError):
        monkeypatch.setattr(object.__new__(ManagerLink), "say", pretend)


class Reader:
    """What counts pages, for one."""

    def __init__(self):
        self.inner = pretend


def test_function_that_stays_but_does_something_else_is_named(monkeypatch):
    """By other code, or by another clock among its defaults; and no longer when that is undone."""
    seal, name = Seal(), "it replaced crawlbench.base.stopwatch.Stopwatch.stop"
    stop = stopwatch.Stopwatch.stop
    with monkeypatch.context() as patched:
        patched.setattr(stop, "__code__", (lambda self, *, wall, cpu: None).__code__)
        assert seal.find_broken() == [name]
    with monkeypatch.context() as patched:
        patched.setitem(stop.__kwdefaults__, "wall", pretend)
        assert seal.find_broken() == [name]
    assert seal.find_broken() == []


def test_what_an_object_of_ours_has_is_sealed_when_it_is_added():
    """What others have by the same name is not."""
    seal, reader, other = Seal(), Reader(), Reader()
    seal.add(reader, "inner")
    other.inner = reader.inner = None
    assert seal.find_broken() == [f"it replaced {__name__}.Reader.inner"]
    reader.inner = pretend
    assert seal.find_broken() == []


def test_library_that_pages_are_read_with_is_sealed_when_it_is_taken_in(monkeypatch):
    """Not before, and nothing else of the standard library, which some patch for good reasons."""
    parsing = types.ModuleType("parsing_of_ours")
    parsing.html, parsing.json = types.ModuleType("html_of_others"), json
    parsing.html.parse = pretend
    monkeypatch.setitem(sys.modules, "parsing_of_ours", parsing)
    seal = Seal()
    monkeypatch.setattr(decimal, "getcontext", pretend)
    parsing.html.parse = print
    assert seal.find_broken() == []
    seal.take_in("parsing_of_ours")
    assert seal.find_broken() == []
    parsing.html.parse = pretend
    monkeypatch.setattr(json, "loads", pretend)
    monkeypatch.setattr(json.JSONDecoder, "decode", pretend)
    monkeypatch.setattr(decimal, "localcontext", pretend)
    assert sorted(seal.find_broken()) == [
        "it replaced html_of_others.parse",
        "it replaced json.decoder.JSONDecoder.decode",
        "it replaced json.loads",
    ]


def test_class_that_pages_are_read_with_is_sealed_with_what_it_inherits(monkeypatch):
    """As far as its own library goes."""
    parsing = types.ModuleType("parsing_of_ours")
    parsing.Encoder = json.JSONEncoder
    monkeypatch.setitem(sys.modules, "parsing_of_ours", parsing)
    seal = Seal()
    seal.take_in("parsing_of_ours")
    monkeypatch.setattr(json.JSONEncoder, "encode", pretend)
    assert seal.find_broken() == ["it replaced json.encoder.JSONEncoder.encode"]


@pytest.mark.parametrize(
    ("younger", "is_seen"),
    [((10**9, 10), True), ((10, 1_001), True), ((500, 1_000), False), ((0, 0), False)],
)
def test_collector_that_never_reaches_older_objects_is_seen(younger, is_seen):
    """What is not collected within the clock is collected outside, at no charge."""
    seal, before = Seal(), gc.get_threshold()
    gc.set_threshold(before[0], *younger)
    try:
        broken = any("reach older objects after" in clause for clause in seal.find_broken())
    finally:
        gc.set_threshold(*before)
    assert broken == is_seen


@pytest.mark.parametrize(("objects", "is_seen"), [(0, True), (50_001, True), (50_000, False)])
def test_collector_that_is_told_to_wait_for_ever_is_seen(objects, is_seen):
    """Some services have it look more seldom, which is their own business."""
    seal, before = Seal(), gc.get_threshold()
    gc.set_threshold(objects, *before[1:])
    try:
        broken = seal.find_broken()
    finally:
        gc.set_threshold(*before)
    assert bool(broken) is is_seen
    assert seal.find_broken() == []


@needs_affinity
def test_cpus_of_any_thread_are_seen():
    """A thread that left for another CPU takes it from a neighbour."""
    seal, cpus = Seal(), os.sched_getaffinity(0)
    if len(cpus) == 1:
        pytest.skip("there is no other CPU to go to")
    tasks = Path("/proc/self/task").iterdir()  # of the tests' runner too
    threads = [int(task.name) for task in tasks]
    try:
        for thread in threads:
            os.sched_setaffinity(thread, {min(cpus)})
        (clause,) = seal.find_broken()
    finally:
        for thread in threads:
            os.sched_setaffinity(thread, cpus)
    assert clause == f"it moved from CPUs {', '.join(map(str, sorted(cpus)))} to {min(cpus)}"
    assert seal.find_broken() == []


def test_event_loop_policy_is_seen(monkeypatch):
    """One of somebody's own; Python's, which is made when it is first needed, is none."""
    monkeypatch.setattr(asyncio.events, "_event_loop_policy", None)
    seal = Seal()
    asyncio.new_event_loop().close()
    assert seal.find_broken() == []
    monkeypatch.setattr(asyncio.events, "_event_loop_policy", Seal)
    assert seal.find_broken() == ["it set the event loop policy of builtins"]


def test_collector_that_is_left_off_is_seen():
    """What it would have cost is paid outside the clock; off for a moment, it may have been."""
    seal = Seal()
    gc.disable()
    try:
        broken = seal.find_broken()
    finally:
        gc.enable()
    assert broken == ["it switched the garbage collector off"]
    assert seal.find_broken() == []


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="other systems schedule otherwise")
def test_scheduling_is_seen():
    """Whoever must run at once takes the CPU from its neighbours, whatever its niceness."""
    seal, before = Seal(), os.sched_getscheduler(0)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # for this, nobody must be root
    try:
        broken = seal.find_broken()
    finally:
        os.sched_setscheduler(0, before, os.sched_param(0))
    assert broken == [f"it changed its scheduling from {before} to {os.SCHED_BATCH}"]
    assert seal.find_broken() == []


def test_rest_tells_of_threads():
    """All that the process used, and how long it took."""
    rest = Rest()
    worker = threading.Thread(target=lambda: sum(range(300_000)))
    before = time.process_time()
    worker.start()
    worker.join()
    due_s = time.process_time() - before
    cpu_s, seconds = rest.stop()
    assert cpu_s >= due_s > 0
    assert seconds > 0


def work_in_thread():
    """Use CPU time in a thread that ends; return how much."""
    used_s = []

    def work():
        before = time.thread_time()
        sum(range(1_000_000))
        used_s.append(time.thread_time() - before)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    return used_s[0]


def work_in_child():
    """Use CPU time in a forked child that ends; return how much."""
    before = sum(os.times()[2:4])
    child = os.fork()
    if not child:
        while time.process_time() < 0.05:
            pass
        os._exit(0)
    os.waitpid(child, 0)
    return sum(os.times()[2:4]) - before


@pytest.mark.parametrize("work", [work_in_thread, work_in_child])
def test_rest_tells_what_others_did_since_the_clock(work):
    """Also before it began; what this thread did meanwhile is its owner's."""
    if work is work_in_child and not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    timing = Stopwatch().stop()
    used_s = work()
    own_s = time.thread_time()
    while time.thread_time() - own_s < used_s + 0.1:
        pass
    cpu_s, _ = Rest(timing.others).stop()
    assert 0.5 * used_s < cpu_s < used_s + 0.1
    assert Rest().stop()[0] < 0.5 * used_s


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_child_that_ends_while_the_clock_is_read_is_late(monkeypatch):
    """With all that it has used: within the clock nobody had waited for it."""
    watch, look, used_s = Stopwatch(), Children.now, []
    monkeypatch.setattr(Children, "now", lambda: used_s.append(work_in_child()) or look())
    others = watch.stop().others
    monkeypatch.undo()
    assert Rest(others).stop()[0] > 0.5 * used_s[0] > 0


@contextmanager
def thread_named(name: str):
    """Run a thread that the system knows by that name, and that lasts until an event is set."""
    is_named, may_end = threading.Event(), threading.Event()

    def last():
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)
        is_named.set()
        may_end.wait()

    thread = threading.Thread(target=last)
    thread.start()
    is_named.wait()
    try:
        yield thread, may_end
    finally:
        may_end.set()
        thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no io_uring")
def test_thread_of_the_kernel_is_waited_for(monkeypatch):
    """As uvloop 0.21 leaves one for some milliseconds after each loop."""
    monkeypatch.setattr(seal, "MAX_LINGER_S", 60)
    with thread_named("iou-sqp-1234") as (_, may_end):
        threading.Timer(0.02, may_end.set).start()
        await_kernel_threads()
        assert may_end.is_set()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no io_uring")
def test_thread_of_the_kernel_is_not_waited_for_in_vain(monkeypatch):
    monkeypatch.setattr(seal, "MAX_LINGER_S", 0.02)
    with thread_named("iou-wrk-1234") as (thread, _):
        await_kernel_threads()
        assert thread.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems name no threads so")
def test_thread_of_a_contestant_is_not_waited_for(monkeypatch):
    """It has to end within the clock; what it uses between the turns counts."""
    naps = []
    monkeypatch.setattr(seal, "_sleep", naps.append)
    with thread_named("worker-iou-1"):
        await_kernel_threads()
    assert naps == []


def napping(monkeypatch, *used_s):
    """Let the naps of a process use so much of its thread's CPU time, one after the other."""
    used, naps = iter(used_s), []
    monkeypatch.setattr(seal, "_nap", lambda: naps.append(None) or next(used))
    return naps


def test_kernel_is_waited_for_until_a_nap_is_quiet(monkeypatch):
    """It takes apart rings and files that were closed, on the time of whoever closed them."""
    naps = napping(monkeypatch, 0.0006, 0.0002, 0.00004)
    await_kernel_work()
    assert len(naps) == 3


def test_kernel_is_not_waited_for_in_vain(monkeypatch):
    """On a machine where each nap takes more than that, or a thread of the kernel polls."""
    naps = napping(monkeypatch, *[0.01] * 9)
    monkeypatch.setattr(seal, "MAX_SETTLE_S", 0.0)
    await_kernel_work()
    assert len(naps) == 1


def test_what_threads_do_while_the_kernel_is_waited_for_is_told(monkeypatch):
    """It counts as what a contestant uses between its turns."""

    def nap():
        thread = threading.Thread(target=lambda: sum(range(300_000)))
        thread.start()
        thread.join()
        return 0.0

    monkeypatch.setattr(seal, "_nap", nap)
    assert await_kernel_work() > 0.0005


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no masks")
def test_handlers_wait_while_the_kernel_is_waited_for(monkeypatch):
    """Else one could work there that counts nowhere; afterwards it is called."""
    heard, at_the_nap = [], []

    def nap():
        # To this thread: one that another test has left might take a signal to the process.
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        at_the_nap.append(list(heard))
        return 0.0

    monkeypatch.setattr(seal, "_nap", nap)
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append("called"))
    try:
        await_kernel_work()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert at_the_nap == [[]]
    assert heard == ["called"]
    assert signal.SIGUSR1 not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


MOVED = """
import json, os, subprocess, sys, threading
from crawlbench.measure.seal import Seal

first, other, moves_itself = json.loads(sys.argv[1])
os.sched_setaffinity(0, {first})
may_end = threading.Event()
thread = threading.Thread(target=may_end.wait)
thread.start()
waits = [sys.executable, "-c", "input()"]
child = subprocess.Popen(waits, stdin=subprocess.PIPE)
away = subprocess.Popen(waits, stdin=subprocess.PIPE)
os.sched_setaffinity(away.pid, {first, other})
watch = Seal()
if moves_itself:
    for number in (0, thread.native_id):
        os.sched_setaffinity(number, {other})
watch.move_to([first] if moves_itself else [other])
numbers = (0, thread.native_id, child.pid, away.pid)
stands = [sorted(os.sched_getaffinity(number)) for number in numbers]
print(json.dumps([stands, watch.find_broken()]))
may_end.set()
"""
"""What a worker does, in a process whose CPUs are nobody else's."""


def move(*, moves_itself):
    """Return on which CPUs all stand in the end, what was found broken, and two CPUs.

    That are both threads, a child, and a child that has taken a CPU of its own.
    """
    first, other = sorted(os.sched_getaffinity(0))[:2]
    job = json.dumps([first, other, moves_itself])
    call = [sys.executable, "-c", MOVED, job]
    done = succeed(call)
    return *json.loads(done.stdout), first, other


@needs_affinity
def test_worker_moves_with_all_its_threads_once_it_is_ready():
    """A thread or a child that an import has started moves, too; nothing is found broken then."""
    stands, broken, first, other = move(moves_itself=False)
    assert (stands[:3], broken) == ([[other]] * 3, [])
    assert stands[3] == [first, other]


@needs_affinity
def test_contestant_that_moved_itself_is_not_moved_back():
    """It would be measured beside the mirror: that is found, not mended."""
    stands, broken, first, other = move(moves_itself=True)
    assert stands[:3] == [[other], [other], [first]]
    assert broken == [f"it moved from CPUs {first} to {other}"]
