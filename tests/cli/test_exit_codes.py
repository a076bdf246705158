"""Exit codes are true: an error of ours is never a verdict, and no stream fails on a character."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from tests.conftest import PLUGINS, command_line

from crawlbench.sites.douban import SITE

ROOT = Path(__file__).parents[2]
REFERENCE = str(ROOT / "results" / "reference")
FULL = Path("/dev/full")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def call(folder, *arguments, changes=None, **streams):
    """Call the command line with streams of the caller's choice."""
    settings = command_line(*arguments, cwd=folder)
    settings["env"] |= changes or {}
    defaults = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 110}
    return subprocess.run(**settings, **{**defaults, **streams}, check=False)


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", ["terminal", "markdown", "csv"])
def test_full_disk_behind_standard_output_is_told(tmp_path, form):
    """Whether it shows while it is written or at the end."""
    with FULL.open("w") as full:
        outcome = call(tmp_path, "report", REFERENCE, "--format", form, stdout=full)
    assert outcome.returncode == 4
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("crawlbench: ")
    assert "cannot be written: No space left on device" in line


def test_reader_that_has_seen_enough_is_no_error(tmp_path):
    """As with `| head -1`."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        outcome = call(tmp_path, "report", REFERENCE, "--format", "csv", stdout=pipe)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_standard_error_that_nobody_reads_changes_no_exit_code(tmp_path):
    """What cannot be said must not end what is done."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        outcome = call(tmp_path, "report", "nowhere", stderr=pipe)
    assert outcome.returncode == 2


@pytest.mark.parametrize("arguments", [("report", REFERENCE), ("crawl", "-s", "requests-serial")])
def test_no_character_is_too_much_for_an_encoding(tmp_path, arguments):
    """Microseconds and Chinese titles on a terminal that knows ASCII alone."""
    outcome = call(tmp_path, *arguments, changes=ASCII)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.isascii()


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_end_nothing(tmp_path, closed):
    """Nor is the next file that is opened taken for one of them."""
    settings = command_line("crawl", "-s", "requests-serial", cwd=tmp_path)
    arguments = settings.pop("args")
    command = ["sh", "-c", f'"$@" {closed}', "sh", *arguments]
    outcome = subprocess.run(command, **settings, capture_output=True, timeout=110, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert len(outcome.stdout.splitlines()) == (0 if ">&-" in closed.replace("2>&-", "") else 250)


def test_error_of_ours_is_a_sentence_with_a_place_for_its_details(tmp_path):
    """Exit code 4: 1 would be "slower"."""
    (tmp_path / "sitecustomize.py").write_text(
        "import crawlbench.cli.doctor as d\n"
        "def broken(*_, **__):\n    raise KeyError('of ours')\n"
        "d.read_conditions = broken\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([str(tmp_path), str(PLUGINS)])
    changes = {"PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    outcome = call(tmp_path, "doctor", changes=changes)
    assert outcome.returncode == 4
    (line,) = outcome.stderr.splitlines()
    found = re.fullmatch(
        r"crawlbench: an error of crawlbench's own, and no verdict: KeyError: 'of ours'; "
        r"the details are in (\S+)",
        line,
    )
    assert found, line
    assert "Traceback (most recent call last)" in Path(found[1]).read_text(encoding="utf-8")


def test_compare_of_a_folder_with_a_file_is_a_sentence(crawlbench, tmp_path):
    """Two of one kind can be compared."""
    suite = Path(REFERENCE) / "suite.json"
    for pair in ((REFERENCE, str(suite)), (str(suite), REFERENCE)):
        outcome = crawlbench("compare", *pair)
        assert outcome.returncode == 2, outcome.stderr
        (line,) = outcome.stderr.splitlines()
        assert line.startswith("crawlbench: ")


def test_report_writes_to_devices_pipes_and_standard_output(crawlbench, tmp_path):
    """And never takes a file's place that is there."""
    printed = crawlbench("report", REFERENCE, "--format", "csv")
    for output in ("-", "/dev/stdout"):
        outcome = crawlbench("report", REFERENCE, "--format", "csv", "-o", output)
        assert (outcome.returncode, outcome.stdout) == (0, printed.stdout), outcome.stderr
    assert crawlbench("report", REFERENCE, "-o", os.devnull).returncode == 0
    (tmp_path / "there").touch()
    refused = crawlbench("report", REFERENCE, "-o", "there")
    assert refused.returncode == 2
    assert "exists already" in refused.stderr


@pytest.mark.skipif(not shutil.which("sh"), reason="limits are the shell's")
def test_picture_that_memory_does_not_suffice_for_costs_the_picture(tmp_path):
    """What draws has an engine that would end the whole process."""
    pytest.importorskip("vl_convert")
    settings = command_line("report", REFERENCE, "--format", "svg", cwd=tmp_path)
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
    assert "250 items came, 25 of them different; the site has 250" in outcome.stderr


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return []", "0 items came, 0 of them different; the site has 250"),
        ("return items[1:]", "249 items came"),
        ("return [*items, items[0]]", "251 items came, 250 of them different"),
        ("return [dataclasses.replace(items[0], title='x'), *items[1:]]", "has title 'x' instead"),
    ],
)
def test_crawl_that_is_not_the_site_says_so(crawlbench, tmp_path, body, words):
    """Nothing, too little, too much, and something else."""
    text = (
        "import dataclasses, requests\ndef crawl(site, concurrency):\n"
        "    items, seen, front = [], {site.start}, [site.start]\n"
        "    while front:\n"
        "        answer = requests.get(front.pop(0))\n"
        "        page = site.read(answer.url, answer.content)\n"
        "        items += page.items\n"
        "        front += [link for link in dict.fromkeys(page.links) if link not in seen]\n"
        f"        seen.update(page.links)\n    {body}\n"
    )
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    outcome = crawlbench("crawl", "-s", "./mine.py")
    assert outcome.returncode == 4
    assert "did not bring the site back" in outcome.stderr
    assert words in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("crawl", "-s", "requests-serial", "-l", "uvloop"), "needs no event loop"),
        (("check", "requests-serial", "-l", "uvloop"), "needs no event loop"),
        (("crawl", "-s", "requests-serial", "--url", "http://x", "-n", "wan"), "by the mirror"),
        (("crawl", "-s", "requests-serial", "--ca-file", "x.pem"), "is for --url"),
    ],
)
def test_option_without_an_effect_is_refused(crawlbench, arguments, words):
    """Whoever gave it means that it had one."""
    outcome = crawlbench(*arguments)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert words in outcome.stderr


def test_words_of_strangers_cannot_steer_a_terminal(crawlbench):
    """What is quoted on standard error is quoted visibly."""
    outcome = crawlbench("crawl", "-s", "\x1b]0;title\x07\x1b[2J")
    assert outcome.returncode == 2
    assert "\x1b" not in outcome.stderr
    assert "\\x1b" in outcome.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
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
