"""How the command line ends: with the right code and a sentence, wherever its output goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import command_line
from tests.measure.test_store import finished, write

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="it needs /dev/full")

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
BROKEN = """
import sys
from crawlbench.cli import app, report
app.report.report = None
def broken(*_): raise RuntimeError("no such luck")
report._load = broken
sys.argv[1:] = ["report", "x"]
app.main()
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Return the folder of a small session."""
    return write(tmp_path_factory.mktemp("session"), finished())


def call(*arguments, variables=(), **settings):
    """Call `crawlbench` with its streams where the settings say."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 110, **settings}
    given = command_line(*arguments, **options)
    given["env"].update(variables)
    return subprocess.run(**given, check=False)


@pytest.mark.parametrize("shape", ["terminal", "json"])
def test_full_disk_behind_standard_output_is_told(session, shape):
    """It had ended with 1, which means slower."""
    with Path("/dev/full").open("w") as full:
        done = call("report", session, "--format", shape, stdout=full)
    assert done.returncode == 4
    assert done.stderr.startswith("crawlbench: ")
    assert "cannot be written: No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1


def test_full_disk_behind_standard_error_changes_nothing(session):
    """What cannot be said must not end what is done."""
    with Path("/dev/full").open("w") as full:
        assert call("report", session, stderr=full).returncode == 0
        assert call("report", "nowhere", stderr=full).returncode == 2


def test_closed_pipe_is_no_error(session):
    """As of `crawlbench report | head -1`."""
    given = command_line("report", session, "--format", "html", stderr=subprocess.PIPE)
    with subprocess.Popen(**given, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(110) == 0


@pytest.mark.parametrize("descriptor", [0, 1, 2])
def test_closed_stream_is_no_error(session, descriptor):
    """As of `crawlbench report >&-`."""
    done = call("report", session, preexec_fn=lambda: os.close(descriptor))
    assert done.returncode == 0


def test_character_that_a_terminal_lacks_is_written_otherwise(session):
    """µ in a table, titles of films."""
    for arguments in (("report", session), ("report", session, "--format", "markdown")):
        done = call(*arguments, variables=ASCII)
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
    done = call("crawl", "-s", "requests-serial", variables=ASCII)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 \\u8096\\u7533\\u514b")


def test_folder_with_a_file_cannot_be_compared(session):
    """It had ended with a traceback and 1."""
    done = call("compare", session, session / "suite.json")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_error_of_our_own_is_a_sentence_and_four(tmp_path):
    """The details lie where the sentence says."""
    given = command_line(capture_output=True, timeout=60, cwd=tmp_path)
    given["args"] = [sys.executable, "-c", BROKEN]
    given["env"]["TMPDIR"] = str(tmp_path)
    done = subprocess.run(**given, check=False)
    (details,) = tmp_path.iterdir()
    assert done.returncode == 4
    assert done.stderr == (
        "crawlbench: an error of crawlbench's own, and no verdict: RuntimeError: no such luck; "
        f"the details are in {details}\n"
    )
    assert "in broken" in details.read_text()


def test_output_may_be_a_device_or_a_dash(session, tmp_path):
    """`/dev/stdout` had been refused, `-` was a file's name, and a device lost its place."""
    plain = call("report", session, "--format", "csv").stdout
    for output in ("-", "/dev/stdout"):
        done = call("report", session, "--format", "csv", "-o", output, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, plain, "")
    done = call("history", session, "-o", "/dev/stdout", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<!doctype html>")
    assert call("history", session, "-o", "/dev/full", cwd=tmp_path).returncode == 4
    assert not list(tmp_path.iterdir())


def test_strangers_words_do_not_steer_a_terminal(tmp_path):
    """A name with an escape sequence, on its way through an error."""
    done = call("report", tmp_path / "\x1b]0;owned\x07\x1b[31m")
    assert done.returncode == 2
    assert not {"\x1b", "\x07"} & set(done.stderr)
