"""What event loops support: found after a session, kept in its folder, shown on its page."""

from __future__ import annotations

import pytest
from tests.probe.reports import report
from tests.report.operating import operated
from tests.report.sessions import concluded
from tests.stats.builders import make_plan, make_session

from crawlbench.base.errors import BenchError
from crawlbench.base.records import Ending
from crawlbench.cli import support
from crawlbench.cli.support import NOT_PROBED, probe_session, probed_section
from crawlbench.probe.store import PROBE_FILE, load_report, write_report


@pytest.fixture(autouse=True)
def _every_session_is_probed(monkeypatch):
    monkeypatch.setattr(support, "MIN_OPERATIONS", 1)


@pytest.fixture
def asked(monkeypatch):
    """Return the options with which a probe that is not run was called."""
    calls = []

    def note(options, tell):
        calls.append(options)
        tell(report().findings[0], 1, 2)
        return report()

    monkeypatch.setattr(support, "run_probe", note)
    return calls


def failing(error):
    """Return a probe that fails."""

    def fail(*_):
        raise error

    return fail


def test_session_of_operations_is_probed_once(asked, tmp_path):
    """Its own loops, what cannot be measured, and the themes of its operations."""
    session = operated()
    assert probe_session(session, tmp_path) == ""
    assert load_report(tmp_path) == report()
    assert list(asked[0].loops) == ["asyncio", "uvloop"]
    assert {"starts", "sleep-zero"} <= set(asked[0].probes)
    assert not asked[0].are_named
    assert probe_session(session, tmp_path) == ""
    assert len(asked) == 1


def test_sessions_without_operations_or_end_are_not_probed(asked, tmp_path):
    """Who pressed Ctrl-C wants it to end."""
    for session in (concluded(), operated(ending=Ending.INTERRUPTED)):
        assert probe_session(session, tmp_path) == ""
    assert asked == []
    assert not (tmp_path / PROBE_FILE).exists()


def test_session_of_few_operations_is_not_probed(asked, tmp_path, monkeypatch):
    """To try its loops would take longer than the session."""
    monkeypatch.setattr(support, "MIN_OPERATIONS", 20)
    assert probe_session(operated(), tmp_path) == ""
    assert asked == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BenchError("a peer died"), "was not written: a peer died"),
        (OSError("no processes left"), "no processes left"),
        (KeyboardInterrupt(), "was interrupted"),
    ],
)
def test_probe_that_fails_costs_a_sentence(monkeypatch, tmp_path, error, words):
    """The session is there and stays."""
    monkeypatch.setattr(support, "run_probe", failing(error))
    assert words in probe_session(operated(), tmp_path)
    assert probed_section(operated(), tmp_path).missing == NOT_PROBED


def test_section_shows_what_loops_lack_and_why(tmp_path):
    """All probes stand in a table that is opened by who wants it."""
    write_report(report(), tmp_path / PROBE_FILE)
    section = probed_section(operated(), tmp_path)
    assert [len(table.rows) for table in section.tables] == [2, 2, 3, 5]
    assert [column.header for column in section.tables[1].columns] == [
        *("theme", "probe", "asyncio", "odd<b>"),
    ]
    assert [len(table.rows) for table in section.details] == [3]
    assert section.missing == ""


def test_section_says_what_is_missing(tmp_path):
    """A session of crawls asks for none; a broken file is told, not raised."""
    assert probed_section(make_session(make_plan(), []), tmp_path) is None
    assert probed_section(operated(), tmp_path).missing == NOT_PROBED
    (tmp_path / PROBE_FILE).write_text("{", encoding="utf-8")
    assert "cannot be read" in probed_section(operated(), tmp_path).missing
