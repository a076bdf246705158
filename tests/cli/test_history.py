"""`crawlbench history`: what it reads, what it writes, and what it says of what it cannot read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from crawlbench.cli.app import main

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.fixture
def results(tmp_path):
    """Return a folder with three sessions, one of them on another machine."""
    for number in (1, 2, 3):
        folder = tmp_path / "results" / f"session-{number}"
        shutil.copytree(REFERENCE, folder)
        path = folder / "session.json"
        session = json.loads(path.read_text(encoding="utf-8"))
        session["created"] = f"2026-01-0{number}T00:00:00+00:00"
        if number == 3:
            session["machine"]["cpu_model"] = "<script>alert(1)</script>"
        path.write_text(json.dumps(session), encoding="utf-8")
    return tmp_path / "results"


def call(monkeypatch, capsys, *arguments):
    """Return exit code, output and errors of a call."""
    monkeypatch.setattr("sys.argv", ["crawlbench", "history", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    output, errors = capsys.readouterr()
    return caught.value.code or 0, output, errors


def test_page_of_many_sessions(monkeypatch, capsys, tmp_path, results):
    page = tmp_path / "history.html"
    code, output, _ = call(monkeypatch, capsys, results, "-o", page)
    assert code == 0
    assert "over 3 sessions" in output
    assert "from session-3 on, another machine: CPU:" in output
    text = page.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "session-2" in text
    code, _, errors = call(monkeypatch, capsys, results, "-o", page)
    assert code == 2
    assert "replace it with --force" in errors
    code, _, _ = call(monkeypatch, capsys, results, "-o", page, "--force")
    assert code == 0  # a job writes it again and again


def test_copies_count_once(monkeypatch, capsys, tmp_path, results):
    """Five copies of one session would show that nothing ever changes."""
    for number in range(5):
        shutil.copytree(results / "session-1", results / f"copy-{number}")
    shutil.copytree(results / "session-2", results / "began")
    path = results / "began" / "session.json"
    session = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**session, "rounds": session["rounds"][:-1]}), encoding="utf-8")
    code, output, errors = call(monkeypatch, capsys, results, "-o", tmp_path / "history.html")
    assert code == 0
    assert "over 3 sessions" in output
    assert "left out: 'session-1' is a copy of 'copy-0', and each session counts once" in errors
    assert "left out: 'began' is a copy of 'session-2'" in errors


def test_json_of_many_sessions_needs_no_page(monkeypatch, capsys, tmp_path, results):
    """It is all that is printed, and no file is written."""
    monkeypatch.chdir(tmp_path)
    code, output, _ = call(monkeypatch, capsys, results, "--json")
    assert code == 0
    assert json.loads(output)["sessions"] == ["session-1", "session-2", "session-3"]
    assert not (tmp_path / "history.html").exists()


def test_session_that_cannot_be_read_is_named_and_left_out(monkeypatch, capsys, tmp_path, results):
    (results / "session-1" / "session.json").write_text("{", encoding="utf-8")
    code, output, errors = call(monkeypatch, capsys, results, "-o", tmp_path / "h.html")
    assert code == 0
    assert "left out:" in errors
    assert "over 2 sessions" in output
    shutil.rmtree(results / "session-2")
    code, output, _ = call(monkeypatch, capsys, results, "-o", tmp_path / "one.html")
    assert (code, "over 1 session\n" in output) == (0, True)


def test_no_session_is_one_sentence(monkeypatch, capsys, tmp_path, results):
    (tmp_path / "empty").mkdir()
    code, _, errors = call(monkeypatch, capsys, tmp_path / "empty")
    assert code == 2
    assert "is not a session and holds none" in errors
    for number in (1, 2, 3):
        (results / f"session-{number}" / "session.json").write_text("{", encoding="utf-8")
    code, _, errors = call(monkeypatch, capsys, results)
    assert code == 2
    assert "none of these sessions can be read" in errors
    assert "Traceback" not in errors
