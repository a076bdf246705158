"""Which CPUs go to whom, and what is recorded of a machine."""

from __future__ import annotations

import asyncio
import os
import sys
from types import SimpleNamespace

import pytest
from tests.child import succeed

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Cell
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.topology import Topology, choose_cpus, parse_cpus, read_topology

PAIRS = {cpu: (cpu % 4, cpu % 4 + 4) for cpu in range(8)}
"""Four cores of two hyperthreads, as Linux numbers them."""


@pytest.mark.parametrize(
    ("topology", "workers", "mirror", "chosen"),
    [
        (Topology((0, 1)), "all", (), ((0,), (1,))),
        (Topology((2, 3, 5, 9)), "all", (), ((2, 3, 5), (9,))),
        (Topology((2, 3, 5, 9)), "1", (), ((5,), (9,))),
        (Topology((2, 3, 5, 9)), "2", (2,), ((5, 9), (2,))),
        (Topology((4,)), "all", (), ((4,), (4,))),
        (Topology((4,)), "1", (), ((4,), (4,))),
        (Topology(()), "1", (), ((), ())),
        (Topology(tuple(range(8)), PAIRS), "all", (), ((0, 1, 2, 4, 5, 6), (7,))),
        (Topology((3, 7), PAIRS), "all", (), ((3,), (7,))),
        (Topology((0, 1, 2), isolated=(6, 7)), "1", (), ((6,), (7,))),
        (Topology((0, 1, 2), isolated=(7,)), "1", (), ((1,), (2,))),
    ],
)
def test_mirror_and_workers_share_neither_cpu_nor_core_where_they_can(
    topology, workers, mirror, chosen
):
    """One CPU is shared, which becomes a warning; none is known where none can be chosen."""
    assert choose_cpus(topology, workers, mirror) == chosen


@pytest.mark.parametrize(
    ("workers", "mirror", "message"),
    [
        ("4", (), "--cpus 4 is too many: 3 are left for workers, the mirror has 3; give at most"),
        ("1", (9,), "--mirror-cpus 9 cannot be used here; this process has 0, 1, 2, 3"),
    ],
)
def test_cpus_that_are_not_there_are_refused(workers, mirror, message):
    """With those that are."""
    with pytest.raises(UsageError, match=message):
        choose_cpus(Topology((0, 1, 2, 3)), workers, mirror)


def test_lists_of_cpus_are_read_as_the_kernel_writes_them():
    """Ranges, single ones, and none."""
    assert parse_cpus("0-2,5\n") == (0, 1, 2, 5)
    assert parse_cpus("\n") == ()


@pytest.mark.parametrize("text", ["1-", "-1", "3-1", "0-999999999", "x", "1 2", "0x1", "٣"])
def test_what_is_no_list_of_cpus_is_refused(text):
    """And not taken for another, nor for none."""
    with pytest.raises(ValueError, match="is neither a CPU nor a range of CPUs"):
        parse_cpus(text)


def test_topology_is_that_of_this_process():
    """Each CPU is among its own siblings."""
    topology = read_topology()
    assert set(topology.available) == os.sched_getaffinity(0)
    assert all(cpu in topology.siblings[cpu] for cpu in topology.available)


def test_machine_names_what_can_change_a_result():
    """Versions of clients, loops, parsers and of what they are built on are recorded."""
    machine = describe_machine(["pycurl-multi"], ["uvloop"], ["lexbor"])
    known = {"aiohttp", "lxml", "requests", "pyperf", "pycurl", "uvloop", "selectolax"}
    assert known | {"OpenSSL", "zlib", "libcurl of pycurl"} <= machine.versions.keys()
    assert machine.cpu_count >= 1
    assert len(describe_machine(cpus="1").worker_cpus) == 1


def test_worker_has_its_cpus_before_its_interpreter_starts():
    """So that a thread that an import starts has them too; the manager keeps its own."""
    before = os.sched_getaffinity(0)
    executor = ProcessExecutor(None, {}, (min(before),), 1.0)
    with executor._on_its_cpus():
        program = "import os; print(*os.sched_getaffinity(0))"
        command = [sys.executable, "-c", program]
        done = succeed(command)
    assert done.stdout.split() == [str(min(before))]
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize(
    ("settings", "has_folder"), [({}, False), ({"DONTWRITEBYTECODE": "1"}, True)]
)
def test_workers_keep_bytecode_where_the_user_wants_none_beside_the_sources(
    monkeypatch, settings, has_folder
):
    """Else each compiles all modules of ours; who named a folder, or wants it so, is left alone."""
    for name in ("DONTWRITEBYTECODE", "PYCACHEPREFIX"):
        monkeypatch.delenv(f"PYTHON{name}", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(f"PYTHON{name}", value)
    cell = Cell.of_operation("call-soon", "asyncio")
    turnstile = SimpleNamespace(port=1, token="")
    executor = ProcessExecutor(turnstile, {cell.place: {"peer": None}}, (), 1.0)
    variables = asyncio.run(executor._variables(cell, cell.name))
    assert ("PYTHONPYCACHEPREFIX" in variables) is has_folder
    assert "PYTHONDONTWRITEBYTECODE" not in variables
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "mine")
    assert asyncio.run(executor._variables(cell, cell.name))["PYTHONPYCACHEPREFIX"] == "mine"
