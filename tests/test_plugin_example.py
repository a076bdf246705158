"""The example package in docs: installed as anybody would, then listed, crawled with, checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "plugin"


@pytest.fixture(scope="module")
def crawlbench(tmp_path_factory):
    """Install the example into a folder and return what calls `crawlbench` beside it."""
    folder = tmp_path_factory.mktemp("site-packages")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder)]
    subprocess.run([*command, str(EXAMPLE)], check=True, timeout=100)
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "80", "TERM": "dumb"}

    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "crawlbench", *arguments],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )

    return call


def test_strategy_is_listed_with_what_it_is_made_of(crawlbench):
    """From its own file, without being imported."""
    rows = json.loads(crawlbench("list", "strategies", "--json").stdout)
    row = next(row for row in rows if row["name"] == "urllib-serial")
    assert (row["library"], row["model"], row["http"]) == ("standard library", "one thread", "1.1")
    assert row["installed"]


def test_strategy_and_parser_crawl(crawlbench):
    """All 250, in order of rank."""
    ran = crawlbench("crawl", "-s", "urllib-serial", "--parser", "titles")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [str(rank) for rank in range(1, 251)]


@pytest.mark.long
def test_loop_runs_a_session_and_is_seen_to_run(crawlbench, tmp_path):
    """The loop that ran is the package's own, else the cell would be invalid."""
    session = tmp_path / "session"
    ran = crawlbench(
        *("run", "quick", "-s", "aiohttp-gather", "-l", "asyncio-poll", "-n", "loopback"),
        *("--rounds", "2", "--laps", "1", "-o", str(session)),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "aiohttp-gather/asyncio-poll" in (session / "session.json").read_text(encoding="utf-8")


def test_parser_refuses_another_site(crawlbench):
    """In its own sentence."""
    ran = crawlbench("crawl", "-s", "urllib-serial", "--parser", "titles", "--site", "body-4k")
    assert ran.returncode == 2
    assert "reads douban-top250 alone, not 'body-4k'" in ran.stderr
