"""Environments in sessions: what workers really run in, what changed, and what a script is told."""

from __future__ import annotations

import json
import sys

import findpython
import msgspec
import pyperf
import pytest

from crawlbench.base.records import Stopping, Verdict
from crawlbench.base.storage import write_bytes
from crawlbench.environments.cache import READY_FILE, Kept, environments_folder
from crawlbench.measure.store import load_session
from tests.child import was_too_busy
from tests.environments.planting import OPERATION, QUICK, SLOW, plant
from tests.environments.projects import in_process, path_without_shims, write_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHORT = ("--rounds", "1", "--laps", "1", "--min-time", "0.01")
BRIEF = ("--rounds", "6", "--laps", "1", "--margin", "20")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Give this file a cache of its own, so that it builds what it needs once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAWLBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PATH", path_without_shims())
        yield


@pytest.fixture
def ab(crawlbench, tmp_path):
    """Return a function that holds planted projects against each other."""

    def call(*arguments, is_shown=False):
        shown = () if is_shown else ("--json",)
        outcome = crawlbench("ab", *arguments, *OPERATION, *shown, "-o", "out", timeout=280)
        answer = tmp_path / "out" / "answer.json"
        return outcome, json.loads(answer.read_text()) if answer.exists() else None

    return call


def other_python():
    """Return a version of Python that is here besides this one, or skip."""
    versions = {found.version for found in findpython.find_all()}
    mine = sys.version_info[:2]
    usable = [v for v in versions if v.release[:2] >= (3, 11) and v.release[:2] != mine]
    if not usable:
        pytest.skip("this machine has one Python only")
    return ".".join(map(str, max(usable).release[:2]))


@pytest.mark.parametrize(
    ("measured", "packages"),
    [
        pytest.param(
            ("loops", "--operation", "sleep-zero"), {"uvloop": "0.21.0"}, marks=pytest.mark.long
        ),
        pytest.param(
            ("quick", "-s", "aiohttp-gather", "-n", "loopback"),
            {"uvloop": "0.21.0", "aiohttp": "3.12.0"},
            marks=pytest.mark.long,
        ),
    ],
    ids=["operation", "crawl"],
)
def test_packages_and_pythons_differ_in_one_session(crawlbench, tmp_path, measured, packages):
    python = other_python()
    named = " ".join(f"{name}=={version}" for name, version in packages.items())
    outcome = crawlbench(
        *("run", *measured, "-l", "uvloop", *SHORT),
        *("--env", f"old={named}", "--env", f"other=python={python}"),
        *("-o", "session"),
        timeout=280,
    )
    assert outcome.returncode == 0, outcome.stderr
    session = load_session(tmp_path / "session")
    old, other = session.environments
    assert {name: old.versions[name] for name in packages} == packages
    assert other.versions["uvloop"] == session.machine.versions["uvloop"]
    assert old.python == session.machine.python
    assert other.python.startswith(f"CPython {python}.")
    suite = pyperf.BenchmarkSuite.load(str(tmp_path / "session" / "suite.json"))
    seen = {
        bench.get_metadata()["crawlbench_environment"]: bench.get_metadata()["python_version"]
        for bench in suite
    }
    assert seen["other"].startswith(python)
    assert not seen["old"].startswith(python)
    table = (tmp_path / "session" / "table.md").read_text()
    assert "| uvloop | 0.21.0 |" in table
    assert f"| Python | {old.python} | {other.python} |" in table
    again = crawlbench("run", "--resume", "session", "--rounds", "2", timeout=280)
    assert again.returncode == 0, again.stderr
    assert len(load_session(tmp_path / "session").rounds) == 2


def is_starved(answer):
    """Tell whether the tests beside this one left so little of the CPU that only CPU time tells."""
    (change,) = answer["changes"]
    return change["verdict"] == "unclear" and was_too_busy(change["reason"])


@pytest.mark.long
def test_environment_that_fails_costs_its_own_cells_only(crawlbench, tmp_path):
    broken = write_project(tmp_path / "aiohttp", "aiohttp", "99.0", "raise RuntimeError('no more')")
    outcome = crawlbench(
        *("run", "quick", "-s", "aiohttp-gather", "-l", "asyncio", "-n", "loopback", *SHORT),
        *("--env", "own=", "--env", f"broken={broken}"),
        *("--env", "gone=crawlbench-no-such-package==3", "-o", "session"),
        timeout=280,
    )
    assert outcome.returncode == 4
    session = load_session(tmp_path / "session")
    reasons = {session.plan.cell(f.cell).environment: f.reason for f in session.failures}
    assert set(reasons) == {"broken", "gone"}
    assert "no more" in reasons["broken"]
    assert reasons["gone"].startswith("environment 'gone' (crawlbench-no-such-package==3) cannot")
    assert {summary.cell.count("@own") for summary in session.summaries} == {1}
    assert "Traceback" not in outcome.stderr + outcome.stdout


def test_first_environment_must_be_there(crawlbench, tmp_path):
    outcome = crawlbench(
        *("run", "quick", "--env", "gone=crawlbench-no-such-package==3", "-o", "session")
    )
    assert outcome.returncode == 4
    assert outcome.stderr.splitlines()[-1].startswith("crawlbench: environment 'gone'")
    assert not (tmp_path / "session").exists()


@pytest.mark.long
def test_strategy_may_be_in_an_environment_alone(crawlbench, tmp_path):
    """niquests takes the place of urllib3 for requests too, so that it needs its own."""
    outcome = crawlbench(
        *("run", "quick", "-s", "niquests-serial", "-s", "niquests-async", "-l", "asyncio"),
        *("-n", "loopback", "--env", "apart=", *SHORT, "-o", "session"),
        timeout=280,
    )
    assert outcome.returncode == 0, outcome.stderr
    session = load_session(tmp_path / "session")
    assert {cell.strategy for cell in session.plan.cells} == {"niquests-serial", "niquests-async"}
    assert "niquests" in session.environments[0].versions


@pytest.mark.long
def test_worker_says_if_its_packages_are_not_those_recorded(ab, tmp_path):
    plant(tmp_path, base=QUICK, head=QUICK)
    outcome, answer = ab("base", "head", *BRIEF)
    assert outcome.returncode in (0, 3) or is_starved(answer), outcome.stderr
    for file in environments_folder().glob(f"*/{READY_FILE}"):
        kept = msgspec.json.decode(file.read_bytes(), type=Kept)
        if "planted" in kept.versions:
            kept.versions["planted"] = "6.6"
            write_bytes(file, msgspec.json.encode(kept))
    (tmp_path / "out").rename(tmp_path / "first")
    outcome, answer = ab("base", "head", *BRIEF)
    assert outcome.returncode == 4
    assert "this worker has planted 1.0, the environment had 6.6" in answer["changes"][0]["reason"]


@pytest.mark.long  # in `make test`, tests/ci/test_real.py finds one by the action's whole step
def test_slower_head_is_found_and_fails(ab, tmp_path):
    plant(tmp_path, base=QUICK, head=SLOW)
    outcome, answer = ab("base", "head", *BRIEF, is_shown=True)
    if is_starved(answer):
        (change,) = answer["cpu_changes"]
        assert change["verdict"] == "slower", outcome.stdout
        return
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert answer["verdict"] == "slower"
    assert answer["sentence"].startswith(
        "head is slower than base: call-soon on planted:Loop takes "
    )
    assert answer["sentence"] in " ".join(outcome.stdout.split())
    assert outcome.stderr.splitlines()[-1] == "crawlbench: the cell is slower beyond the gate"
    session = load_session(tmp_path / "out")
    assert [c.verdict for c in session.against_baseline()] == [Verdict.SLOWER]
    markdown = (tmp_path / "out" / "table.md").read_text()
    assert markdown.startswith("- head is slower than base")
    page = (tmp_path / "out" / "report.html").read_text()
    assert answer["sentence"] in page


@pytest.mark.long
def test_gate_is_what_was_asked(ab, tmp_path):
    plant(tmp_path, base=QUICK, head=SLOW)
    outcome, answer = ab("base", "head", *BRIEF, "--fail-on", "slower:99999%")
    assert json.loads(outcome.stdout) == answer
    if not is_starved(answer):
        assert outcome.returncode == 0, outcome.stderr
        assert answer["changes"][0]["verdict"] == "slower", answer


@pytest.mark.long
def test_sides_are_compared_per_page_and_to_begin(crawlbench, tmp_path):
    """Each cell's long form is crawled in both environments, and a gate on pages is held."""
    plant(tmp_path, base=QUICK, head=QUICK)
    outcome = crawlbench(
        *("ab", "base", "head", "-s", "aiohttp-gather", "-l", "planted:Loop", "-c", "2"),
        *("--site", "douban-x1", "--long-form", "douban-x1/*=douban-x4", "--rounds", "3"),
        *("--laps", "1", "--fail-on", "page-slower:99999%", "--json", "-o", "out"),
        timeout=280,
    )
    answer = json.loads(outcome.stdout)
    assert answer["gate_quantity"] == "per page"
    for key in ("changes", "cpu_changes", "per_page_changes", "to_begin_changes"):
        assert len(answer[key]) == 1, key
    session = load_session(tmp_path / "out")
    values = {cell.name: len(session.values(cell.name)) for cell in session.plan.cells}
    # All take the same laps, of which calibration chooses how many fit a turn.
    (taken,) = set(values.values())
    assert taken >= 3
    assert len(values) == 6  # base, twin and head, each in two lengths


@pytest.mark.long
def test_flags_and_variables_reach_the_workers(ab, tmp_path):
    """The planted loop is slow only without assertions, and as slow as the variable says."""
    plant(tmp_path, base=QUICK)
    outcome, answer = ab("base", f"base -O PLANTED_BUSY_S={SLOW}", *BRIEF)
    if is_starved(answer):
        assert [change["verdict"] for change in answer["cpu_changes"]] == ["slower"]
        return
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert answer["sentence"].startswith(f"base -O PLANTED_BUSY_S={SLOW} is slower than base")


@pytest.mark.long
def test_unclear_is_measured_once_more(ab, tmp_path):
    plant(tmp_path, base=QUICK, head=QUICK)
    outcome, answer = ab("base", "head", "--rounds", "1", "--laps", "1", "--extend")
    assert outcome.returncode in (0, 3, 4)  # two rounds on a busy machine may not be judged at all
    assert answer["is_extended"]
    session = load_session(tmp_path / "out")
    assert len(session.rounds) == 2
    assert session.plan.stopping is Stopping.ANY  # whose intervals hold at every look


def test_head_that_cannot_be_built_ends_before_it_begins(ab, tmp_path):
    plant(tmp_path, base=QUICK, head=QUICK)
    (tmp_path / "head" / "pyproject.toml").write_text("not toml")
    outcome, answer = ab("base", "head", *BRIEF)
    assert outcome.returncode == 4
    assert answer is None
    assert "environment 'head'" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.long
def test_change_is_found_among_many(ab, tmp_path):
    plant(tmp_path, a=QUICK, b=QUICK, c=QUICK, d=SLOW)
    (tmp_path / "b" / "pyproject.toml").write_text("not toml")
    # So wide that equal sides are the same on a busy machine, too: d takes eleven times as long.
    outcome, answer = ab("--bisect", "a", "b", "c", "d", *BRIEF, "--margin", "90")
    if outcome.returncode == 3:  # on a very busy one even that can remain unclear
        assert "is unclear" in answer["sentence"]
        return
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert (answer["before"], answer["after"]) == ("c", "d")
    assert list(answer["skipped"]) == ["b"]
    assert "between c and d; 1 could not be used" in answer["sentence"]


@pytest.mark.long
def test_nothing_to_find(ab, tmp_path):
    plant(tmp_path, a=QUICK, b=QUICK)
    outcome, answer = ab("--bisect", "a", "b", *BRIEF, "--margin", "90")
    assert outcome.returncode in (0, 3)
    assert answer["after"] == ""
    assert "nothing is known to have changed" in answer["sentence"]


@pytest.mark.long
def test_names_with_signs_of_shells_and_markdown_do_no_harm(ab, tmp_path):
    odd = "a $(touch pwned) `b` | <script>alert(1)</script> *c*"[:60].replace("/", "_")
    plant(tmp_path, **{odd: QUICK, "head": SLOW})
    outcome, answer = ab(f"'{odd}'", "head", *BRIEF, is_shown=True)
    assert outcome.returncode == 1 or is_starved(answer), outcome.stderr
    assert odd in answer["sentence"]
    assert not list(tmp_path.rglob("pwned"))
    assert "<script>alert" not in (tmp_path / "out" / "report.html").read_text()
    markdown = (tmp_path / "out" / "table.md").read_text()
    assert "\\<script\\>alert" in markdown
    assert "\\`b\\`" in markdown


@pytest.mark.long
def test_crawls_are_held_against_themselves(crawlbench, tmp_path):
    """Whether the intervals are narrow enough depends on what else the machine does."""
    outcome = crawlbench(
        *("ab", "uvloop==0.21.0", "uvloop==0.21.0", *BRIEF, "-o", "out"),
        timeout=280,
    )
    # Four if nothing could be judged: other tests had more than half of the worker's CPU.
    assert outcome.returncode in (0, 3, 4), outcome.stderr
    session = load_session(tmp_path / "out")
    assert [e.name for e in session.environments] == ["uvloop==0.21.0", "uvloop==0.21.0 (2)"]
    assert len({facts.key for facts in session.environments}) == 1
    loops = {(cell.strategy, cell.event_loop) for cell in session.plan.cells}
    assert loops == {("aiohttp-gather", "uvloop"), ("asyncio-httptools", "uvloop")}
    assert all(
        session.plan.baselines[cell.group].endswith("/@uvloop==0.21.0")
        for cell in session.plan.cells
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("uvloop",), "ab needs two sides"),
        (("uvloop", "aiohttp", "lxml"), "3 sides: ab takes two, or more with --bisect"),
        (("uvloop==", "uvloop"), "'uvloop==' cannot be used"),
        (("uvloop", "uvloop", "--fail-on", "faster"), "--fail-on 'faster' is not a gate"),
        (("lxml", "lxml", "--fail-on", "page-slower:5%"), "time per page needs two lengths of a s"),
        (("lxml", "lxml", "--fail-on", "begin-slower:5%"), "give the limit in milliseconds"),
        (("lxml", "lxml", "-s", "nosuch"), "unknown strategy 'nosuch'"),
        (("--python", "3.13", " "), "an empty text names no Python"),
    ],
)
def test_misuse_is_said_in_a_sentence(crawlbench, arguments, sentence):
    outcome = crawlbench("ab", *arguments)
    assert outcome.returncode == 2
    assert sentence in outcome.stderr.splitlines()[-1]
    assert "Traceback" not in outcome.stderr


@pytest.mark.long
def test_environments_are_listed_and_removed(crawlbench, tmp_path):
    planted = write_project(tmp_path / "planted", version="4.2")
    in_process(f"mine={planted}").communicate()
    listed = json.loads(crawlbench("env", "list", "--json").stdout)
    assert [one["versions"].get("planted") for one in listed].count("4.2") == 1
    shown = crawlbench("env", "list").stdout
    assert listed[0]["key"][:8] in shown
    assert crawlbench("env", "remove").returncode == 2
    assert crawlbench("env", "remove", listed[0]["key"]).returncode == 0
    assert crawlbench("env", "remove", "--all").returncode == 0
    assert json.loads(crawlbench("env", "list", "--json").stdout) == []
