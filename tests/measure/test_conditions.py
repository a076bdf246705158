"""What could disturb a measurement, read from a system that is made up."""

from __future__ import annotations

import os
from dataclasses import replace

import psutil
import pytest

from crawlbench.base.records import Conditions
from crawlbench.measure import conditions
from crawlbench.measure.conditions import StealMeter, join_conditions, read_conditions, steal_of


class Process:
    """A process whose use of the CPU is given; None for one that may not be looked at."""

    def __init__(self, pid, name, *percents):
        self.pid = pid
        self._name, self._percents = name, iter(percents)

    def name(self):
        if self._name is None:
            raise psutil.NoSuchProcess(self.pid)
        return self._name

    def cpu_percent(self):
        percent = next(self._percents)
        if percent is None:
            raise psutil.AccessDenied(self.pid)
        return percent


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Return a folder that stands for the system's files, and let no process run."""
    monkeypatch.setattr(conditions, "_CPU_FOLDER", tmp_path)
    monkeypatch.setattr(conditions, "_STAT", tmp_path / "stat")
    monkeypatch.setattr(psutil, "process_iter", list)
    monkeypatch.setattr(psutil, "cpu_percent", lambda span: 0.0)
    return tmp_path


def put(folder, name, text):
    """Write one of the system's files."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_system_that_tells_nothing_gives_nothing(system, monkeypatch):
    """Such as one that is not Linux."""
    monkeypatch.delattr(os, "getloadavg")
    found = read_conditions()
    assert (found.load, found.governor, found.turbo, found.steal_share) == (None, None, None, None)
    assert found.busy == ()
    assert StealMeter.start() is None


def test_load_is_the_mean_of_the_last_minute(system, monkeypatch):
    """The first of the system's three."""
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 7.0, 9.0))
    assert read_conditions().load == 0.5


def test_governor_is_told_by_its_name(system):
    """Without the newline."""
    put(system, "cpu0/cpufreq/scaling_governor", "powersave\n")
    assert read_conditions().governor == "powersave"


@pytest.mark.parametrize(
    ("name", "text", "turbo"),
    [
        ("intel_pstate/no_turbo", "0\n", True),
        ("intel_pstate/no_turbo", "1\n", False),
        ("cpufreq/boost", "1\n", True),
        ("cpufreq/boost", "0\n", False),
    ],
)
def test_turbo_is_read_from_either_driver(system, name, text, turbo):
    """Intel's says whether it is off, the others' whether it is on."""
    put(system, name, text)
    assert read_conditions().turbo is turbo


def test_busiest_processes_are_named_first_and_we_are_not(system, monkeypatch):
    """Three at the most, above a tenth of a CPU, by the second reading: the first has no span."""
    processes = [
        Process(os.getpid(), "ourselves", 0.0, 100.0),
        Process(2, "idle", 90.0, 10.0),
        Process(3, "small", 0.0, 10.6),
        Process(4, "secret", None, None),
        Process(5, "make", 0.0, 150.0),
        Process(6, None, 0.0, 80.0),
        Process(7, "gone", 0.0, None),
        Process(8, "fourth", 0.0, 10.5),
    ]
    spans = []
    monkeypatch.setattr(psutil, "process_iter", lambda: iter(processes))
    monkeypatch.setattr(psutil, "cpu_percent", spans.append)
    assert read_conditions().busy == (
        "make, pid 5 (150 % of a CPU)",
        "pid 6 (80 % of a CPU)",
        "small, pid 3 (11 % of a CPU)",
    )
    assert spans == [conditions.BUSY_SPAN_S]


def test_stolen_share_is_that_of_the_time_since_the_start(system):
    """The kernel's eighth number, of the sum of eight: guests' time is in the first already."""
    put(system, "stat", "cpu  100 0 50 800 10 0 5 35 999 999\ncpu0 1 2 3\n")
    meter = StealMeter.start()
    assert meter == StealMeter(stolen=35, total=1000)
    put(system, "stat", "cpu  150 0 75 900 10 0 10 55 9999 9999\n")
    assert meter.share() == pytest.approx(20 / 200)


def test_share_of_no_time_at_all_is_not_known(system):
    """The kernel counts in hundredths of a second."""
    put(system, "stat", "cpu  100 0 50 800 10 0 5 35\n")
    meter = StealMeter.start()
    assert meter.share() is None
    (system / "stat").unlink()
    assert meter.share() is None


def test_session_that_goes_on_does_not_forget_what_disturbed_it():
    """Nine rounds under a busy hypervisor are not quiet because the tenth was."""
    assert steal_of([(0.08, 90.0), (0.0, 10.0)]) == pytest.approx(0.072)
    assert steal_of([(None, 0.0), (0.05, 10.0)]) == 0.05
    assert steal_of([(0.05, 0.0)]) == 0.05
    assert steal_of([(None, 3.0)]) is None
    before = Conditions(3.0, ("game",), "powersave", True, 0.08)
    now = Conditions(0.5, ("backup", "game"), "performance", True, None)
    joined = Conditions(3.0, ("game", "backup"), "performance", True, 0.08)
    assert join_conditions(before, now) == joined
    assert join_conditions(None, now) == now
    assert join_conditions(replace(before, load=None), replace(now, load=None)).load is None


@pytest.mark.parametrize("text", ["", "\n", "cpu", "cpu  1 2 3 4", "cpu  a b c d e f g h"])
def test_kernel_that_does_not_tell_steal_has_no_meter(system, text):
    """An old one, or one that a container hides."""
    put(system, "stat", text)
    assert StealMeter.start() is None
