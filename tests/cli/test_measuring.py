"""When a session that is asked for ends, and what is said of it then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.measure.test_store import finished, write

from crawlbench.base.records import Failure, Stopping
from crawlbench.cli import measuring, report
from crawlbench.cli.details import Showing
from crawlbench.cli.measuring import publish
from crawlbench.cli.places import settings_folder
from crawlbench.measure.ends import MANY_ROUNDS, session_ends
from crawlbench.measure.margins import FILE, keep_margin
from crawlbench.measure.store import load_session


@pytest.mark.parametrize(
    ("asked", "rounds", "stopping"),
    [
        ((None, None, None), None, None),
        ((7, None, None), 7, Stopping.FIXED),
        ((7, 60.0, None), 7, Stopping.FIXED),
        ((7, None, 1.0), 7, Stopping.ANY),
        ((None, None, 1.0), MANY_ROUNDS, Stopping.ANY),
        ((None, 60.0, 1.0), MANY_ROUNDS, Stopping.ANY),
        ((None, 60.0, None), MANY_ROUNDS, Stopping.ANY),
    ],
)
def test_what_was_asked_for_says_when_it_ends_and_how_it_is_judged(asked, rounds, stopping):
    """A suite's ten rounds would end a budget before; the user's own number stands, and is fixed.

    A precision is looked for after each round, also within a number of rounds.
    """
    _, budget, precision = asked
    ends = {"rounds": rounds, "budget_s": budget, "precision_percent": precision}
    assert session_ends(*asked) == {**ends, "stopping": stopping}


def test_invalid_cell_is_told_with_its_reason(capsys):
    """Also with -q, which shows no reasons above."""
    session = replace(finished(), failures=())
    assert measuring.exit_code(session) == 0
    first, second = (Failure(f"cell {n}", 1, f"reason {n}") for n in (1, 2))
    assert measuring.exit_code(replace(session, failures=(first,))) == 4
    assert capsys.readouterr().err == "crawlbench: 1 cell is invalid: cell 1: reason 1\n"
    assert measuring.exit_code(replace(session, failures=(first, second))) == 4
    words = "2 cells are invalid: the first is cell 1: reason 1"
    assert capsys.readouterr().err == f"crawlbench: {words}\n"


@pytest.mark.parametrize("has_page", [True, False])
def test_core_says_what_brings_pictures(tmp_path, monkeypatch, capsys, has_page):
    """Unless nobody wants them."""
    folder = write(tmp_path, finished())
    for module in (measuring, report):
        monkeypatch.setattr(module, "can_draw", lambda: False)
    assert publish(load_session(folder), folder, Showing(has_page=has_page))
    said = capsys.readouterr().err
    assert ("crawlbench's extra 'report'" in said) == has_page
    assert f"report: {folder / 'table.md'}" in said
    assert not (folder / "report.html").exists()


def test_what_aa_kept_is_shown_with_each_session(tmp_path, monkeypatch, capsys):
    """As `doctor` shows it. A file that cannot be read costs a sentence, and no session."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    folder = write(tmp_path, finished())
    session = load_session(folder)
    publish(session, folder)
    assert "A/A" not in capsys.readouterr().err
    keep_margin(settings_folder(), session.machine, 0.013)
    publish(session, folder)
    assert "A/A: equal things looked up to 1.3 % apart here" in capsys.readouterr().err
    (settings_folder() / FILE).write_text("?")
    assert publish(session, folder)
    assert "is not a file of margins" in capsys.readouterr().err


def test_page_of_an_earlier_state_does_not_stay(tmp_path, capsys):
    """A session that was continued without a page is told by its table."""
    folder = write(tmp_path, finished())
    (folder / "report.html").write_text("as it was before")
    assert publish(load_session(folder), folder, Showing(has_page=False))
    assert not (folder / "report.html").exists()
    assert f"report: {folder / 'table.md'}" in "".join(capsys.readouterr().err.split("\n"))
