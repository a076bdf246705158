"""Processes that work beside a benchmark."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from benchmarks import company
from benchmarks.company import NEIGHBOUR, SPINNER, measure, neighbours, running, spinners
from benchmarks.power.ground import open_ground

CPU = min(os.sched_getaffinity(0))
DEADLINE_S = 60.0
WAITS = "import time; time.sleep(600)"


def find_children(*words):
    """Return this process's children whose arguments end like this; tests have others as well."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it has just ended
            if child.cmdline()[-len(words) :] == list(words):
                found.append(child)
    return found


def wait_for_child(*words):
    """Wait until one child has these arguments: a program has none while it is being started."""
    ends_at = time.monotonic() + DEADLINE_S
    while len(found := find_children(*words)) != 1:
        assert time.monotonic() < ends_at, found
        time.sleep(0.01)
    return found[0]


def wait_for_work(*words):
    """Wait until children compute on their CPU, and return how many there are."""
    ends_at = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends_at:
        found = find_children(*(words or ("--neighbour", str(CPU))))
        if found and all(map(is_at_work, found)):
            return len(found)
        time.sleep(0.05)
    return 0


def is_at_work(child):
    """Return whether a child has chosen its CPU, and has computed."""
    return child.cpu_affinity() == [CPU] and sum(child.cpu_times()[:2]) > 0.3


def test_neighbour_works_wherever_it_is_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with neighbours([CPU]):
        assert wait_for_work() == 1


def test_ground_has_a_neighbour_only_if_it_should(tmp_path):
    with open_ground(tmp_path, 0.02, has_company=True):
        assert wait_for_work() == 1
    with neighbours([]):
        assert not find_children("--neighbour", str(CPU))


def test_spinners_compute_on_the_cpu_that_they_were_given():
    with spinners(2, CPU):
        assert wait_for_work("-c", SPINNER, str(CPU)) == 2
    with spinners(1):
        child = wait_for_child("-c", SPINNER)
        assert child.cpu_affinity() == sorted(os.sched_getaffinity(0))


def end_at_once():
    """Measure beside a program that ends when it is told to."""
    with running([["-c", WAITS]]):
        child = wait_for_child("-c", WAITS)
        child.terminate()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays, to be looked at


def test_company_that_ends_by_itself_is_no_company():
    """Otherwise what was measured alone would be called measured beside it."""
    with pytest.raises(SystemExit, match="ended by itself"):
        end_at_once()


@contextmanager
def that_ends():
    """Be a company that is gone at the end."""
    yield
    raise SystemExit("it ended by itself")


@pytest.fixture
def calls(monkeypatch):
    """Write a session's first file instead of measuring, and come to no end on request."""
    made = []

    def run(call, **_):
        made.append(call)
        folder = Path(call[call.index("-o") + 1])
        folder.mkdir()
        (folder / "session.json").write_text("{}", encoding="utf-8")
        if call[call.index("run") + 1] == "interrupted":
            raise subprocess.CalledProcessError(1, call)

    monkeypatch.setattr(company.subprocess, "run", run)
    monkeypatch.setattr(company, "load_session", lambda folder: folder)
    return made


def test_session_that_did_not_end_is_measured_again(calls, tmp_path):
    """Its first file is written at its start; by that alone it would be taken as the truth."""
    folder = tmp_path / "quiet-0"
    for _ in range(2):
        with pytest.raises(subprocess.CalledProcessError):
            measure(folder, "interrupted")
    with pytest.raises(SystemExit):
        measure(folder, "quick", that_ends)
    assert not folder.exists()
    for _ in range(2):
        assert measure(folder, "quick") == folder
    assert len(calls) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["quiet-0"]


def test_neighbour_measures_nothing_when_it_is_done(calls, monkeypatch):
    """Its parent has ended, and its own arguments are no benchmark's."""
    monkeypatch.setattr(company, "be_neighbour", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["company", NEIGHBOUR, "0"])
    company.main()
    assert not calls
