"""Measuring from Python: what is asked for, how it is waited for, what comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import crawlbench
from crawlbench.base.errors import UsageError
from crawlbench.base.records import Stopping
from crawlbench.library.options import AXES, Options, read_options
from crawlbench.library.waiting import wait_for
from crawlbench.measure.suite import Suite, load_suite, override

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "library"
SMALL = {"rounds": 2, "laps": 1, "min_time_s": 0.001, "lap_time_s": 0.001, "warmups": 0}


def test_options_are_the_keys_of_a_suite():
    """All but those that have a parameter, or are decided by others."""
    others = {"baseline", "confidence", "stopping"}
    assert {*Options.__annotations__, *others} == set(Suite.__struct_fields__)
    lists = {
        name for name in Options.__annotations__ if isinstance(getattr(Suite(), name, None), tuple)
    }
    assert set(AXES) == lists


def test_one_name_stands_for_a_list_of_one():
    """As a number does, and a path."""
    found = read_options({"networks": "wan", "concurrency": 3, "strategies": [Path("a.py"), "b"]})
    assert found == {"networks": ["wan"], "concurrency": [3], "strategies": ["a.py", "b"]}
    assert override(load_suite("quick"), found).networks == ("wan",)
    # None, and no CPU of the mirror's, mean what the suite says.
    found = read_options({"networks": None, "mirror_cpus": []})
    assert override(load_suite("quick"), found) == load_suite("quick")


@pytest.mark.parametrize(
    ("options", "stopping"),
    [
        ({}, None),
        ({"rounds": 3}, Stopping.FIXED),
        ({"rounds": 3, "budget_s": 9.0}, Stopping.FIXED),
        ({"budget_s": 9.0}, Stopping.ANY),
        ({"rounds": 3, "precision_percent": 1.0}, Stopping.ANY),
    ],
)
def test_session_that_ends_by_what_is_found_is_watched(options, stopping):
    """Else its intervals hold for one look."""
    assert read_options(options).get("stopping") == stopping


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crawlbench.run("quikc"), "no suite 'quikc'"),
        (lambda: crawlbench.run("quick", stratgies="x"), "no option 'stratgies'; known: strat"),
        (lambda: crawlbench.run("quick", strategies="nope"), "unknown strategy 'nope'"),
        (lambda: crawlbench.run("quick", networks={"wan"}), "give one name, or a list"),
        (lambda: crawlbench.run("quick", environments="no such"), "write NAME=SPEC"),
        (lambda: crawlbench.run("quick", rounds=0), "cannot be used"),
        (lambda: crawlbench.run("quick", output=EXAMPLES), "name a folder that does not"),
        (lambda: crawlbench.ab("none.py", "requests-serial"), "no file 'none.py'"),
        (lambda: crawlbench.ab("requests-serial", "requests==2"), "is a strategy and"),
        (lambda: crawlbench.ab("requests-serial", "requests-serial"), "are both"),
        (lambda: crawlbench.ab("a.py", "b.py", strategies="x"), "they are the two sides"),
        (lambda: crawlbench.ab("a.py", "b.py", gate_percent=-1), "gate_percent -1"),
        (lambda: crawlbench.ab("a.py", "b.py", gate_percent=10**400), "gate_percent 100"),
        (lambda: crawlbench.ab("a.py", "b.py", fail_on=5), "fail_on 5 is not a gate"),
        (lambda: crawlbench.ab("a.py", "b.py", output=5), "output 5 cannot be used"),
        (lambda: crawlbench.ab("a.py", "b.py", progress="p"), "progress 'p' cannot be called"),
        (lambda: crawlbench.run("quick", output="a\0b"), "cannot be used; give a path"),
        (lambda: crawlbench.run("quick", baseline=5), "baseline 5 cannot be used"),
        (lambda: crawlbench.run("quick", environments=5), "--env '5' cannot be used"),
        (lambda: crawlbench.run("quick", environments={"a": "b"}), "environments {'a': 'b'}"),
        (lambda: crawlbench.run("quick", strategies=[]), r"strategies \[\] has no name; give one"),
        (lambda: crawlbench.run("quick", concurrency=()), r"concurrency \(\) has no name"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_sentence(call, words):
    """Before anything is started."""
    with pytest.raises(UsageError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


async def answer():
    return await asyncio.sleep(0, 42)


async def fail():
    raise UsageError("so it is")


def test_coroutine_is_waited_for_with_and_without_a_running_loop():
    """A notebook has one; errors come through as they are."""

    async def notebook(begin):
        return wait_for(begin)

    assert wait_for(answer) == 42
    assert asyncio.run(notebook(answer)) == 42
    with pytest.raises(UsageError, match="so it is"):
        asyncio.run(notebook(fail))


def notebook_call(begin):
    """Wait for a coroutine as a cell of a notebook does: `asyncio.run` would take the signal."""

    async def notebook():
        return wait_for(begin)

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(notebook())
    finally:
        loop.close()


def interrupt_when(entered):
    """Send this process the signal of Ctrl-C once an event is set."""

    def interrupt():
        entered.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()


def assert_nothing_is_left():
    """Assert that the session's thread has ended, and that Ctrl-C does what it did before."""
    assert not [one for one in threading.enumerate() if one.name == "crawlbench-session"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupted_notebook_cancels_what_it_waits_for():
    """The coroutine says what became of it, and its thread has ended."""
    entered = threading.Event()

    async def begin():
        entered.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "interrupted"

    interrupt_when(entered)
    assert notebook_call(begin) == "interrupted"
    assert_nothing_is_left()


def test_notebook_is_told_of_an_interrupt_that_nobody_answers():
    """As a script is: by KeyboardInterrupt, not by what asyncio cancels with."""
    entered = threading.Event()

    async def begin():
        entered.set()
        await asyncio.sleep(60)

    interrupt_when(entered)
    with pytest.raises(KeyboardInterrupt):
        notebook_call(begin)
    assert_nothing_is_left()


def test_interrupts_while_it_ends_neither_cancel_again_nor_leave_the_thread():
    """Somebody who is impatient presses the keys more than once."""

    async def begin():
        interrupts = [os.kill(os.getpid(), signal.SIGINT)]
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            for _ in range(3):
                interrupts.append(os.kill(os.getpid(), signal.SIGINT))
                await asyncio.sleep(0.01)
        return len(interrupts)

    assert notebook_call(begin) == 4
    assert_nothing_is_left()


@pytest.mark.parametrize("has_begun", [False, True])
def test_interrupt_that_comes_before_there_is_anything_to_cancel_ends_it(monkeypatch, has_begun):
    """While the thread starts, or in the moment in which the caller begins to wait."""
    entered, start = [], threading.Thread.start

    async def begin():
        entered.append(True)
        await asyncio.sleep(60)

    def start_amid_signals(thread):
        if not has_begun:
            signal.raise_signal(signal.SIGINT)
        start(thread)
        if has_begun:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(threading.Thread, "start", start_amid_signals)
    with pytest.raises(KeyboardInterrupt):
        notebook_call(begin)
    assert has_begun or not entered
    assert_nothing_is_left()


def test_handler_of_somebody_elses_is_left_in_place():
    """It is called; what it raises ends the coroutine first, and its thread."""
    entered, ended = threading.Event(), []

    async def begin():
        entered.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    def handle(*_):
        raise LookupError("so I was told")

    before = signal.signal(signal.SIGINT, handle)
    try:
        interrupt_when(entered)
        with pytest.raises(LookupError, match="so I was told"):
            notebook_call(begin)
        assert signal.getsignal(signal.SIGINT) is handle
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == [True]
    assert_nothing_is_left()


@pytest.mark.slow
@pytest.mark.long
def test_session_is_measured_within_a_running_loop(tmp_path):
    """And kept where it was asked for, as the command line keeps it."""
    lines = []

    async def notebook():
        return crawlbench.run(
            "quick",
            strategies=["requests-serial", "aiohttp-gather"],
            event_loops="asyncio",
            networks="loopback",
            output=tmp_path / "kept",
            progress=lines.append,
            **SMALL,
        )

    session = asyncio.run(notebook())
    assert (session.ending, session.rounds) == ("rounds", 2)
    assert [row.role for row in session.rows] == ["baseline", "contestant", "control"]
    assert len(session.values("aiohttp-gather/asyncio")) == 2
    assert len(lines) == 3
    again = crawlbench.load_session(tmp_path / "kept")
    assert again.rows == session.rows


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("name", ["measure", "kept", "serving"])
def test_program_of_the_page_runs(name):
    """As a reader would run it."""
    call = [sys.executable, str(EXAMPLES / f"{name}.py")]
    root = EXAMPLES.parents[2]
    outcome = subprocess.run(call, cwd=root, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_page_shows_the_program_as_it_is(path):
    """To be copied."""
    page = (EXAMPLES.parents[1] / "library.md").read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8") in page


def test_long_form_that_fits_nothing_is_refused():
    with pytest.raises(crawlbench.BenchError, match="'a/b' fits no site and network"):
        crawlbench.run("quick", long_forms={"a/b": "douban-x100"}, budget_s=0.01)
