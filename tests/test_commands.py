"""Every command that documents show is run: as it stands, or in a short form made from it."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys

import pytest
from typer.core import TyperGroup
from typer.main import get_group

from crawlbench.cli.app import app
from tests.archive.test_walkthrough import example, walks
from tests.child import was_too_busy
from tests.conftest import command_line
from tests.documents import ROOT, all_commands, commands, inline_commands
from tests.forms import EXCEPTIONS, FORMS

pytestmark = pytest.mark.slow

WALKED = {
    shown.text
    for kind, body in [*example(), *(block for title in walks() for block in walks()[title])]
    if kind == "sh"
    for shown in commands(f"```sh\n{body}```\n")
}
"""Commands of scripts that tests/archive/test_walkthrough.py runs as they are written."""
COMMANDS = all_commands()
OURS = [name for name in COMMANDS if name.startswith("crawlbench ")]
MENTIONS = ("crawlbench run --cluster", "crawlbench run --resume", "crawlbench run --resume ...")
"""Names of an option, in prose."""
LONG = {True: (pytest.mark.long, pytest.mark.timeout(300)), False: ()}
LONGEST_ID = 90
"""Letters; of longer ones pytest makes numbers, which say nothing."""
PLACEHOLDERS = {"NAME": "json"}
"""What prose has in place of a choice, and a choice."""
PATIENCE_S = 60
TARGETS = sorted(
    {*inline_commands("make"), *(name for name in COMMANDS if name.startswith("make "))}
)


def why_not(name):
    """Return why a command is not run, or nothing."""
    return next((why for begin, why in EXCEPTIONS.items() if name.startswith(begin)), "")


def test_documents_are_read_as_they_are_written():
    """Python is no shell, a comment is no part of a command, and a variable is its own."""
    text = (
        "```python\ncrawlbench no\n```\n```text\ncrawlbench said\n```\n"
        "```\n# why\ncrawlbench a \\\n  'b c'\nA=1 x y  # how\nx z\n```\ncrawlbench prose\n"
    )
    found = [(one.words, one.comment, one.variables) for one in commands(text)]
    assert found == [
        (("crawlbench", "a", "b c"), "why", {}),
        (("x", "y"), "how", {"A": "1"}),
        (("x", "z"), "", {}),
    ]


def test_every_command_is_run_or_excepted_with_a_reason():
    """And no form is left over from a command that no document shows any more."""
    excepted = {name for name in COMMANDS if why_not(name)}
    targets = {name for name in COMMANDS if name.startswith("make ")}
    assert set(FORMS) - {*COMMANDS} == set()
    assert {*FORMS} & (excepted | WALKED) == set()
    assert set(COMMANDS) == {*FORMS, *excepted, *targets, *(WALKED & set(COMMANDS))}
    for begin in EXCEPTIONS:
        assert any(name.startswith(begin) for name in (*COMMANDS, *TARGETS)), begin


def test_reasons_name_tests_that_are_there():
    for reason in EXCEPTIONS.values():
        for path in re.findall(r"tests/[\w/]+(?:\.py)?", reason):
            assert (ROOT / path).exists(), path


def parse(words):
    """Read words as the command line does; nothing runs."""
    command, context = get_group(app), None
    while isinstance(command, TyperGroup):
        context = command.make_context(command.name, list(words), parent=context)
        _, command, words = command.resolve_command(context, words)
    return command.make_context(command.name, list(words), parent=context)


@pytest.mark.parametrize("name", OURS, ids=lambda name: name[:LONGEST_ID])
def test_command_is_taken_to_its_last_word(name):
    """Options, choices and numbers are read as the command line reads them."""
    assert parse(COMMANDS[name].words[1:]).params


def test_commands_in_prose_are_taken_too():
    """With arguments, which a mere mention of a command's name has not."""
    found = [name for name in inline_commands("crawlbench") if len(name.split()) > 2]
    assert len(found) > 10
    for name in found:
        words = [PLACEHOLDERS.get(word, word) for word in shlex.split(name)[1:]]
        if name not in MENTIONS and words[-1] not in ("import", "verify"):
            assert parse(words).params, name


def shorten(name, form, replaced):
    """Return the words of a command's short form."""
    given = {**form.replaced, **replaced}
    return [*(given.get(word, word) for word in COMMANDS[name].words), *form.added.split()]


def execute(words, folder):
    """Run a command to its end, whichever program it calls, and return how it ended."""
    programs = {"python": [], "python3": [], "pytest": ["-m", "pytest"]}
    command = [sys.executable, *programs[words[0]], *words[1:]]
    environment = command_line(cwd=folder)["env"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def stay(words, folder, says):
    """Run a command until it says something, and return what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**command_line(cwd=folder)["env"], "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    try:
        for line in process.stdout:
            said += line
            if re.search(says, said):
                break
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    return said


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=LONG[FORMS[x].is_long], id=x[:LONGEST_ID]) for x in FORMS],
)
def test_command_says_what_its_document_promises(crawlbench, workshop, monkeypatch, name):
    """It ends well, shows what was asked for, and nothing else was measured."""
    form = FORMS[name]
    with form.needs(workshop) as (replaced, variables):
        words = shorten(name, form, replaced)
        own = {"CRAWLBENCH_CACHE": str(workshop / "cache")}  # some commands remove what is kept
        for key, value in {**own, **COMMANDS[name].variables, **variables}.items():
            monkeypatch.setenv(key, value)
        if form.stays:
            assert re.search(form.says, said := stay(words, workshop, form.says)), said
            return
        if words[0] == "crawlbench":
            done = crawlbench(*words[1:], cwd=workshop, timeout=280)
        else:
            done = execute(words, workshop)
    assert done.returncode in (0, 3) or was_too_busy(done.stdout), done.stdout + done.stderr
    says = form.says if callable(form.says) else lambda text, _: re.search(form.says, text)
    assert says(done.stdout, workshop), done.stdout[-3000:] + done.stderr[-1000:]
    assert not (form.never and re.search(form.never, done.stdout)), form.never


def recipe(target):
    """Return the calls that `make` would make for a target, each as its words."""
    words = shlex.split(target)[1:]
    given = dict(word.split("=") for word in words if "=" in word)
    is_ready = ["--no-print-directory", "-n", "-o", f"{given.get('VENV', '.venv')}/.ready"]
    done = subprocess.run(
        ["make", *is_ready, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [re.sub(r"\S*/bin/", "", line).split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("target", TARGETS)
def test_target_calls_what_is_there(target, monkeypatch, capsys):
    """A benchmark tells what it does, and takes the words that the target gives it."""
    if why_not(target):
        return
    for words in recipe(target):
        if words[0] == "crawlbench":
            assert parse(words[1:]).params
        elif words[:2] == ["python", "-m"]:
            monkeypatch.setattr(sys, "argv", [words[2], *words[3:], "--help"])
            path = ROOT.joinpath(*words[2].split("."))
            file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
            with pytest.raises(SystemExit) as ended:
                runpy.run_path(str(file), run_name="__main__")
            assert ended.value.code in (0, None)
            assert len(capsys.readouterr().out.splitlines()) > 3
        else:
            assert words[0] == "python", words
            assert (ROOT / words[1]).is_file(), words
