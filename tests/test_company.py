"""Processes that work beside a benchmark."""

from __future__ import annotations

import os
import time

import psutil
import pytest
from benchmarks.company import neighbours, running
from benchmarks.power.ground import open_ground

CPU = min(os.sched_getaffinity(0))
DEADLINE_S = 60.0


def wait_for_work():
    """Wait until a child computes on the one CPU, and return how many there are."""
    ends_at = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends_at:
        found = [child for child in psutil.Process().children() if child.cpu_affinity() == [CPU]]
        if found and all(sum(child.cpu_times()[:2]) > 0.3 for child in found):
            return len(found)
        time.sleep(0.05)
    return 0


def test_neighbour_works_wherever_it_is_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with neighbours([CPU]):
        assert wait_for_work() == 1


def test_ground_has_a_neighbour_only_if_it_should(tmp_path):
    with open_ground(tmp_path, 0.02, has_company=True):
        assert wait_for_work() == 1
    with neighbours([]):
        assert not psutil.Process().children()


def end_at_once():
    """Measure beside a program that ends at once."""
    with running([["-c", "pass"]]):
        child = psutil.Process().children()[0]
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays, to be looked at


def test_company_that_ends_by_itself_is_no_company():
    """Otherwise what was measured alone would be called measured beside it."""
    with pytest.raises(SystemExit, match="ended by itself"):
        end_at_once()
