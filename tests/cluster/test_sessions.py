"""Whole sessions on real clusters: each block is measured once, and what is kept stays as it is."""

from __future__ import annotations

import re
import signal
import sys
from contextlib import suppress

import psutil
import pytest

from crawlbench.cluster.merging import merge
from crawlbench.cluster.sheets import cut
from crawlbench.cluster.store import BlockStore, load_cluster
from crawlbench.measure.store import load_session
from tests.cluster.clusters import (
    CRAWLS,
    OPERATION,
    OPERATIONS,
    are_there,
    begin,
    open_cluster,
    suite_file,
    wait_for,
    words_of,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix"),
]
SHEET_OF_THREE = ["--sheet", 3, "--rounds", 2, "-o", "out"]
"""It cuts `OPERATIONS` into two."""
BOTH_ON_BOTH = [("one", 1), ("one", 2), ("two", 1), ("two", 2)]


def blocks_of(folder):
    """Return the blocks on disk, of two sheets."""
    store = BlockStore(folder, 2)
    return [*store.read(1), *store.read(2)]


def places_of(folder):
    """Return the machine and the sheet of each block on disk, sorted."""
    return sorted((block.machine.name, block.sheet) for block in blocks_of(folder))


def told(words, what):
    """Return the machine and the sheet of each sentence that says so, sorted."""
    found = re.findall(rf"sheet (\d+)(?: of \d+)? {what} on (\w+)", words)
    return sorted((name, int(sheet)) for sheet, name in found)


def files_below(folder):
    """Return what is in each file."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def processes_of(folder):
    """Return the command lines of a call with that TMPDIR, and of what it started, by process."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # ended meanwhile, or somebody else's
            if process.environ().get("TMPDIR") == str(folder):
                found[process] = " ".join(process.cmdline())
    return found


def test_local_cluster_measures_and_leaves_nothing_running(tmp_path):
    """Two Dask workers of the call's own, a block on each; both end with the call."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    call = [suite_file(tmp_path, CRAWLS), "--cluster", "local:2", "--rounds", 1, "-o", "out"]
    manager = begin(tmp_path, *call, variables={"TMPDIR": str(temporary)})
    wait_for(lambda: "is finished on" in words_of(tmp_path), manager)
    family = processes_of(temporary)
    assert sum("spawn_main" in command for command in family.values()) == 2
    assert manager.wait(100) == 0, words_of(tmp_path)
    assert not psutil.wait_procs(list(family), timeout=30)[1]
    assert not processes_of(temporary)
    assert not list(temporary.glob("crawlbench-room-*"))
    session = load_cluster(tmp_path / "out")
    assert (session.ending, session.blocks, session.lost) == ("whole", 2, ())
    assert "2 of 2 blocks" in words_of(tmp_path)
    blocks = BlockStore(tmp_path / "out", 1).read(1)
    names = sorted(machine.name for machine in session.machines)
    assert sorted(block.machine.name for block in blocks) == names
    assert len(set(names)) == 2
    assert {block.seed for block in blocks} == {session.plan.seed, session.plan.seed + 1}
    assert (tmp_path / "out" / "table.md").exists()


@pytest.mark.long
def test_each_sheet_is_measured_once_on_each_machine(tmp_path, crawlbench):
    """Two machines, two sheets: four sessions, and `cluster.json` is what they come to."""
    suite, out = suite_file(tmp_path, OPERATIONS), tmp_path / "out"
    with open_cluster(tmp_path / "dask", "one", "two") as cluster:
        are_there(cluster, "one", "two")
        done = crawlbench("run", suite, "--cluster", cluster.address, *SHEET_OF_THREE)
    assert done.returncode == 0, done.stderr
    assert told(done.stderr, "begins") == told(done.stderr, "is finished") == BOTH_ON_BOTH
    assert places_of(out) == BOTH_ON_BOTH
    session = load_cluster(out)
    assert (session.ending, session.blocks, session.lost) == ("whole", 4, ())
    sheets = cut(session.plan, session.sheet_cells)
    for block in blocks_of(out):
        own = load_session(out / "machines" / block.machine.name / str(block.sheet))
        assert own.plan.cells == sheets[block.sheet - 1].cells
        assert (own.plan.seed, len(own.rounds), own.failures) == (block.seed, 2, ())
    seeds = {(block.sheet, block.seed - session.plan.seed) for block in blocks_of(out)}
    assert seeds == {(1, 0), (1, 1), (2, 0), (2, 1)}
    assert [one.sheet for one in session.comparisons] == [1, 2]
    assert session.comparisons == merge(sheets, BlockStore(out, 2).read).comparisons


@pytest.mark.long
def test_resume_after_a_killed_manager_measures_only_what_is_missing(tmp_path):
    """SIGKILL between two blocks: the first stays byte for byte, the other machine comes once."""
    suite, out = suite_file(tmp_path, OPERATION), tmp_path / "out"
    call = ["--rounds", 2, "-o", "out"]
    with open_cluster(tmp_path / "dask", "one", "two") as cluster:
        are_there(cluster, "one", "two")
        manager = begin(tmp_path, suite, "--cluster", cluster.address, *call)
        wait_for(lambda: "is finished on" in words_of(tmp_path), manager)
        manager.kill()
        assert manager.wait(30) == -signal.SIGKILL
        ((kept, _),) = told(words_of(tmp_path), "is finished")
        files = files_below(out / "machines")
        assert [path.name for path in (out / "machines").iterdir()] == [kept]
        manager = begin(tmp_path, "--cluster", cluster.address, "--resume", "out")
        assert manager.wait(100) == 0, words_of(tmp_path)
    missing = [({"one": "two", "two": "one"}[kept], 1)]
    assert told(words_of(tmp_path), "begins") == missing
    assert told(words_of(tmp_path), "is finished") == missing
    assert {path: path.read_bytes() for path in files} == files
    blocks = BlockStore(out, 1).read(1)
    assert [block.machine.name for block in blocks] == ["one", "two"]
    session = load_cluster(out)
    assert {block.seed for block in blocks} == {session.plan.seed, session.plan.seed + 1}
    assert (session.ending, session.blocks, session.lost) == ("whole", 2, ())
    assert len(session.comparisons) == 1


@pytest.mark.long
def test_lost_scheduler_leaves_what_is_finished_and_resume_goes_on(tmp_path, crawlbench):
    """Two sheets; the scheduler is killed between them. The first is not measured again."""
    suite, out = suite_file(tmp_path, OPERATIONS), tmp_path / "out"
    with open_cluster(tmp_path / "dask", "one") as cluster:
        are_there(cluster, "one")
        manager = begin(tmp_path, suite, "--cluster", cluster.address, *SHEET_OF_THREE)
        wait_for(lambda: "sheet 1 is finished" in words_of(tmp_path), manager)
        cluster.scheduler.kill()
        assert manager.wait(60) == 4
    assert "crawlbench: the Dask scheduler was lost; blocks that are kept: 1" in words_of(tmp_path)
    assert "Traceback" not in words_of(tmp_path)
    before = load_cluster(out)
    assert (before.ending, before.blocks) == ("scheduler", 1)
    first = out / "machines" / "one" / "1" / "session.json"
    content = first.read_bytes()
    with open_cluster(tmp_path / "dask", "one") as cluster:
        are_there(cluster, "one")
        done = crawlbench("run", "--cluster", cluster.address, "--resume", "out")
    assert done.returncode == 0, done.stderr
    assert first.read_bytes() == content
    after = load_cluster(out)
    assert (after.ending, after.blocks) == ("whole", 2)
    assert places_of(out) == [("one", 1), ("one", 2)]
    assert {one.sheet for one in after.comparisons} == {1, 2}
