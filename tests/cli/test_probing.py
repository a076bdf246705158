"""How a probe gets on: findings come one by one, are kept, and survive its early end."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.conftest import command_line

from crawlbench.probe.catalogue import all_tries
from crawlbench.probe.store import PROBE_FILE, load_report

HANGING = "tests.operations.planted:HangingInLookups"
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")


def call(*arguments, cwd, **settings):
    """Return a running probe."""
    given = command_line("probe", *arguments, cwd=cwd)
    given["env"]["PYTHONPATH"] = str(ROOT)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.Popen(**given, **streams)


def test_findings_come_one_by_one(crawlbench):
    """A line each where nobody looks at a terminal; they do not mix with what is printed."""
    done = crawlbench("probe", "-l", "asyncio", "-p", "futures", "-p", "gather", "--json")
    assert done.returncode == 0, done.stderr
    lines = [line.partition(": ") for line in done.stderr.splitlines()]
    assert [number for number, _, _ in lines] == ["1 of 2", "2 of 2"]
    found = {finding for _, _, finding in lines}  # whichever ends first is told first
    assert found == {"asyncio: futures: works", "asyncio: gather: works"}
    assert json.loads(done.stdout)["missing"] == 0


@pytest.mark.parametrize(
    "name", ["SIGINT", *(pytest.param(n, marks=pytest.mark.long) for n in ("SIGTERM", "SIGHUP"))]
)
def test_interrupted_probe_ends_with_what_was_found(tmp_path, name):
    """At once, though a try hangs; it says how much is missing, and so does the file."""
    choice = ("-l", HANGING, "-p", "getaddrinfo-local", "-p", "gather", "-p", "futures")
    with call(*choice, "--deadline", "60", "--keep", PROBE_FILE, cwd=tmp_path) as process:
        lines = [process.stderr.readline() for _ in range(2)]
        process.send_signal(getattr(signal, name))
        printed, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [line[:7] for line in lines] == ["1 of 3:", "2 of 3:"]
    report = load_report(tmp_path)
    assert {finding.probe for finding in report.findings} == {"gather", "futures"}
    assert report.missing == 1
    sentence = "1 of 3 findings are missing: the probe was ended early"
    assert sentence in " ".join(printed.split())
    assert told == f"crawlbench: {sentence}\n"


def test_killed_probe_has_kept_what_it_found(tmp_path):
    """As by SIGKILL; what it had started ends as well."""
    choice = ("-l", HANGING, "-p", "getaddrinfo-local", "-p", "gather", "--deadline", "60")
    with call(*choice, "--keep", PROBE_FILE, cwd=tmp_path) as process:
        assert process.stderr.readline().startswith("1 of 2:")
        while not (tmp_path / PROBE_FILE).exists():
            time.sleep(0.01)
        started = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert len(started) >= 2
    assert psutil.wait_procs(started, timeout=30)[1] == []
    report = load_report(tmp_path)
    assert ([finding.probe for finding in report.findings], report.missing) == (["gather"], 1)


def test_probe_that_is_interrupted_before_it_found_anything_says_so(tmp_path):
    """Without a table, for there is nothing in it."""
    choice = ("-l", "tests.operations.planted:HangingLoop", "--deadline", "60")
    with call(*choice, cwd=tmp_path) as one:
        while not any(Path(f"/proc/{one.pid}/task/{one.pid}/children").read_text().split()):
            assert one.poll() is None
        one.send_signal(signal.SIGTERM)
        printed, told = one.communicate(timeout=60)
    assert (one.returncode, printed) == (130, "")
    due = len(all_tries())
    assert told == (f"crawlbench: {due} of {due} findings are missing: the probe was ended early\n")


@pytest.mark.parametrize("stream", ["stdout", pytest.param("stderr", marks=pytest.mark.long)])
def test_closed_pipe_is_no_error(tmp_path, stream):
    """As of `crawlbench probe | head -1`, and `2>&1`."""
    read, write_to = os.pipe()
    os.close(read)
    with os.fdopen(write_to, "w") as pipe:
        process = call("-l", "asyncio", "-p", "gather", cwd=tmp_path, **{stream: pipe})
    printed, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (printed or told).splitlines()[-1].startswith(("asyncio ", "1 of 1: "))


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("nowhere/x.json", "the file 'nowhere/x.json' cannot be written: 'nowhere' does not exist"),
        ("-", "'-' is not a file that can be replaced while findings come in"),
        (".", "'.' is not a file that can be replaced while findings come in"),
        ("/dev/null", "'/dev/null' is not a file that can be replaced while findings come in"),
    ],
)
def test_place_where_nothing_can_be_kept_is_one_sentence(crawlbench, place, sentence):
    """Before anything is tried."""
    done = crawlbench("probe", "-l", "asyncio", "-p", "gather", "--keep", place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"crawlbench: {sentence}; name another\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_may_not_be_written_is_one_sentence(crawlbench, tmp_path):
    """It is there, but not ours."""
    tmp_path.chmod(0o500)
    done = crawlbench("probe", "-l", "asyncio", "-p", "gather", "--keep", "x.json")
    assert done.returncode == 2
    assert "cannot be written to" in done.stderr


def test_file_that_fails_at_the_end_costs_no_finding(crawlbench, tmp_path):
    """Its link leads nowhere; what was found is printed all the same."""
    (tmp_path / "x.json").symlink_to(tmp_path / "gone" / "x.json")
    done = crawlbench("probe", "-l", "asyncio", "-p", "gather", "--keep", "x.json")
    assert done.returncode == 4
    assert "gather                         works" in done.stdout
    assert done.stderr.splitlines()[-1].startswith("crawlbench: 'x.json' cannot be written: ")


def test_terminal_shows_a_count_and_what_does_not_work(tmp_path):
    """The count is redrawn in its place."""
    ours, theirs = pty.openpty()
    choice = ("-l", "tests.operations.planted:DeafLoop", "-p", "gather", "-p", "sock-connect")
    with call(*choice, cwd=tmp_path, stderr=theirs) as process:
        os.close(theirs)
        printed = process.stdout.read()
    shown = os.read(ours, 2**16).decode()
    os.close(ours)
    assert "sock-connect: not implemented (NotImplementedError: no sockets here)" in shown
    assert "gather" not in shown
    assert "gather" in printed
