"""False contestants are invalid, each for what it does, and honest forms of the same ideas valid.

One session over all of `contestants/` serves every assertion.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.conftest import command_line

from crawlbench.check.subject import CheckSubject
from crawlbench.check.turns import IN_TURNS, judge_turns
from crawlbench.measure.invariants import Promise
from crawlbench.measure.verify import expect
from crawlbench.plugins.registry import Kind
from crawlbench.plugins.scouts import find_out
from crawlbench.sites.douban import SITE

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

FOLDER = Path(__file__).parent / "contestants"
SUITE = """
sites = ["douban-top250"]
event_loops = ["asyncio"]
concurrency = [4]
baseline = "requests-serial"
rounds = 1
laps = 1
warmups = 1
min_time_s = 0.02
lap_time_s = 0.01
"""
CLOCK, READING, ADDRESSES = Promise.CLOCK, Promise.READING, Promise.ADDRESSES
ANEW, REST, HARNESS = Promise.ANEW, Promise.REST, Promise.HARNESS
KEPT = "which an earlier crawl found, where its page now has"
BYTES = "site.read was given the bytes of 1 page of an earlier crawl instead of those that came"
CUT = "pages were cut before they were read"
FALSE = {
    "lazy_all": "it went on after its clock had stopped",
    "last_page_late": "it went on after its clock had stopped",
    "prefetch": "it began before its clock",
    "connects_early": "it began before its clock",
    "parse_cache": "site.read ran 0 times",
    "reads_nothing": "site.read ran 0 times",
    "reads_shells": "site.read found 10 items within its clock instead of 250",
    "knows_addresses": "it asked for its second page",
    "heads": "it asked for the head alone 10 times",
    "keeps_connection": "0 connections were made and used",
    "coding": "it asked for the coding br 10 times",
    "spins": "it worked between its turns",
    "nice": "it changed its niceness from 0 to 1",
    "clock": "it replaced time.perf_counter",
    "stopwatch": "it replaced crawlbench.base.stopwatch.perf_counter",
    "gate": "it replaced crawlbench.measure.gate.ManagerLink.say",
    "policy": "it set the event loop policy",
    "unused_connection": "0 connections were made and used",
    "one_new_connection": "it used 1 connection that it had opened before its turn",
    "disk": "the mirror counted 0 requests instead of 10",
    "parser": "it replaced lxml.html.document_fromstring",
    "inner_read": "it replaced crawlbench.measure.reading.CountedReader._read",
    "clock_for_a_moment": "it replaced crawlbench.base.stopwatch.perf_counter",
    "code": "it replaced crawlbench.base.stopwatch.Stopwatch.stop",
    "late_collector": "it lets the garbage collector run after 100,000,000 objects",
    "cpus": "it moved from CPUs",
    "detached": "it worked between its turns",
    "intrudes": "during another's turn",
    "floods": "during another's turn",
    "prefetching_thread": "it asked for",
    "keeps_bodies": BYTES,
    "keeps_last_bodies": BYTES,
    "keeps_items": KEPT,
    "keeps_a_page": KEPT,
    "cpus_for_a_moment": "it let itself run on CPUs",
    "child_cpus": "it let itself run on CPUs",
    "thread_cpus": "it let itself run on CPUs",
    "reads_late": "it had a page read",
    "cuts": CUT,
    "distills": CUT,
    "stops_feeding": CUT,
    "leaves_early": KEPT,
    "hook": "it began before its clock",
    "alarm": "it worked between its turns",
    "late_thread": "it worked between its turns",
    "late_child": "it worked between its turns",
    "leaves_pool": "it worked between its turns",
    "late_close": "it worked between its turns",
}
MOVERS = ("cpus", "cpus_for_a_moment", "child_cpus", "thread_cpus")
"""Who takes more CPUs than it was given."""
PROMISES = {
    **dict.fromkeys(("lazy_all", "last_page_late", "prefetch", "connects_early"), CLOCK),
    **dict.fromkeys(("parse_cache", "reads_nothing", "reads_shells"), READING),
    "knows_addresses": ADDRESSES,
    **dict.fromkeys(("heads", "keeps_connection", "unused_connection", "one_new_connection"), ANEW),
    **dict.fromkeys(("keeps_bodies", "keeps_last_bodies", "keeps_items", "keeps_a_page"), ANEW),
    **dict.fromkeys(MOVERS, HARNESS),
    **dict.fromkeys(("reads_late", "hook"), CLOCK),
    **dict.fromkeys(("cuts", "distills", "stops_feeding"), READING),
    "leaves_early": ANEW,
    **dict.fromkeys(("alarm", "late_thread", "late_child", "leaves_pool", "late_close"), REST),
    "coding": Promise.RULES,
    **dict.fromkeys(("spins", "detached", "prefetching_thread", "intrudes", "floods"), REST),
    "disk": IN_TURNS,
    **dict.fromkeys(("nice", "clock", "stopwatch", "gate", "policy", "parser"), HARNESS),
    **dict.fromkeys(("inner_read", "clock_for_a_moment", "code", "late_collector"), HARNESS),
}
"""What `check` says that a false contestant does not keep, each in a process of its own."""
INTRUDERS = ("intrudes", "floods", "prefetching_thread")
"""Who is found by the requests that come in another's turn."""
TOO_MANY = "requests instead of 10"
"""What an intruder is found by if it comes in its own turn first."""
NEEDS = {
    "false_coding": "brotli",
    "honest_declared_coding": "brotli",
    "honest_patches": "gevent",
    "honest_http2": "httpx2",
    "false_other_json": "orjson",
    "false_parser_method": "bs4",
    "false_unpickles": "selectolax",
}
"""Modules without which a contestant is left out."""
AGAIN = "false_inflates_once"
"""What shows only where the same comes again: in the second lap, or the second crawl of a value."""
SEVERAL = ("--site", "douban-x30", "-c", "10", "--parser", "none", "--min-time", "0.1")
"""Several crawls in a value, each with many connections: a dozen, and even on a machine so busy
that a crawl of 8 ms takes 50, two."""
CARRIED = "has to open its own"
"""Whether connections are fewer than crawls, or two crawls share one, depends on their number."""
FOREKNOWN = "before it read a page that links to it"
ELSEWHERE = {
    "false_session_per_loop": (SEVERAL, CARRIED),
    "false_pool_for_a_moment": (SEVERAL, CARRIED),
    "false_short_memory": (SEVERAL, FOREKNOWN),
    "false_counts_up": (("--site", "douban-x30", "-c", "10"), FOREKNOWN),
    "false_other_json": (("--site", "api-json", "--parser", "json"), "it replaced json.loads"),
    "false_unpickles": (("--parser", "lexbor"), "site.read ran 0 times"),
    "false_parser_method": (("--parser", "bs4-lxml"), "it replaced bs4.element.Tag.select_one"),
}
"""What other sites, other parsers or other values show, with the options for them."""
FAR = ("false_crowd", "false_pipelines", "honest_threads")
"""What the network loopback does not show, as its mirror answers at once."""


def contestants(pattern):
    """Return the names of those whose libraries are here."""
    names = [path.stem for path in sorted(FOLDER.glob(pattern))]
    return [name for name in names if name not in NEEDS or find_spec(NEEDS[name])]


HONEST = contestants("honest_*.py")


def measure(folder, network, names, options=()):
    """Return why contestants are invalid on a network, by name, and who took part.

    Connections are kept for so long that none is closed before its next turn, however busy the
    machine is: closing a session's idle connections would hide who keeps them.
    """
    if network == "loopback":
        (folder / "patient.toml").write_text("keep_alive_s = 3600\n")
        network = str(folder / "patient.toml")
    files = [str(FOLDER / f"{name}.py") for name in names]
    settings = f"networks = [{network!r}]\nstrategies = {json.dumps(['requests-serial', *files])}\n"
    suite, results = folder / "suite.toml", folder / "session"
    suite.write_text(SUITE + settings)
    call = command_line("run", suite, "-q", "-o", results, *options, capture_output=True)
    subprocess.run(**call, check=False)
    session = json.loads((results / "session.json").read_text())
    assert session["kept_rounds"] == 1
    names = {Path(cell["strategy"]).stem for cell in session["plan"]["cells"]}
    reasons = {}
    for failure in session["failures"]:
        (name,) = (name for name in names if failure["cell"].startswith(f"{name}.py/"))
        reasons[name] = failure["reason"]
    return reasons, names


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    """Return what came of all contestants on loopback."""
    others = (*FAR[:2], AGAIN, *ELSEWHERE)
    names = [name for name in contestants("*_*.py") if name not in others]
    return measure(tmp_path_factory.mktemp("near"), "loopback", names)


@pytest.mark.parametrize("name", FALSE)
def test_false_contestant_is_invalid(near, name):
    """The reason names what it does."""
    reasons, names = near
    if f"false_{name}" not in names:
        pytest.skip(f"{NEEDS[f'false_{name}']} is not installed")
    allowed = (FALSE[name], TOO_MANY) if name in INTRUDERS else (FALSE[name],)
    assert any(words in reasons[f"false_{name}"] for words in allowed)


@pytest.mark.parametrize("name", HONEST)
def test_honest_form_is_valid(near, name):
    """Nothing is held against it."""
    reasons, names = near
    assert name in names
    assert reasons.get(name) is None


def test_no_contestant_is_left_out():
    """All files stand above, and there are as many as were asked for."""
    expected = {f"false_{name}" for name in FALSE} | {*FAR[:2], AGAIN, *ELSEWHERE}
    assert {path.stem for path in FOLDER.glob("false_*.py")} == expected
    assert len(list(FOLDER.glob("honest_*.py"))) >= 30
    assert PROMISES.keys() == FALSE.keys()


def test_more_requests_in_flight_than_allowed_are_seen_on_a_delayed_network(tmp_path):
    """As many threads as are allowed are in order, three times as many are not."""
    reasons, _ = measure(tmp_path, "wan", FAR)
    assert "requests were in flight at once instead of 4" in reasons.pop("false_crowd")
    assert "requests were in flight at once instead of 4" in reasons.pop("false_pipelines")
    assert reasons == {}


@pytest.mark.parametrize("options", [("--laps", "2"), ("--min-time", "0.3")])
def test_what_was_decoded_before_is_seen_when_it_comes_again(tmp_path, options):
    """Whether the next crawl is in another value, or in the same one."""
    reasons, _ = measure(tmp_path, "loopback", [AGAIN, "honest_views"], options)
    assert reasons.keys() == {AGAIN}
    assert "of an earlier crawl instead of those that came" in reasons[AGAIN]
    assert "(calibration" not in reasons[AGAIN]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_other_values_show_is_seen_there(tmp_path, name):
    """And nothing else: an honest contestant of the same kind is in order."""
    if name not in contestants("false_*.py"):
        pytest.skip(f"{NEEDS[name]} is not installed")
    options, reason = ELSEWHERE[name]
    reasons, _ = measure(tmp_path, "loopback", [name, "honest_task_group"], options)
    assert reasons.keys() == {name}
    assert reason in reasons[name]


def check_turns(name):
    """Return what `check` finds in the turns of a contestant, by promise."""
    path = str(FOLDER / f"{name}.py")
    (facts,) = find_out([(Kind.STRATEGY, path)])
    expectation = expect(SITE)
    found = asyncio.run(judge_turns(CheckSubject(path), expectation, is_async=facts.is_async))
    assert {finding.promise for finding in found} == {IN_TURNS, *Promise}
    return {finding.promise: finding for finding in found}


@pytest.mark.parametrize("name", PROMISES)
def test_check_marks_the_promise_that_is_broken(name):
    """That one, in the words that a session has for it."""
    if f"false_{name}" not in contestants("false_*.py"):
        pytest.skip(f"{NEEDS[f'false_{name}']} is not installed")
    if name in MOVERS and len(os.sched_getaffinity(0)) == os.cpu_count():
        pytest.skip("check lets a strategy have all CPUs")
    finding = check_turns(f"false_{name}")[PROMISES[name]]
    assert finding.holds is False
    alone = "it worked between its turns"  # there is no other whose turn it could be
    assert (alone if name in INTRUDERS else FALSE[name]) in finding.reason


def test_check_sees_what_was_decoded_before():
    """Its values come often enough."""
    finding = check_turns(AGAIN)[ANEW]
    assert finding.holds is False
    assert BYTES in finding.reason


@pytest.mark.parametrize("name", HONEST)
def test_check_finds_nothing_in_honest_forms(name):
    """All promises of the turns hold."""
    odd = [finding for finding in check_turns(name).values() if not finding.holds]
    assert odd == []
