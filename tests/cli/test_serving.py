"""`crawlbench mirror serve` and `mirror bench` as a user calls them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import urllib.request
from urllib.parse import urlsplit

import pytest
from tests.conftest import command_line

from crawlbench.cli import serving as serving_command
from crawlbench.cli.app import app

pytestmark = pytest.mark.slow

LOG_LINE = re.compile(r"\d\d:\d\d:\d\d GET /top250 200 \d+ B \d+\.\d ms\n")


@pytest.fixture
def serving():
    """Return a function that starts `mirror serve`; all end with the test."""
    processes = []

    def start(*arguments):
        call = command_line("mirror", "serve", *arguments)
        process = subprocess.Popen(**call, stdout=subprocess.PIPE)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=20)


def test_serve_tells_where_and_logs_what_is_asked(serving):
    """The address first, so that a script can read it; then a line for each request."""
    process = serving()
    address, counters = process.stdout.readline().strip(), process.stdout.readline()
    assert counters == f"counters at {address.removesuffix('/top250')}/_crawlbench\n"
    with urllib.request.urlopen(address) as answer:
        assert answer.status == 200
    assert LOG_LINE.fullmatch(process.stdout.readline())


def test_users_site_is_never_imported_by_the_server_that_was_called(serving, tmp_path):
    """What it prints does not stand before the address, and it may do what it likes to itself."""
    file, pids = tmp_path / "mine.py", tmp_path / "pids"
    file.write_text(
        "import os, sys, signal\n"
        f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        "print('spam')\n"
        "os.chdir('/')\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "from crawlbench.sites.douban import SITE\n"
    )
    process = serving("--site", str(file), "-q")
    address = process.stdout.readline().strip()
    with urllib.request.urlopen(address) as answer:
        assert answer.status == 200
    imported = pids.read_text().split()
    assert imported
    assert str(process.pid) not in imported


ANY_SIGNAL = pytest.mark.parametrize(
    "name", ["SIGTERM", *(pytest.param(n, marks=pytest.mark.long) for n in ("SIGHUP", "SIGINT"))]
)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@ANY_SIGNAL
def test_busy_server_ends_at_the_first_signal(name):
    """It comes while a request is answered, and is not lost there."""
    call = command_line("mirror", "serve")
    with subprocess.Popen(**call, stdout=subprocess.PIPE) as process:
        address, _ = process.stdout.readline().strip(), process.stdout.readline()
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        for _ in range(200):
            connection.request("GET", urlsplit(address).path)
            connection.getresponse().read()
        process.send_signal(getattr(signal, name))
        with contextlib.suppress(OSError, http.client.HTTPException):
            for _ in range(1000):
                connection.request("GET", urlsplit(address).path)
                connection.getresponse().read()
        connection.close()
        process.stdout.read()
        assert process.wait(20) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@ANY_SIGNAL
def test_serve_leaves_no_folder_behind(tmp_path, name):
    """A service that is stopped, a terminal that is closed; over TLS it has a file for clients."""
    call = command_line("mirror", "serve", "-n", "loopback-tls", "-q")
    call["env"]["TMPDIR"] = str(tmp_path)
    with subprocess.Popen(**call, stdout=subprocess.PIPE) as process:
        trust = [process.stdout.readline() for _ in range(3)][2]
        assert str(tmp_path) in trust
        process.send_signal(getattr(signal, name))
        assert process.wait(20) == 0
    assert not list(tmp_path.iterdir())


def test_served_https_can_be_crawled_with_its_authority(serving, crawlbench):
    """`--ca-file` takes what `serve` tells."""
    process = serving("-n", "loopback-tls", "-q")
    address, _, trust = (process.stdout.readline().strip() for _ in range(3))
    ca_file = trust.removeprefix("clients must trust ")
    for strategy in ("http-client-serial", "limit-socket"):
        outcome = crawlbench("crawl", "-s", strategy, "--url", address, "--ca-file", ca_file)
        assert outcome.stdout.count("\n") == 250, outcome.stderr
    without = crawlbench("crawl", "-s", "requests-serial", "--url", address)
    assert without.returncode == 4
    assert "CERTIFICATE_VERIFY_FAILED" in without.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mirror", "serve", "--host", "0.0.0.0"], "add --i-know if that is meant"),
        (["mirror", "serve", "--host", "moon"], "give an address of this machine"),
        (["mirror", "serve", "--port", "70000"], "less than or equal to 65535"),
        (["mirror", "bench", "-c", "0"], "give a whole number from 1 on"),
        (
            ["crawl", "-s", "aiohttp-gather", "--url", "https://x", "--ca-file", "no"],
            "No such file",
        ),
        (["crawl", "-s", "aiohttp-gather", "--url", "https://x", "--ca-file", "."], "give a PEM"),
    ],
)
def test_mistakes_are_one_sentence(crawlbench, arguments, words):
    """Exit code 2, no traceback."""
    outcome = crawlbench(*arguments)
    assert outcome.returncode == 2
    (line,) = outcome.stderr.splitlines()
    assert words in line


def test_bench_prints_rates_by_connections(monkeypatch, capsys):
    """As a table, or as JSON."""
    monkeypatch.setattr(serving_command, "BENCH_SPAN_S", 0.2)
    app(["mirror", "bench", "-c", "2", "--json"], standalone_mode=False)
    ceilings = json.loads(capsys.readouterr().out)
    assert list(ceilings) == ["plain", "gzip", "TLS, gzip", "HTTP/2, TLS, gzip"]
    assert all(rates["2"] > 100 for rates in ceilings.values())
