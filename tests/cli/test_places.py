"""Where results go: one meaning of `-o` with `--force`, and of `--json`, in every command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.cli.test_help import COMMANDS
from tests.test_owner import hold

from crawlbench.base.errors import UsageError
from crawlbench.cli import app as cli
from crawlbench.cli.app import main
from crawlbench.cli.load import _new_folder
from crawlbench.cli.measuring import name_folder
from crawlbench.cli.output import print_json
from crawlbench.cli.places import refuse_existing, replacing
from crawlbench.measure.owner import LOCK_FILE, OWNER_FILE, own

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
ENDLESS = ("block", "mirror serve")
"""The one is called by crawlbench itself, the other prints until it is stopped."""


def option(name, typed):
    """Return a command's option by what is typed; None if it has none."""
    return next((one for one in COMMANDS[name].params if typed in one.opts), None)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ENDLESS])
def test_every_command_has_json(name):
    """In the same words."""
    assert option(name, "--json").help == "Print one JSON document, and nothing else."


@pytest.mark.parametrize("name", [name for name in COMMANDS if option(name, "-o")])
def test_whoever_writes_somewhere_can_replace_what_is_there(name):
    """And says the same of it."""
    if name != "block":
        assert option(name, "--force").help == "Replace what -o names, if it is there."
        assert option(name, "-o").help.startswith(("Folder to write", "File to write", "Page to"))


def call(typed, monkeypatch, capsys):
    """Return exit code, output and errors."""
    monkeypatch.setattr(sys, "argv", ["crawlbench", *map(str, typed)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return ended.value.code or 0, said.out, said.err


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (("report", REFERENCE, "--json"), "cells"),
        (("compare", REFERENCE, REFERENCE, "--json"), "changes"),
        (("plan", REFERENCE, "--json"), None),
        (("list", "networks", "--json"), None),
        (("env", "list", "--json"), None),
        (("mirror", "build", "made", "--json"), None),
    ],
)
def test_json_is_one_document(typed, key, monkeypatch, capsys, tmp_path):
    """Nothing else is on standard output."""
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(typed, monkeypatch, capsys)
    found = json.loads(out)
    assert code == 0
    assert found[key] if key else isinstance(found, list)
    assert out.isascii() or typed[0] == "report"


def test_two_formats_cannot_be_asked_for(monkeypatch, capsys):
    """One would be passed over in silence."""
    code, _, err = call(("report", REFERENCE, "--json", "--format", "csv"), monkeypatch, capsys)
    assert code == 2
    assert "--json and --format csv cannot be given together" in err


def test_json_has_no_infinity(capsys):
    """No parser but Python's own takes one."""
    print_json({"a": [float("inf"), 1.5, "\udcff\u00e4"]})
    out = capsys.readouterr().out
    assert json.loads(out, parse_constant=pytest.fail) == {"a": [None, 1.5, "\udcff\u00e4"]}


def test_file_is_replaced_by_force_alone(tmp_path):
    """A pipe, and a place where nothing is, need none."""
    file = tmp_path / "page.html"
    refuse_existing(file, force=False)
    refuse_existing(Path("-"), force=False)
    file.touch()
    refuse_existing(file, force=True)
    with pytest.raises(UsageError, match="replace it with --force"):
        refuse_existing(file, force=False)


def old_session(tmp_path):
    """Return a folder that crawlbench could have written."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "session.json").write_text("old")
    return folder


def test_folder_is_replaced_when_its_successor_is_there(tmp_path):
    """And nothing is left beside it."""
    folder = old_session(tmp_path)
    with replacing(folder, force=True):
        assert not folder.exists()
        folder.mkdir()
    assert list(tmp_path.iterdir()) == [folder]
    assert not list(folder.iterdir())


def test_folder_comes_back_when_there_is_no_successor(tmp_path):
    """An environment that cannot be built must not cost an old session."""
    folder = old_session(tmp_path)
    with pytest.raises(UsageError), replacing(folder, force=True):
        raise UsageError("no")
    assert (folder / "session.json").read_text() == "old"
    assert list(tmp_path.iterdir()) == [folder]


def assert_is_not_replaced_while_held(folder):
    """Try to replace a folder while another process writes there."""
    with hold(folder) as first:
        with (
            pytest.raises(UsageError, match=f"is being written by process {first.pid} on "),
            replacing(folder, force=True),
        ):
            raise AssertionError("its successor was begun")
        first.stdin.close()
        first.wait()


def test_folder_that_is_being_written_is_not_replaced(tmp_path):
    """Its rounds would be lost, and what two sessions write would be mixed."""
    folder = old_session(tmp_path)
    assert_is_not_replaced_while_held(folder)
    assert (folder / "session.json").read_text() == "old"


def test_folder_that_was_written_may_be_replaced(tmp_path):
    """Its lock file stays, and locks nobody out."""
    folder = old_session(tmp_path)
    with own(folder):
        pass
    with replacing(folder, force=True):
        folder.mkdir()
    assert list(tmp_path.iterdir()) == [folder]
    assert not list(folder.iterdir())


def test_load_that_runs_is_not_replaced(tmp_path):
    """Its folder is empty until it ends, and an empty one may be replaced otherwise."""
    folder = tmp_path / "load"
    folder.mkdir()
    assert_is_not_replaced_while_held(folder)
    assert folder.is_dir()


def test_load_owns_its_folder_and_leaves_no_empty_one(tmp_path):
    """As a session does while it is measured."""
    folder = tmp_path / "load"
    with _new_folder(folder):
        assert (folder / OWNER_FILE).exists()
    assert not folder.exists()
    with _new_folder(folder):
        (folder / "load.json").write_text("{}")
    assert {path.name for path in folder.iterdir()} == {"load.json", LOCK_FILE}


def test_folder_whose_name_is_not_utf8_is_refused_before_anything_is_measured():
    """No sentence, page or file could name it."""
    assert name_folder(Path("ü ber"), "quick") == Path("ü ber")
    with pytest.raises(UsageError, match="is not valid UTF-8"):
        name_folder(Path("s\udcfc"), "quick")


def test_name_that_is_not_utf8_is_no_error_of_ours(monkeypatch, capsys):
    """Whoever has to write it says so."""

    def fail(**_):
        "s\udcfc".encode()

    monkeypatch.setattr(cli, "app", fail)
    code, _, said = call(["report", "s\udcfc"], monkeypatch, capsys)
    assert code == 2
    assert "'s\\udcfc' is not valid UTF-8" in said
    code, _, said = call(["report", "s"], monkeypatch, capsys)  # then it is ours
    assert code == 4


def test_without_force_nothing_is_touched(tmp_path):
    """What is there is refused before anything is done for its successor."""
    folder = old_session(tmp_path)
    with pytest.raises(UsageError, match="exists already"), replacing(folder, force=False):
        raise AssertionError("its successor was begun")
    assert (folder / "session.json").read_text() == "old"


@pytest.mark.parametrize("kind", ["home", "file", "link", "here"])
def test_what_is_not_ours_is_never_replaced(kind, tmp_path, monkeypatch):
    """Whatever is asked for."""
    folder = old_session(tmp_path)
    target = tmp_path / "other"
    if kind == "home":
        target.mkdir()
        (target / "thesis.txt").touch()
    elif kind == "file":
        target.touch()
    elif kind == "link":
        target.symlink_to(folder)
    else:
        monkeypatch.chdir(folder)
        target = folder
    with pytest.raises(UsageError, match="--force does not replace it"), replacing(target, force=1):
        pass
    assert (folder / "session.json").exists()
    assert target.exists()


def test_options_stand_in_groups_in_the_help(monkeypatch, capsys):
    """Each once, under a title that says what decides what is not typed."""
    code, out, _ = call(("run", "--help"), monkeypatch, capsys)
    assert code == 0
    for title in ("What to measure (default: the suite's):", "What comes out:", "Options:"):
        assert f"\n{title}\n" in out
    assert out.count("  --force ") == out.count("  -s, --strategy ") == 1
