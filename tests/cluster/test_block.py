"""A block on its machine: alone on its CPUs, and gone when nobody wants it."""

from __future__ import annotations

import subprocess
import sys
import time

import msgspec
import pytest

from crawlbench.cluster import alone
from crawlbench.cluster.alone import hold_cpus
from crawlbench.cluster.blocks import BlockJob
from crawlbench.cluster.fingerprint import names_of, take_fingerprint
from crawlbench.cluster.remote import measure_block
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import load_suite, override
from crawlbench.records import ClusterMachine
from tests.cluster.clusters import wait_for
from tests.conftest import command_line

HOLDER = """
import sys
from crawlbench.cluster.alone import hold_cpus
with hold_cpus(map(int, sys.argv[1:])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder, *cpus):
    """Start a process that holds CPUs while its input is open."""
    call = [sys.executable, "-c", HOLDER, *map(str, cpus)]
    environment = command_line()["env"] | {"TMPDIR": str(folder)}
    pipe = subprocess.PIPE
    return subprocess.Popen(call, env=environment, stdin=pipe, stdout=pipe, text=True)


def test_blocks_that_share_a_cpu_take_turns(tmp_path):
    """The second waits until the first has ended, by a kill here; one on other CPUs does not."""
    with hold(tmp_path, 0, 1) as first:
        assert first.stdout.readline() == "held\n"
        with hold(tmp_path, 2) as elsewhere:
            assert elsewhere.stdout.readline() == "held\n"
            elsewhere.stdin.close()
        with hold(tmp_path, 1, 3) as second:
            time.sleep(0.3)
            first.kill()
            assert second.stdout.readline() == "held\n"
            second.stdin.close()


def test_cpus_are_free_again_after_a_block(tmp_path, monkeypatch):
    """Also for the same process."""
    monkeypatch.setattr(alone.tempfile, "gettempdir", lambda: str(tmp_path))
    for _ in range(2):
        with hold_cpus((1, 0, 1)):
            pass


def job():
    """Return a block of one operation."""
    changes = {"operations": ["futures"], "rounds": 9, "min_time_s": 0.001, "lap_time_s": 0.001}
    plan = make_plan("loops", override(load_suite("loops"), changes))
    machine = ClusterMachine("here", take_fingerprint(names_of(plan)))
    return msgspec.json.encode(BlockJob(1, machine, plan))


def test_what_is_no_job_fails_with_its_last_words():
    """The sentence of the command line, not a traceback."""
    with pytest.raises(RuntimeError, match=r"job.json' is no block"):
        measure_block(b"{}")


@pytest.mark.slow
def test_block_ends_when_its_input_does(tmp_path):
    """So it ends with the Dask worker, however that dies; nothing is left behind."""
    file, folder = tmp_path / "job.json", tmp_path / "session"
    file.write_bytes(job())
    call = command_line("block", file, "-o", folder, cwd=tmp_path)
    call["env"] |= {"TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(**call, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        wait_for((folder / "session.json").exists, process)
        process.stdin.close()
        assert process.wait(40) == 4
        assert "ended by 'interrupted'" in process.stderr.read()
    assert not (folder / "block.json").exists()
