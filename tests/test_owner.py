"""A session's folder is written by one process at a time, and whoever comes second is told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from crawlbench.errors import UsageError
from crawlbench.measure.owner import LOCK_FILE, OWNER_FILE, own
from tests.conftest import command_line

HOLDER = """
import sys
from pathlib import Path
from crawlbench.measure.owner import own
with own(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder):
    pipe = subprocess.PIPE
    call = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(call, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_second_writer_is_told_who_holds_the_folder(tmp_path):
    """However often the first has asked for it itself."""
    with hold(tmp_path) as first:
        words = f"is being written by process {first.pid} on "
        with pytest.raises(UsageError, match=words), own(tmp_path):
            pass
        first.stdin.close()
        first.wait()
    with own(tmp_path), own(tmp_path):
        assert (tmp_path / OWNER_FILE).exists()
    assert not (tmp_path / OWNER_FILE).exists()


def test_lock_of_a_killed_writer_is_gone_with_it(tmp_path):
    """And so are the drafts of what it was writing."""
    draft = tmp_path / ".session.json-abc.json"
    with hold(tmp_path) as first:
        draft.write_text("{", encoding="utf-8")
        first.kill()
        first.wait()
    with own(tmp_path):
        assert not draft.exists()
    assert (tmp_path / LOCK_FILE).exists()


@pytest.mark.slow
def test_two_resumes_lose_no_round_and_signals_end_a_session(crawlbench, tmp_path):
    """The second is refused while the first goes on; SIGHUP ends that as Ctrl-C would."""
    sizes = ("--laps", "1", "--min-time", "0.01", "-n", "loopback", "-s", "requests-serial")
    begun = crawlbench("run", "quick", *sizes, "--rounds", "1", "-o", "s")
    assert begun.returncode == 0, begun.stderr
    more = ("run", "--resume", "s", "--rounds", "500", "--budget", "600")
    quiet = subprocess.DEVNULL
    call = command_line(*more, cwd=tmp_path)
    with subprocess.Popen(**call, stdout=quiet, stderr=quiet) as first:
        deadline = time.monotonic() + 60
        while not (tmp_path / "s" / OWNER_FILE).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        second = crawlbench(*more)
        assert second.returncode == 2, second.stderr
        assert f"is being written by process {first.pid} on " in second.stderr
        report = crawlbench("report", "s", "-o", "s/again.md", "--format", "markdown")
        assert report.returncode == 2, report.stderr
        assert crawlbench("report", "s").returncode == 0  # who only reads may
        first.send_signal(signal.SIGHUP)
        assert first.wait(60) == 130
