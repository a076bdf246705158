"""A block on its machine: alone on its CPUs, and gone when nobody wants it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import psutil
import pytest

from crawlbench.archive.importing import import_pages
from crawlbench.base.records import Environment
from crawlbench.cluster.blocks import BlockJob
from crawlbench.cluster.fingerprint import names_of, take_fingerprint
from crawlbench.cluster.locks import hold_cpus, locks_folder
from crawlbench.cluster.records import ClusterMachine
from crawlbench.cluster.remote import measure_block
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import Suite, load_suite, override
from tests.cluster.clusters import wait_for
from tests.conftest import command_line

HOLDER = """
import sys
from crawlbench.cluster.locks import hold_cpus
with hold_cpus(map(int, sys.argv[1:])):
    print("held", flush=True)
    sys.stdin.read()
"""


def start(program, folder, *arguments):
    """Start a process that holds something while its input is open."""
    call = [sys.executable, "-c", program, *map(str, arguments)]
    environment = command_line()["env"] | {"TMPDIR": str(folder)}
    pipe = subprocess.PIPE
    return subprocess.Popen(call, env=environment, stdin=pipe, stdout=pipe, text=True)


def test_blocks_that_share_a_cpu_take_turns(tmp_path):
    """The second waits until the first has ended, by a kill here; one on other CPUs does not."""
    with start(HOLDER, tmp_path, 0, 1) as first:
        assert first.stdout.readline() == "held\n"
        with start(HOLDER, tmp_path, 2) as elsewhere:
            assert elsewhere.stdout.readline() == "held\n"
            elsewhere.stdin.close()
        with start(HOLDER, tmp_path, 1, 3) as second:
            time.sleep(0.3)
            first.kill()
            assert second.stdout.readline() == "held\n"
            second.stdin.close()


def test_cpus_are_free_again_after_a_block(tmp_path, monkeypatch):
    """Also for the same process."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for _ in range(2):
        with hold_cpus((1, 0, 1)):
            pass


def job(**plan_changes):
    """Return a block of one operation."""
    changes = {"operations": ["futures"], "rounds": 9, "min_time_s": 0.001, "lap_time_s": 0.001}
    return job_of(
        replace(make_plan("loops", override(load_suite("loops"), changes)), **plan_changes)
    )


def job_of(plan):
    """Return a block of a plan, on this machine."""
    machine = ClusterMachine("here", take_fingerprint(names_of(plan)))
    return msgspec.json.encode(BlockJob(1, machine, plan))


def test_what_is_no_job_fails_with_its_last_words():
    """The sentence of the command line, not a traceback."""
    with pytest.raises(RuntimeError, match=r"job.json' is not a block"):
        measure_block(b"{}")


def test_block_with_other_pages_than_the_session_has_is_not_measured(tmp_path, monkeypatch):
    """A site file is in the fingerprint; the pages beside it are read on each machine."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "index.html").write_text("<title>one</title>")
    import_pages([tmp_path / "source"], tmp_path / "site", None, site_file=True, force=False)
    suite = Suite(strategies=("requests-serial",), baseline="requests-serial")
    plan = make_plan("test", override(suite, {"sites": ["site/site.toml"]})).as_spelled()
    files = {name: replace(file, content="another") for name, file in plan.files.items()}
    content = job_of(replace(plan, files=files))
    with block(tmp_path, content) as process:
        assert process.wait(60) == 2
        assert "or are others on this machine" in process.stderr.read()


@contextmanager
def block(folder, content):
    """Start `crawlbench block` as a Dask worker does, with its files in a folder."""
    file = folder / "job.json"
    file.write_bytes(content)
    call = command_line("block", file, "-o", folder / "session", cwd=folder)
    call["env"] |= {"TMPDIR": str(folder)}
    pipe = subprocess.PIPE
    with subprocess.Popen(**call, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def assert_it_left(process, folder):
    """Close a process's input; it ends at once and without a word, as nobody would read it."""
    process.stdin.close()
    assert process.wait(60) == 1
    assert process.stderr.read() == ""
    assert not (folder / "session").exists()


def test_block_that_waits_for_its_cpus_ends_when_its_input_does(tmp_path, monkeypatch):
    """Else what a killed Dask worker left behind would take them before a block that is wanted."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    content = job()
    machine = msgspec.json.decode(content, type=BlockJob).machine.fingerprint.machine
    cpus = sorted((*machine.worker_cpus, *machine.mirror_cpus) or range(machine.cpu_count))
    with hold_cpus(cpus[-1:]), block(tmp_path, content) as process:
        wait_for((locks_folder() / f"cpu-{cpus[0]}.lock").exists, process)  # it has the others
        assert_it_left(process, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a script of Unix")
def test_block_that_builds_an_environment_ends_when_its_input_does(tmp_path):
    """So does what it has started: here a Python that never says what it is."""
    python, told = tmp_path / "python", tmp_path / "told"
    python.write_text(f"#!/bin/sh\necho $$ > '{told}'\nexec sleep 600\n")
    python.chmod(0o755)
    content = job(environments=(Environment("odd", python=str(python)),))
    with block(tmp_path, content) as process:
        started = psutil.Process(int(wait_for(lambda: told.exists() and told.read_text(), process)))
        assert_it_left(process, tmp_path)
    wait_for(lambda: not is_alive(started))


def is_alive(process):
    """Tell whether a process runs; one that nobody has waited for does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_block_ends_when_its_input_does(tmp_path):
    """So it ends with the Dask worker, however that dies; nothing is left behind."""
    with block(tmp_path, job()) as process:
        wait_for((tmp_path / "session" / "session.json").exists, process)
        process.stdin.close()
        assert process.wait(40) == 4
        assert "ended by 'interrupted'" in process.stderr.read()
    assert not (tmp_path / "session" / "block.json").exists()
