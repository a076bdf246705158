"""The manager stays off the mirror's CPU, and comes back."""

from __future__ import annotations

import os

import pytest

from crawlbench.measure import topology
from crawlbench.measure.topology import choose_manager_cpus, stay_off


@pytest.mark.parametrize(
    ("available", "mirror", "manager"),
    [
        ({0, 1, 2, 3}, (3,), {0, 1, 2}),
        ({0, 5, 7}, (7,), {0, 5}),
        ({0, 1}, (1,), {0, 1}),
        ({0}, (0,), {0}),
        ({0, 1, 2}, (), {0, 1, 2}),
    ],
)
def test_manager_leaves_the_mirrors_cpu_where_there_are_more_than_two(available, mirror, manager):
    """Of one or two it uses what there is, and sleeps while a value is taken."""
    assert choose_manager_cpus(available, mirror) == manager


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="CPUs cannot be chosen here")
def test_manager_comes_back_when_the_block_ends(monkeypatch):
    """Whatever ends it: the next session is to find the same machine."""
    before = os.sched_getaffinity(0)
    one = {min(before)}
    monkeypatch.setattr(topology, "choose_manager_cpus", lambda available, mirror: one)

    def fail():
        with stay_off((max(before),)):
            assert os.sched_getaffinity(0) == one
            raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        fail()
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("text", ["", "4:cpu:/a\n3:memory:/\n"])
def test_machine_without_cgroups_of_version_two_has_no_quota(monkeypatch, tmp_path, text):
    """There is no line for it, or the file is empty."""
    (tmp_path / "cgroup").write_text(text, encoding="utf-8")
    monkeypatch.setattr(topology, "_OWN_CGROUP", tmp_path / "cgroup")
    assert topology._read_quota() is None
