"""What stands beside a command in README and docs is true of it.

That a command does what its comment says, `test_commands.py` shows by running it. Here are the
figures and names in comments that a short form does not measure.
"""

from __future__ import annotations

import re
from importlib.metadata import metadata

import pytest

from crawlbench.measure.store import load_session
from crawlbench.measure.suite import load_suite
from crawlbench.stats.judge import judge
from tests.documents import ROOT, all_commands
from tests.forms import EXCEPTIONS, FORMS

COMMENTS = {one.comment: one.text for one in all_commands().values() if one.comment}
SUITES = {
    "asyncio and uvloop, ten minutes on two cores": ("loops", ("asyncio", "uvloop*"), 540),
}
"""By comment: the suite that it speaks of, its event loops and its budget in seconds."""
SERIAL = (
    "more requests in flight, without serial requests, which would take 45 s for each crawl",
    "every loop that is installed: pip install 'crawlbench[loops]'",
)
"""By what was measured, and by what is packaged."""


def test_every_command_with_a_comment_is_run():
    """Or calls a target of make, or is excepted."""
    for comment, command in COMMENTS.items():
        is_target = command.startswith("make ")
        assert command in FORMS or is_target or command.startswith(tuple(EXCEPTIONS)), comment
    assert {*SUITES, *SERIAL} <= set(COMMENTS)


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
