"""`check` takes values as a session does; `measure/test_contestants.py` tries all that is false."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crawlbench.check.findings import leave_open
from crawlbench.check.subject import CheckSubject
from crawlbench.check.turns import IN_TURNS, PROMISES, judge_turns
from crawlbench.measure.invariants import Promise
from crawlbench.measure.verify import expect
from crawlbench.sites.douban import SITE

CONTESTANTS = Path(__file__).parents[1] / "measure" / "contestants"


def found(name):
    """Return what is found of a contestant that needs no loop, by promise."""
    findings = asyncio.run(judge_turns(CheckSubject(name), expect(SITE), is_async=False))
    return {finding.promise: finding for finding in findings}


def test_promise_that_is_broken_is_told_and_the_others_hold():
    """As a session tells it, which would end with the first."""
    findings = found(str(CONTESTANTS / "false_parse_cache.py"))
    broken = [finding for finding in findings.values() if not finding.holds]
    assert [finding.promise for finding in broken] == [Promise.READING]
    assert broken[0].reason.startswith("site.read ran 0 times within its clock instead of 10")


def test_who_returns_what_it_found_before_is_told_which():
    """It fetches and reads all pages: the warmup's had another title."""
    findings = found(str(CONTESTANTS / "false_keeps_items.py"))
    broken = [finding for finding in findings.values() if not finding.holds]
    assert [finding.promise for finding in broken] == [Promise.ANEW]
    assert "which an earlier crawl found, where its page now has" in broken[0].reason


def test_honest_strategy_keeps_all():
    """Nothing is open."""
    findings = found("requests-serial")
    assert findings.keys() == set(PROMISES)
    assert [finding.holds for finding in findings.values()] == [True] * 8


def test_turns_that_end_early_leave_the_rest_open(tmp_path):
    """What was seen before stands."""
    path = tmp_path / "keeps_garbage.py"
    path.write_text("import gc\ndef crawl(site, concurrency):\n    gc.disable()\n    return []\n")
    findings = found(str(path))
    assert findings[IN_TURNS].reason == "it returned other items than the site has"
    assert findings[Promise.HARNESS].holds is False
    path.write_text("def crawl(site, concurrency):\n    raise LookupError('it is lost')\n")
    findings = found(str(path))
    assert findings[IN_TURNS].reason == "raised LookupError: it is lost"
    assert {findings[promise].holds for promise in Promise} == {None}


def test_who_crawls_no_good_pages_has_no_turns():
    """One finding for each promise, none of them decided."""
    findings = [leave_open(promise) for promise in PROMISES]
    assert [finding.promise for finding in findings] == [IN_TURNS, *Promise]
    assert {finding.holds for finding in findings} == {None}
