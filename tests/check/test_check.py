"""`check` names what a strategy does wrong: tests hold one of each."""

from __future__ import annotations

import asyncio
import io
import json
import os

import pytest
from rich.console import Console
from tests.conftest import PLUGINS

from crawlbench.base.counters import Counters
from crawlbench.base.errors import UsageError
from crawlbench.check.checks import REPEATS, _try, check_strategy, meet_faults, open_faults
from crawlbench.check.findings import (
    Ruling,
    TrialResult,
    judge_fault,
    judge_flight,
    judge_import,
    judge_leaks,
    judge_wire,
)
from crawlbench.check.subject import CheckSubject, Trial
from crawlbench.cli.check import _count, _row
from crawlbench.mirror.networks import find_network
from crawlbench.plugins import registry

pytestmark = pytest.mark.slow

EARLY = """
import subprocess, sys, threading, time
threading.Thread(target=time.sleep, args=(60,), name="early", daemon=True).start()
subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

def crawl(site, concurrency):
    raise LookupError
"""

FAULTS = ("503", "block-page", "reset", "302")


@pytest.fixture
def _plugins(monkeypatch):
    """Make the leaky plug-ins known to this process and to its trials."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    registry._points.cache_clear()
    yield
    registry._points.cache_clear()


def failures(name, **changes):
    """Return what does not hold, by promise."""

    async def collect():
        return [finding async for finding in check_strategy(CheckSubject(name, **changes))]

    findings = asyncio.run(collect())
    assert len(findings) >= 14
    return {finding.promise: finding.reason for finding in findings if finding.holds is False}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("requests-serial", marks=pytest.mark.long),
        pytest.param("requests-threads", marks=pytest.mark.long),
        pytest.param("aiohttp-gather", marks=pytest.mark.long),
        "http-client-threads",
        pytest.param("dask-aiohttp", marks=[pytest.mark.long, pytest.mark.timeout(300)]),
    ],
)
def test_contestants_keep_the_contract(name):
    """Nothing fails; what a fault does is an error of theirs, or the right items."""
    assert failures(name, faults=FAULTS) == {}


@pytest.mark.usefixtures("_plugins")
@pytest.mark.parametrize(
    ("name", "promise", "words"),
    [
        ("leaks-connections", "closes its connections", "sockets are left after 4 crawls: 127.0"),
        pytest.param(
            "leaks-tasks",
            "ends its tasks",
            "1 task is left after 4 crawls: <coroutine object sl",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "leaks-threads",
            "ends its threads",
            "3 threads are left after 3 crawls: forgotten",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "leaks-files",
            "closes its files",
            "3 files are left after 3 crawls: ",
            marks=pytest.mark.long,
        ),
        pytest.param(
            *(
                "leaks-processes",
                "ends its processes",
                "4 processes are left after 4 crawls: python",
            ),
            marks=pytest.mark.long,
        ),
        pytest.param(
            "leaks-zombies",
            "ends its processes",
            "4 processes are left after 4 crawls: ",
            marks=pytest.mark.long,
        ),
        ("forgets-session", "causes no warnings of leaks", "Unclosed client session"),
    ],
)
def test_what_is_left_is_named(name, promise, words):
    """By its kind, how much of it, and what it is."""
    good = find_network("loopback")
    outcome = asyncio.run(_try(CheckSubject(name), "loopback", good, crawls=REPEATS))
    assert words in {one.promise: one.reason for one in judge_leaks(outcome)}[promise]


FORKSERVER = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

kept = []

def crawl(site, concurrency):
    pool = ProcessPoolExecutor(1, get_context("forkserver"))
    assert pool.submit(len, "abc").result() == 3
    {end}
    return []
"""


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("pool.shutdown()", ""),
        pytest.param(
            "kept.append(pool)", "2 processes are left after 2 crawls: ", marks=pytest.mark.long
        ),
    ],
)
def test_fork_server_is_pythons_own(tmp_path, end, reason):
    """It runs until Python ends, as the tracker of resources does; its workers are a strategy's."""
    path = tmp_path / "forks.py"
    path.write_text(FORKSERVER.format(end=end), encoding="utf-8")
    start = {"url": "http://127.0.0.1:9/", "ca_file": None}
    reports = asyncio.run(Trial(CheckSubject(str(path)), [start] * 2, {}).run())
    outcome = TrialResult([], [report["left"] for report in reports], None, [], 2, {}, Counters())
    (finding,) = (one for one in judge_leaks(outcome) if one.promise == "ends its processes")
    assert finding.reason.startswith(reason)
    assert finding.holds is (not reason)


@pytest.mark.usefixtures("_plugins")
def test_errors_that_are_swallowed_are_found():
    """No items are no answer, whatever the strategy says."""
    subject = CheckSubject("swallows-errors", faults=("503", "reset"))

    async def meet():
        async with open_faults(subject.site, subject.faults) as mirrors:
            return await meet_faults(subject, mirrors)

    for kind, report in zip(subject.faults, asyncio.run(meet()), strict=True):
        found = judge_fault(kind, report, "another digest")
        assert found.holds is False
        assert found.reason == "it returned wrong items as if nothing had happened"


@pytest.mark.usefixtures("_plugins")
def test_unequal_terms_are_found():
    """Any certificate, more in flight than allowed, a proxy, no gzip."""
    found = failures("trusts-everything", faults=())
    assert found["keeps to its concurrency"].endswith("requests were in flight instead of 5")
    assert found["asks for gzip, and reads whole bodies"] == "40 of 40 requests asked for no coding"
    assert found["takes no proxy from its environment"].startswith("it raised requests.exceptions")
    known = "refuses a certificate of an authority that it does not know"
    assert found[known] == "it crawled all the same"


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("TypeError", False),
        ("AttributeError", False),
        ("SystemExit", False),
        ("AssertionError", True),  # an honest way to ask for status 200
        ("ConnectionError", True),
        ("ValueError", True),
    ],
)
def test_error_that_no_server_causes_is_a_failure(kind, holds):
    """Also as the base of a more special one; what a page or a server may cause is well."""
    report = {"error": {"type": "mine.Error", "text": "a", "bases": ["mine.Error", kind]}}
    assert judge_fault("503", report, "").holds is holds


def test_what_runs_since_the_import_is_found(tmp_path):
    """A thread and a process that a file starts before it is called."""
    path = tmp_path / "early.py"
    path.write_text(EARLY, encoding="utf-8")
    trial = Trial(CheckSubject(str(path)), [{"url": "http://127.0.0.1:9/", "ca_file": None}], {})
    (report,) = asyncio.run(trial.run())
    assert report["error"]["type"] == "LookupError"
    assert trial.started["threads"] == ["early"]
    assert len(trial.started["processes"]) == 1
    finding = judge_import(trial.started)
    assert finding.holds is False
    assert finding.reason.startswith("threads: early; processes: ")
    assert judge_import({"threads": [], "processes": [], "sockets": []}).holds


def test_what_the_site_starts_is_not_the_strategys(tmp_path):
    """A parser or a site of somebody else's may keep a thread."""
    site = tmp_path / "site.py"
    starts = EARLY.partition("def crawl")[0]
    site.write_text(f"from crawlbench.sites.douban import SITE\n{starts}", encoding="utf-8")
    path = tmp_path / "honest.py"
    path.write_text("def crawl(site, concurrency):\n    raise LookupError\n", encoding="utf-8")
    start = {"url": "http://127.0.0.1:9/", "ca_file": None}
    trial = Trial(CheckSubject(str(path), site=str(site)), [start], {})
    (report,) = asyncio.run(trial.run())
    assert report["error"]["type"] == "LookupError"
    assert judge_import(trial.started).holds, trial.started


def test_strategy_that_cannot_be_loaded_says_so_for_every_start(tmp_path):
    """In each report the error of the import, not how the process ended that met it first."""
    path = tmp_path / "broken.py"
    path.write_text("raise LookupError('it is lost')\n", encoding="utf-8")
    start = {"url": "http://127.0.0.1:9/", "ca_file": None}
    reports = asyncio.run(Trial(CheckSubject(str(path)), [start] * 3, {}).run())
    assert len(reports) == 3
    assert all("it is lost" in report["error"]["text"] for report in reports), reports


@pytest.mark.long
def test_site_of_json_is_read_by_a_parser_of_json():
    """Its pages are small, and still asked for compressed."""
    assert failures("http-client-threads", site="api-json", faults=()) == {}


def test_parser_that_cannot_read_the_site_is_no_fault_of_the_strategy():
    """It is a mistake in what was asked for."""
    subject = CheckSubject("http-client-threads", site="api-json", parser="lxml")
    start = {"url": "http://127.0.0.1:9/", "ca_file": None}
    with pytest.raises(UsageError, match="are JSON, which parsers of HTML cannot read"):
        asyncio.run(Trial(subject, [start], {}).run())


def test_what_was_not_tried_is_open(tmp_path):
    """A strategy that ends before its first request, or with its import, keeps no promise by it."""
    path = tmp_path / "early.py"
    path.write_text("def crawl(site, concurrency):\n    raise LookupError\n", encoding="utf-8")
    good = find_network("loopback")
    outcome = asyncio.run(_try(CheckSubject(str(path)), "loopback", good, crawls=2))
    found = [*judge_leaks(outcome), judge_flight(outcome, 5), judge_wire(outcome)]
    assert {finding.holds for finding in found} == {None}
    assert judge_import(outcome.started).holds
    path.write_text("raise LookupError\n", encoding="utf-8")
    outcome = asyncio.run(_try(CheckSubject(str(path)), "loopback", good, crawls=2))
    assert judge_import(outcome.started).holds is None
    assert judge_flight(outcome, 5).holds is None


def test_each_request_must_ask_for_a_coding():
    """However small the pages are, and however many of them are small."""

    def judged(requests, **codings):
        counters = Counters(requests=requests, codings=codings)
        return judge_wire(TrialResult(["x"], [], None, [], 1, {}, counters))

    assert judged(10, gzip=10).holds
    assert judged(10, gzip=6, br=4).holds
    assert judged(10, gzip=9).reason == "1 of 10 requests asked for no coding"


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        ((True, True, False, None), "2 of 4 promises hold, 1 fails, 1 is open."),
        ((True, False, False), "1 of 3 promises holds, 2 fail, 0 are open."),
    ],
)
def test_last_line_counts(kinds, line):
    """What holds, what fails and what is open."""
    assert _count([Ruling("a", holds) for holds in kinds]) == line


@pytest.mark.parametrize("width", [40, 80, 200])
def test_row_shows_its_columns_on_any_terminal(width):
    """However narrow: word, promise and reason are whole."""
    console = Console(width=width, file=io.StringIO())
    console.print(_row(Ruling("keeps to its concurrency", False, "12 instead of 5"), width))
    words = console.file.getvalue().split()
    assert {"fails", "keeps", "concurrency", "12", "5"} <= set(words)


@pytest.mark.long
def test_stall_is_neither_good_nor_bad():
    """A client without a deadline of its own waits; a session's deadline ends it."""

    async def collect():
        subject = CheckSubject("requests-serial", faults=("stall",), deadline_s=3.0)
        return [finding async for finding in check_strategy(subject)][-1]

    assert asyncio.run(collect()).holds is None


def test_command_prints_and_exits_by_what_it_found(crawlbench, tmp_path):
    """4 if something fails; a table for people, JSON for scripts; one sentence for a typo."""
    path = tmp_path / "nothing.py"
    path.write_text("def crawl(site, concurrency):\n    return []\n", encoding="utf-8")
    ran = crawlbench("check", path, "--json", "--deadline", "3")
    rows = json.loads(ran.stdout)
    assert ran.returncode == 4
    assert rows[0]["reason"] == "crawl 1 returned other items than the site has"
    faults = [row for row in rows if row["promise"].startswith("meets the fault")]
    assert {row["holds"] for row in faults} == {None}
    unknown = crawlbench("check", "requests-serail")
    assert unknown.returncode == 2
    assert "did you mean 'requests-serial'?" in unknown.stderr
    assert unknown.stderr.count(os.linesep) == 1
