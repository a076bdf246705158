"""How the command line ends: with the right code and a sentence, wherever its output goes."""

from __future__ import annotations

import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.conftest import command_line
from tests.measure.test_store import finished, write

from crawlbench.sites.douban import SITE

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="it needs /dev/full")

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
BROKEN = """
import sys
from crawlbench.cli import app, report
def broken(*_): raise RuntimeError("no such luck")
report._load = broken
sys.argv[1:] = ["report", "x"]
app.main()
"""
EARLY = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from crawlbench.cli import main
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
def test_full_disk_behind_standard_output_is_told(crawlbench, session, shape):
    """It had ended with 1, which means slower."""
    with Path("/dev/full").open("w") as full:
        done = crawlbench("report", session, "--format", shape, stdout=full)
    assert done.returncode == 4
    assert done.stderr.startswith("crawlbench: ")
    assert "cannot be written: No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1


def test_full_disk_behind_standard_error_changes_nothing(crawlbench, session):
    """What cannot be said must not end what is done."""
    with Path("/dev/full").open("w") as full:
        assert crawlbench("report", session, stderr=full).returncode == 0
        assert crawlbench("report", "nowhere", stderr=full).returncode == 2


@pytest.mark.long  # it draws a page, to have more to say than a pipe holds
def test_closed_pipe_is_no_error(session):
    """As of `crawlbench report | head -1`."""
    given = command_line("report", session, "--format", "html", stderr=subprocess.PIPE)
    with subprocess.Popen(**given, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(110) == 0


@pytest.mark.parametrize(
    "arguments", [("list", "strategies"), ("list", "loops", "--json"), ("doctor",)], ids=" ".join
)
def test_reader_that_was_gone_before_is_no_error(arguments):
    """Whoever writes first: our own code, or the library that draws tables."""
    read, write_to = os.pipe()
    os.close(read)
    with os.fdopen(write_to, "w") as pipe:
        done = call(*arguments, stdout=pipe)
    assert (done.returncode, done.stderr) == (0, "")


def test_standard_error_that_nobody_reads_changes_no_exit_code():
    """A pipe that is closed fails otherwise than a disk that is full."""
    read, write_to = os.pipe()
    os.close(read)
    with os.fdopen(write_to, "w") as pipe:
        assert call("report", "nowhere", stderr=pipe).returncode == 2


@pytest.mark.parametrize(
    "closed", [(1,), (0, 1, 2), *(pytest.param(c, marks=pytest.mark.long) for c in ((0,), (2,)))]
)
def test_closed_streams_are_no_error(session, closed):
    """As of `crawlbench report >&-`; nor is the next file that is opened taken for one of them."""

    def close():
        for descriptor in closed:
            os.close(descriptor)

    for arguments in (("report", session), ("crawl", "-s", "http-client-serial")):
        done = call(*arguments, preexec_fn=close)
        assert done.returncode == 0, done.stderr
        assert bool(done.stdout) == (1 not in closed)


def test_character_that_a_terminal_lacks_is_written_otherwise(session):
    """µ in a table, titles of films."""
    for arguments in (("report", session), ("report", session, "--format", "markdown")):
        done = call(*arguments, variables=ASCII)
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
    done = call("crawl", "-s", "http-client-serial", variables=ASCII)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 \\u8096\\u7533\\u514b")


def test_folder_with_a_file_cannot_be_compared(crawlbench, session):
    """It had ended with a traceback and 1."""
    suite = session / "suite.json"
    for pair in ((session, suite), (suite, session)):
        done = crawlbench("compare", *pair)
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
        "crawlbench: an error in crawlbench itself, not a verdict: RuntimeError: no such luck; "
        f"the details are in {details}\n"
    )
    assert "in broken" in details.read_text()


def test_output_may_be_a_device_or_a_dash(crawlbench, session, tmp_path):
    """`/dev/stdout` had been refused, `-` was a file's name, and a device lost its place."""
    plain = crawlbench("report", session, "--format", "csv").stdout
    for output in ("-", "/dev/stdout"):
        done = call("report", session, "--format", "csv", "-o", output, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, plain, "")
    assert crawlbench("report", session, "--format", "csv", "-o", "/dev/full").returncode == 4
    assert crawlbench("report", session, "--format", "csv", "-o", os.devnull).returncode == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.long  # it draws a page
def test_page_may_go_to_a_device(session, tmp_path):
    """As other output may."""
    done = call("history", session, "-o", "/dev/stdout", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<!doctype html>")
    assert not list(tmp_path.iterdir())


def test_output_never_takes_the_place_of_a_file(crawlbench, session, tmp_path):
    """Whoever wants that deletes it."""
    (tmp_path / "there").touch()
    done = crawlbench("report", session, "-o", "there")
    assert done.returncode == 2
    assert "exists already" in done.stderr


def test_strangers_words_do_not_steer_a_terminal(crawlbench, tmp_path):
    """A name with an escape sequence, on its way through an error."""
    done = crawlbench("report", tmp_path / "\x1b]0;owned\x07\x1b[31m")
    assert done.returncode == 2
    assert not {"\x1b", "\x07"} & set(done.stderr)
    assert "\\x1b" in done.stderr


@pytest.mark.skipif(not shutil.which("sh"), reason="limits are the shell's")
def test_picture_that_memory_does_not_suffice_for_costs_the_picture(session, tmp_path):
    """What draws has an engine that would end the whole process."""
    pytest.importorskip("vl_convert")
    settings = command_line("report", session, "--format", "svg", cwd=tmp_path)
    arguments = settings.pop("args")
    command = ["sh", "-c", 'ulimit -v 1200000; "$@"', "sh", *arguments]
    outcome = subprocess.run(command, **settings, capture_output=True, timeout=110, check=False)
    if outcome.returncode == 0:
        pytest.skip("it sufficed")
    assert outcome.returncode == 4, outcome.stderr
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("crawlbench: ")


class _Forgetful(http.server.BaseHTTPRequestHandler):
    """Answers every address with the first page, as a server that ignores the query."""

    def do_GET(self):
        body = SITE.pages().read(SITE.path)[1]
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_crawl_that_brings_one_page_ten_times_says_so(crawlbench):
    """250 items, of which 25 are different, are not the site."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Forgetful)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/top250"
        outcome = crawlbench("crawl", "-s", "requests-threads", "--url", url)
    finally:
        server.shutdown()
        server.server_close()
    assert outcome.returncode == 4
    assert "250 items came, 25 of them distinct; the site has 250" in outcome.stderr


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(n, marks=pytest.mark.long) for n in (signal.SIGHUP, signal.SIGINT)),
    ],
)
def test_mirror_that_is_ended_leaves_nothing_behind(tmp_path, number):
    """Its certificates are in a temporary folder; a closed terminal ends it as Ctrl-C does."""
    settings = command_line("mirror", "serve", "-n", "loopback-tls", cwd=tmp_path)
    settings["env"] |= {"TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(**settings, stdout=pipe, stderr=pipe) as process:
        assert process.stdout.readline().startswith("https://")
        assert list(tmp_path.glob("crawlbench-*"))
        process.send_signal(number)
        _, words = process.communicate(timeout=30)
    assert process.returncode == 0, words
    assert words == ""
    assert not list(tmp_path.glob("crawlbench-*"))


def test_interrupt_while_modules_are_read_ends_like_any_other():
    """Ctrl-C right after Enter: no traceback of imports."""
    ran = subprocess.run(
        [sys.executable, "-c", EARLY], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")
