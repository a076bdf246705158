"""Options from pyproject.toml and from variables: what is typed comes first, and slips are told."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from click import Context
from tests.cli.test_cli import assert_refused
from tests.cli.test_help import COMMANDS
from tests.conftest import command_line
from typer.main import get_command

from crawlbench.base.errors import UsageError
from crawlbench.cli.app import app
from crawlbench.cli.settings import load_settings, name_variables, options_of

GROUP = get_command(app)
RUN = GROUP.get_command(Context(GROUP), "run")
JSON_LIST = "[tool.crawlbench.list]\njson = true\n"


def write(folder, text):
    """Write a pyproject.toml into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def test_options_of_a_project_hold_below_it(crawlbench, tmp_path):
    """Of the nearest file that says something of crawlbench; the others may be any project's."""
    write(tmp_path, JSON_LIST)
    write(tmp_path / "inner", "[project]\nname = 'x'\n")
    for folder in (tmp_path, tmp_path / "inner"):
        outcome = crawlbench("list", "networks", cwd=folder)
        assert json.loads(outcome.stdout)


def test_what_is_typed_comes_first(crawlbench, tmp_path):
    """Then variables, then the file."""
    write(tmp_path, "[tool.crawlbench.run]\nrounds = 'many'\n")
    told = {**command_line(cwd=tmp_path)["env"], "CRAWLBENCH_RUN_ROUNDS": "several"}
    outcome = crawlbench("run", "nowhere")
    assert_refused(
        outcome,
        "--rounds 'many' is not a whole number",
        "It comes from [tool.crawlbench.run] in pyproject.toml",
    )
    outcome = crawlbench("run", "nowhere", env=told)
    assert_refused(outcome, "It comes from the variable CRAWLBENCH_RUN_ROUNDS.")
    outcome = crawlbench("run", "nowhere", env={**told, "CRAWLBENCH_RUN_ROUNDS": "0"})
    words = "1,000,000,000 at most. It comes from the variable CRAWLBENCH_RUN_ROUNDS."
    assert_refused(outcome, "--rounds 0 cannot be used", words)
    outcome = crawlbench("run", "nowhere", "--rounds", "2", env=told)
    assert_refused(outcome, "'nowhere'")


def test_refused_value_that_nobody_typed_tells_where_it_is_from(crawlbench, tmp_path):
    """Also what only the command knows to be wrong, and one of several; not what was typed."""
    write(tmp_path, "[tool.crawlbench.run]\nsite = ['nowhere']\nnetwork = ['loopback', 'moon']\n")
    told = command_line(cwd=tmp_path)["env"]
    outcome = crawlbench("run", "cold", env=told, cwd=tmp_path)
    assert_refused(outcome, "; 'moon' comes from [tool.crawlbench.run] in pyproject.toml")
    typed = ("run", "cold", "--network", "loopback")
    outcome = crawlbench(*typed, env=told, cwd=tmp_path)
    assert_refused(outcome, "; 'nowhere' comes from [tool.crawlbench.run] in pyproject.toml")
    named = {**told, "CRAWLBENCH_RUN_CPUS": "9999"}
    outcome = crawlbench(*typed, "--site", "douban-top250", env=named, cwd=tmp_path)
    assert_refused(outcome, "; '9999' comes from the variable CRAWLBENCH_RUN_CPUS")
    outcome = crawlbench(*typed, "--site", "elsewhere", env=named, cwd=tmp_path)
    assert_refused(outcome, "'elsewhere'")
    assert "comes from" not in outcome.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[tool.crawlbench.list]\njsn = true",
            "[tool.crawlbench.list] names 'jsn', which is not an option of list; did you mean",
        ),
        (
            "[tool.crawlbench.list]\nzzz = true",
            "[tool.crawlbench.list] names 'zzz', which is not an option of list; "
            "see crawlbench list --help",
        ),
        (
            "[tool.crawlbench.mirror.serve]\nporrt = 1",
            "[tool.crawlbench.mirror.serve] names 'porrt', which is not an option of mirror serve; "
            "did you mean 'port'?",
        ),
        (
            "[tool.crawlbench.lsit]\njson = true",
            "[tool.crawlbench] names 'lsit', which is not a command; did you mean 'list'?",
        ),
        (
            "[tool.crawlbench.List]\njson = true",
            "[tool.crawlbench] names 'List', which is not a command; did you mean 'list'?",
        ),
        (
            "[tool.crawlbench]\nrounds = 1",
            "[tool.crawlbench] names 'rounds', which is not a command; options belong in the table "
            "of a command, such as [tool.crawlbench.run]",
        ),
        (
            "[tool.crawlbench.mirror]\nport = 1",
            "[tool.crawlbench.mirror] names 'port', which is not a command; options belong",
        ),
        ("[tool.crawlbench]\nlist = 3", "[tool.crawlbench.list] is 3; it must be a table"),
        ("[tool]\ncrawlbench = 3", "] in "),
        ("[tool.crawlbench", "cannot be read: "),
    ],
)
def test_slip_is_told(crawlbench, tmp_path, text, sentence):
    """With the table that holds it."""
    write(tmp_path, text)
    call = ("mirror", "serve") if "mirror" in text else ("list", "networks")
    assert_refused(crawlbench(*call), sentence)


def test_true_is_no_number():
    """In Python it is 1, which nobody means who writes `rounds = true`."""
    with pytest.raises(UsageError, match="has rounds = true, but it is no switch"):
        options_of(RUN, "run", {"rounds": True})
    assert options_of(RUN, "run", {"force": True}) == {"force": True}


def test_option_that_takes_several_wants_a_list():
    """typer's own words for it are of iterables."""
    with pytest.raises(UsageError, match=r"has site = 'lan'; give a list: \['lan'\]"):
        options_of(RUN, "run", {"site": "lan"})
    assert options_of(RUN, "run", {"site": ["lan"], "page": True})["site"] == ["lan"]


def test_each_option_has_the_variable_that_the_document_names(crawlbench, tmp_path):
    """After the command and the option, not after what the code calls it."""
    told = command_line(cwd=tmp_path)["env"]
    outcome = crawlbench("list", "networks", env={**told, "CRAWLBENCH_LIST_JSON": "1"})
    assert json.loads(outcome.stdout)
    for name, command in COMMANDS.items():
        name_variables(command, name)
        for param in command.params:
            for typed in [one for one in param.opts if one.startswith("--")][:1]:
                words = f"crawlbench {name} {typed[2:]}"
                assert param.envvar == re.sub(r"[ -]", "_", words).upper()


@pytest.mark.parametrize(("text", "found"), [("no-page = true", False), ("no-page = false", True)])
def test_negated_option_means_what_it_says(text, found):
    """As typed, without the leading dashes."""
    table = tomllib.loads(text)
    assert options_of(RUN, "run", table) == {"page": found}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("no-page = 1", "no-page = 1; give true or false"), ("page = true\nno-page = true", "twice")],
)
def test_negated_option_that_says_nothing_is_refused(text, sentence):
    with pytest.raises(UsageError, match=sentence):
        options_of(RUN, "run", tomllib.loads(text))


def test_slip_of_one_command_is_not_anothers(crawlbench, tmp_path):
    """A file that was written for a newer version still lets the other commands run."""
    write(tmp_path, "[tool.crawlbench.run]\nnew-option = 1\n[tool.crawlbench.newer]\nx = 1\n")
    assert crawlbench("list", "networks").returncode == 0
    assert crawlbench("--version").returncode == 0


def test_other_tools_files_are_passed_over(tmp_path):
    """Whatever their tables are."""
    write(tmp_path, "tool = 3\n")
    assert load_settings(tmp_path) == {}
    write(tmp_path, "[tool.crawlbench]\n")
    assert load_settings(tmp_path / "no" / "such" / "folder") == {}
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"_CRAWLBENCH_COMPLETE": "complete_bash", "COMP_WORDS": "crawlbench re"}, "report"),
        ({"_CRAWLBENCH_COMPLETE": "complete_zsh"}, '"report"'),
        (
            {"_CRAWLBENCH_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
            "report\t",
        ),
    ],
)
def test_shells_complete_commands(crawlbench, variables, found):
    """As typer's scripts ask for them, with exit code 0 and nothing on standard error."""
    asked = {"COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "crawlbench re", **variables}
    outcome = crawlbench(env={**command_line()["env"], **asked})
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert found in outcome.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_set_up(crawlbench, shell):
    """By a script that the shell reads."""
    unasked = {**command_line()["env"], "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    outcome = crawlbench("--show-completion", shell, env=unasked)
    assert outcome.returncode == 0
    assert "CRAWLBENCH_COMPLETE" in outcome.stdout, outcome.stderr


def test_document_shows_what_works(crawlbench, tmp_path):
    """The example of docs/cli.md is taken, but for what would be measured."""
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.+?)```", page, re.DOTALL)
    write(tmp_path, example)
    assert_refused(crawlbench("run", "nosuch"), "nosuch")
    assert_refused(crawlbench("mirror", "serve", "--network", "nosuch"), "nosuch")
