"""What stands beside a command in README and docs/ is true: the command says so when it is run.

The commands are run in one folder, in which lies what they name. They are shortened by options that
come behind those of the document, which stay as they are.
"""

from __future__ import annotations

import json
import re
import shlex
from importlib.metadata import metadata

import pytest

from crawlbench.measure.store import load_session
from crawlbench.measure.suite import load_suite
from crawlbench.stats.judge import judge
from tests.test_commands import DOCUMENTS, ELSEWHERE, ROOT, SHORT, blocks


def comments(text):
    """Yield a command and what stands beside it, or in the line above."""
    above = ""
    for line in blocks(text.replace("\\\n", " ")):
        match = re.fullmatch(r"(crawlbench .*?)?(?:(?:^|\s+)# (.*))?", line)
        command, words = match.groups() if match else (None, None)
        if command and (words or above):
            yield " ".join(shlex.split(command)), words or above
        above = "" if command else words or ""


COMMENTS = {
    comment: command
    for path in DOCUMENTS
    for command, comment in comments(path.read_text(encoding="utf-8"))
}


def runs_of(done):
    """Return what a load says of its runs."""
    return [run["load"] for run in json.loads(done.stdout)["runs"]]


def says(pattern):
    """Return a check for words in the output."""
    return lambda done, folder: re.search(pattern, done.stdout)


def is_closed(done, folder):
    (run,) = runs_of(done)
    return (run["arrival"], run["connections"]) == ("closed", 10)


def is_even(done, folder):
    (run,) = runs_of(done)
    return (run["arrival"], run["rate_per_s"]) == ("constant", 500)


def is_both(done, folder):
    kept = json.loads((folder / "out" / "load.json").read_text(encoding="utf-8"))
    arrivals = [run["load"]["arrival"] for run in kept["runs"]]
    return arrivals == ["closed", "constant"]


def is_random_on_a_network(done, folder):
    (run,) = runs_of(done)
    played = json.loads(done.stdout)["target"]
    return run["arrival"] == "poisson" and "wan" in json.dumps(played)


def is_shared_by_four(done, folder):
    (run,) = runs_of(done)
    return run["generators"] == 4


def lists_operations(done, folder):
    lines = done.stdout.splitlines()
    return len(lines) > 100 and all(line.count("\t") == 2 for line in lines)


long = pytest.mark.long
BRIEFLY = "-d 0.3 --json"
RUN = {
    "show a session again": ("", says("On loopback, per page, ")),
    "one crawl, printed": ("", says(r"(?m)^250 .+$")),
    "closed: 10 connections, each asks without pause": (BRIEFLY, is_closed),
    "open: 500 requests per second, evenly spaced": (BRIEFLY, is_even),
    "what there is, a line each": ("", lists_operations),
}
"""By comment: what shortens its command, and what must be seen then."""
LONG = {
    "one crawl, its items printed": ("", says(r"(?m)^250 .+$")),
    "both, one after the other; out/load.json": ("-d 0.3", is_both),
    "at random; the mirror plays a network": (BRIEFLY, is_random_on_a_network),
    "four processes share it": (BRIEFLY, is_shared_by_four),
    "the highest rate at which 99 % take 50 ms or less": (
        "--rate 100 --step 0.3",
        says(r"p99.*50"),
    ),
    "does my strategy keep the contract?": ("", says("keeps|good")),
    "does it keep to that, also on bad pages?": ("", says("keeps|good")),
}
"""The same, and it takes longer."""
SUITES = {
    "asyncio and uvloop, ten minutes on two cores": ("loops", ("asyncio", "uvloop*"), 540),
}
"""By comment: the suite that it speaks of, its event loops and its budget in seconds."""
ANOTHER_FILE = (
    *("two versions in the same laps", "two versions of a package", "two Pythons"),
    *("two checkouts of a library", "how different do equal things look here?"),
    "what works at all: no figures, but no loop is too broken",
    *("continue a session", "where is each one's knee?", "only some strategies"),
    "what would disturb a session here?",
)
"""The command's test, which `test_commands.py` holds or names, shows it."""
SERIAL = (
    "more requests in flight, without serial requests, which would take 45 s for each crawl",
    "every loop that is installed: pip install 'crawlbench[loops]'",
)
"""Below, by what was measured and by what is packaged."""


def test_comments_are_found_beside_a_command_and_above_it():
    text = "```\n# why\ncrawlbench a\ncrawlbench 'b'  # how\ncrawlbench c\nan aside's\n```\n"
    assert list(comments(text)) == [("crawlbench a", "why"), ("crawlbench b", "how")]


def test_every_comment_is_held_by_a_test():
    """Whoever writes another must show that it is true."""
    held = {*RUN, *LONG, *SUITES, *ANOTHER_FILE, *SERIAL}
    assert held == set(COMMENTS)
    for comment in ANOTHER_FILE:
        command = COMMENTS[comment].removeprefix("crawlbench ")
        assert any(command.startswith(begin) for begin in (*ELSEWHERE, *SHORT)), command


@pytest.mark.parametrize("comment", [*RUN, *(pytest.param(one, marks=long) for one in LONG)])
def test_comment_is_true_of_the_command_as_it_stands(crawlbench, workshop, comment):
    """With options behind that make it short, and leave what the comment speaks of."""
    words, is_seen = {**RUN, **LONG}[comment]
    command = shlex.split(COMMENTS[comment])[1:]
    done = crawlbench(*command, *words.split(), cwd=workshop)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert is_seen(done, workshop), done.stdout[-2000:]


@pytest.mark.parametrize("comment", SUITES)
def test_suite_takes_what_its_comment_says(comment):
    name, loops, budget = SUITES[comment]
    suite = load_suite(name)
    assert COMMENTS[comment] == f"crawlbench run {name}"
    assert (suite.event_loops, suite.budget_s) == (loops, budget)


def test_a_thousand_pages_one_by_one_would_take_what_is_said():
    """By what a page cost in the session that README shows."""
    session = judge(load_session(ROOT / "results" / "default"))
    (page_s,) = (
        one.per_page_s
        for one in session.summaries
        if one.cell == session.plan.baselines[session.plan.cell(one.cell).group]
        and "/wan/" in one.cell
    )
    (seconds,) = re.findall(r"take (\d+) s", SERIAL[0])
    assert float(seconds) == pytest.approx(1000 * page_s, rel=0.1)
    assert "requests-serial" not in COMMENTS[SERIAL[0]]


def test_extra_that_a_comment_names_is_one():
    (extra,) = re.findall(r"crawlbench\[(\w+)\]", SERIAL[1])
    assert extra in metadata("crawlbench").get_all("Provides-Extra")


def test_minutes_of_make_bench_are_those_of_its_suite():
    """README says how long it takes; quick as well."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "measures for three minutes" in readme
    assert 165 <= load_suite("default").budget_s <= 195
    (quick,) = re.findall(r"`quick` \((\d+) seconds\)", readme)
    assert 0.8 * float(quick) <= load_suite("quick").budget_s <= float(quick)


def test_every_target_of_make_that_a_document_shows_is_one():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    shown = {
        match[1]
        for path in DOCUMENTS
        for line in blocks(path.read_text(encoding="utf-8"))
        if (match := re.match(r"make ([a-z-]+)", line))
    }
    assert shown <= targets
    assert {"bench", "test", "reference"} <= shown
