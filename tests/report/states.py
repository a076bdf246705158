"""Sessions that are old, partial, invalid, tiny, or none, as functions of an empty folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

from crawlbench.base.records import Ending, Failure
from crawlbench.cli.support import probed_section
from crawlbench.measure.store import load_session
from crawlbench.probe import Support
from crawlbench.probe.store import PROBE_FILE, write_report
from crawlbench.report.pyperf_suite import load_plain_suite
from crawlbench.report.rendering import SessionReport, SuiteReport
from crawlbench.stats.judge import judge
from tests.probe.reports import finding, report
from tests.report.operating import operated
from tests.report.reference import REFERENCE
from tests.stats.builders import BASELINE, CONTROL, make_plan, make_session, other


def old(folder):
    """Return the reference as it would be had it been measured before there were traces."""
    return SessionReport(load_session(REFERENCE), folder)


def oldest(folder):
    """Return the reference without all that `session.json` may leave out."""
    fields = json.loads((REFERENCE / "session.json").read_bytes())
    for name in ("passes", "http_parsers", "slots", "conditions", "ceilings", "seconds"):
        del fields[name]
    (folder / "session.json").write_text(json.dumps(fields), encoding="utf-8")
    shutil.copy(REFERENCE / "suite.json", folder)
    return SessionReport(load_session(folder), folder)


def broken_trace(folder):
    """Return a session whose trace was cut off."""
    (folder / "trace.jsonl.gz").write_bytes(b"\x1f\x8b")
    return one_cell(folder)


def partial(folder):
    """Return a session that was killed after its first round, with a cell that fell out."""
    failed = other("failed")
    values = {BASELINE: [0.5, 0.51], other("x"): [0.2, 0.21], CONTROL: [0.5, 0.5]}
    failures = [Failure(failed.name, 1, "crashed")]
    plan = make_plan(other("x"), failed)
    return SessionReport(judge(make_session(plan, [values], failures, ending=Ending.NONE)), folder)


def invalid_only(folder):
    """Return a session in which nothing was right."""
    failures = [Failure(c.name, 0, "wrong answer", "Traceback") for c in (BASELINE, CONTROL)]
    session = make_session(make_plan(), [], failures, ending=Ending.NOTHING_LEFT)
    return SessionReport(judge(session), folder)


def one_cell(folder):
    """Return a session of a baseline and its twin."""
    rounds = [{BASELINE: [0.5, 0.51], CONTROL: [0.5, 0.52]} for _ in range(5)]
    return SessionReport(judge(make_session(make_plan(), rounds)), folder)


def only_baseline(folder):
    """Return a session without a control, as a hand-edited one may be."""
    plan = make_plan(cells=(BASELINE,))
    return SessionReport(judge(make_session(plan, [{BASELINE: [0.5, 0.51]}] * 2)), folder)


def nothing(folder):
    """Return a session that was interrupted before its first value."""
    return SessionReport(make_session(make_plan(), [], ending=Ending.INTERRUPTED), folder)


def loops(folder):
    """Return a session of event loops' operations alone."""
    return SessionReport(operated(), folder)


def probed(folder):
    """Return the same with what a probe found; its words are a stranger's."""
    words = f"</script><script>{'x' * 60} is not"
    found = finding("odd<b>", "eager", Support.WRONG, words, "tasks")
    first = report()
    write_report(replace(first, findings=(*first.findings[:-1], found)), folder / PROBE_FILE)
    return SessionReport(operated(), folder, probed_section(operated(), folder))


def loops_and_crawls(folder):
    """Return a session of both."""
    return SessionReport(operated(with_crawls=True), folder)


def plain(folder):
    """Return a suite of plain pyperf."""
    return SuiteReport(load_plain_suite(REFERENCE / "suite.json"), "suite.json")
