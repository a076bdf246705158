"""The command line as users call it: right calls, and one sentence for wrong ones."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import threading

import pytest
from tests.conftest import command_line

from crawlbench.plugins.registry import is_async
from crawlbench.sites.movies import load_movies

STRATEGIES = (
    "requests-threads",
    "aiohttp-gather",
    pytest.param("requests-serial", marks=pytest.mark.long),
    pytest.param("aiohttp-session-per-request", marks=pytest.mark.long),
)
LINES = "".join(f"{movie.rank} {movie.title}\n" for movie in load_movies())


@pytest.fixture(scope="module")
def listed():
    """Return what lists printed before: tests ask for different things of one list."""
    return {}


@pytest.fixture
def listing(crawlbench, listed):
    """Return a function that lists, each list once."""

    def call(*words):
        if words not in listed:
            listed[words] = crawlbench("list", *words)
        return listed[words]

    return call


def assert_refused(outcome, *parts, code=2):
    """Assert exit code, one sentence with these parts, and no traceback."""
    assert outcome.returncode == code, outcome.stderr
    assert outcome.stdout == ""
    (text,) = outcome.stderr.splitlines()
    assert text.startswith("crawlbench: ")
    for part in parts:
        assert part in text, text


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_crawl_prints_the_same_250_lines_for_each_strategy(crawlbench, strategy):
    """`rank title`, in order of rank."""
    loop = ["--loop", "uvloop"] if is_async(strategy) else []
    outcome = crawlbench("crawl", "--strategy", strategy, *loop)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == LINES


def test_crawl_takes_an_address_that_serves_such_pages(crawlbench):
    """`mirror serve` prints one; the origin alone will do too."""
    process = subprocess.Popen(**command_line("mirror", "serve"), stdout=subprocess.PIPE)
    try:
        address = process.stdout.readline().strip()
        for url in (address, address.removesuffix("/top250"), address + "?start=0&filter="):
            outcome = crawlbench("crawl", "-s", "http-client-serial", "--url", url)
            assert outcome.stdout == LINES, outcome.stderr
    finally:
        process.terminate()
        process.communicate(timeout=20)


class _BlockPage(http.server.BaseHTTPRequestHandler):
    """Answers 200 with a page that is no list."""

    def do_GET(self):
        body = "<html><body>载入中 ...</body></html>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_crawl_sees_a_block_as_a_block(crawlbench):
    """Status 200 and no list is an error, not an empty result."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _BlockPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/top250"
        outcome = crawlbench("crawl", "-s", "requests-threads", "--url", url)
        assert_refused(outcome, "status 200", "a block page", code=4)
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_crawl_of_a_dead_address_is_one_sentence(crawlbench, strategy):
    """Nobody listens there: what failed, where, and no traceback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = crawlbench("crawl", "-s", strategy, "--url", f"http://127.0.0.1:{port}")
    assert_refused(outcome, f"crawlbench: {strategy} failed: ", str(port), code=4)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["run", "nosuch"], ["no suite 'nosuch'; known: ab, api, clients, cold, default"]),
        (["run", "nosuch.toml"], ["no suite 'nosuch.toml'"]),
        (["run", "-s", "reqests-serial"], ["unknown strategy 'reqests-serial'", "did you mean"]),
        (["run", "-l", "uvlop"], ["unknown event loop 'uvlop'", "known: asyncio, "]),
        (["run", "-n", "moon"], ["unknown network 'moon'; known: far, flaky, lan"]),
        (["run", "--site", "imdb"], ["unknown site 'imdb'"]),
        (["run", "--long-form", "x"], ["--long-form 'x' names no longer site", "none alone"]),
        (
            ["run", "quick", "--long-form", "a/b=douban-x100"],
            ["the long form for 'a/b' fits no site and network of this session", "top250/loopback"],
        ),
        (["run", "--long-form", "*=douban-x2"], ["has 2 pages, so it cannot be a long form"]),
        (["run", "--parser", "soup"], ["unknown parser 'soup'"]),
        (["run", "--baseline", "none"], ["the baseline 'none' is not among the cells"]),
        (["run", "-s", "needs-absent"], ["not installed", "does not come with crawlbench"]),
        (["run", "-s", "cannot-import"], ["cannot be imported", "no such luck"]),
        (["run", "-c", "0"], ["--concurrency 0 cannot be used: give a whole number from 1 on"]),
        (["run", "-c", "many"], ["--concurrency 'many' is not a whole number"]),
        (["run", "--budget", "-5"], ["--budget -5.0 cannot be used: give a number above 0"]),
        (["run", "--rounds", "0"], ["--rounds 0 cannot be used"]),
        (
            ["run", "--cpus", "0"],
            ["--cpus '0' cannot be used: give a whole number from 1 on, or all"],
        ),
        (["run", "--mirror-cpus", "1-"], ["--mirror-cpus '1-' is not a list of CPUs"]),
        (["run", "--precision", "nan"], ["--precision nan cannot be used"]),
        (["run", "--budget", "inf"], ["--budget inf cannot be used"]),
        (["run", "--margin", "-1"], ["--margin -1.0 cannot be used: give 0 or more"]),
        (["run", "--seed", "-1"], ["--seed -1 cannot be used"]),
        (["run", "--no-such-option"], ["No such option"]),
        (["report", "nowhere"], ["'nowhere' is not a session"]),
        (["report"], ["no session in 'results'"]),
        (["report", "x", "--format", "pdf"], ["'pdf' "]),
        (["crawl", "-s", "reqests-serial"], ["unknown strategy 'reqests-serial'"]),
        (
            ["crawl", "-s", "requests-serial", "--url", "ftp://x"],
            ["--url 'ftp://x' is not an address"],
        ),
        (["crawl", "-s", "requests-serial", "-c", "0"], ["--concurrency 0 cannot be used"]),
        (["list", "planets"], ["'planets' "]),
        (["mirror", "serve", "-n", "moon"], ["unknown network 'moon'"]),
        (["mirror", "serve", "--site", "imdb"], ["unknown site 'imdb'"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0] in ("run", "report") else None,
)
def test_bad_input_is_one_sentence_and_exit_code_two(crawlbench, tmp_path, arguments, parts):
    """What failed, the value seen, what would work; nothing is written."""
    assert_refused(crawlbench(*arguments), *parts)
    assert list(tmp_path.iterdir()) == []


def test_output_folder_that_exists_is_not_touched(crawlbench, tmp_path):
    """Nothing is overwritten."""
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "session.json").write_text("mine")
    assert_refused(
        crawlbench("run", "quick", "-o", folder), "exists already; name a new one with -o"
    )
    assert (folder / "session.json").read_text() == "mine"


def test_output_folder_that_exists_is_refused_before_anything_is_built(crawlbench, tmp_path):
    """The environment, whose only requirement cannot be found, is not even tried."""
    (tmp_path / "session").mkdir()
    environment = f"new={tmp_path / 'absent.whl'}"
    done = crawlbench("run", "quick", "--env", environment, "-o", tmp_path / "session")
    assert_refused(done, "exists already; name a new one with -o")


def test_output_folder_that_cannot_be_made_is_said_before_measuring(crawlbench, tmp_path):
    """A file stands where a folder should."""
    (tmp_path / "file").write_text("")
    assert_refused(crawlbench("run", "quick", "-o", tmp_path / "file" / "x"), "cannot be made")


@pytest.mark.parametrize("what", ["strategies", "loops", "parsers", "sites", "networks", "suites"])
def test_list_prints_names_and_json(listing, what):
    """For people a line each, for scripts a JSON list with the same names."""
    rows = json.loads(listing(what, "--json").stdout)
    text = listing(what).stdout
    assert rows
    assert all(row["name"] in text and row["about"] for row in rows)


def test_list_names_what_is_missing(listing):
    """A plug-in whose package is absent is listed as such, with the command that brings ours."""
    rows = json.loads(listing("strategies", "--json").stdout)
    (absent,) = [row for row in rows if row["name"] == "needs-absent"]
    assert (absent["installed"], absent["library"]) == (False, "a-package-that-nobody-has")
    shown = listing("strategies")
    assert "(not" in shown.stdout
    assert (
        "what crawlbench can measure but is not installed here comes with crawlbench's extra"
        in shown.stderr
    )
    assert "'niquests'" in shown.stderr  # which is never here, as it would take urllib3's place


@pytest.mark.parametrize(
    "what", ["", "strategies", "loops", "operations", "parsers", "sites", "networks", "suites"]
)
def test_list_gives_a_pipe_a_line_a_name(listing, what):
    """With tabs between the columns; what it is stands in words, not in names of code."""
    lines = listing(*what.split()).stdout.splitlines()
    columns = {line.count("\t") for line in lines}
    assert len(columns) == 1
    assert columns <= {1, 2}
    assert not [line for line in lines if "crawlbench." in line or "Return" in line]


def test_mirror_build_makes_the_committed_pages(crawlbench, tmp_path):
    """Byte for byte, in any folder."""
    from crawlbench.sites.movies import fixture_folder

    outcome = crawlbench("mirror", "build", tmp_path / "pages")
    assert outcome.returncode == 0, outcome.stderr
    for name in ("page-01.html", "page-10.html", "manifest.json"):
        built = (tmp_path / "pages" / name).read_bytes()
        assert built == (fixture_folder() / name).read_bytes()


def test_mirror_build_says_where_it_cannot_write(crawlbench, tmp_path):
    """A file stands where a folder should."""
    (tmp_path / "file").write_text("")
    assert_refused(
        crawlbench("mirror", "build", tmp_path / "file" / "x"), "cannot write the fixtures"
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_mirror_serve_ends_on_ctrl_c_without_a_word(crawlbench):
    """The way to end it is not an error."""
    import signal

    call = command_line("mirror", "serve")
    process = subprocess.Popen(**call, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    "command",
    ["run", "report", "compare", "aa", "doctor", "list", "crawl", "mirror", "mirror serve"],
)
def test_every_command_has_help(crawlbench, command):
    """`--help` works without a terminal."""
    outcome = crawlbench(*command.split(), "--help")
    assert outcome.returncode == 0
    assert "--help" in outcome.stdout
