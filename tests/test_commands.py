"""Every command that README and docs show is taken as it stands, and run in a short form."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_group

from crawlbench.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SUITE = str(ROOT / "docs" / "examples" / "my_suite.toml")
SMALL = "--rounds 1 --laps 1 --budget 20 --json"

SHORT = {
    (
        "run -n wan -c 100 --site douban-x1000 -s aiohttp-* -s requests-threads "
        "--baseline requests-threads"
    ): (
        "run -n wan -c 100 --site douban-x600 -s requests-threads -s aiohttp-gather -l asyncio "
        f"--baseline requests-threads {SMALL}",
        r"aiohttp-gather/asyncio/lxml/c100/wan/douban-x600",
        r"loopback/",
    ),
    "run quick -s requests-* --laps 4": (
        "run quick -n loopback -s requests-* --laps 4 --rounds 1 -v",
        r"(?s)requests-threads.*x 4\s+laps|x 4\s+laps.*requests-threads",
        r"aiohttp-",
    ),
    "run --baseline aiohttp-gather/asyncio --rounds 30 --budget 600": (
        f"run -n loopback -s aiohttp-gather --baseline aiohttp-gather/asyncio {SMALL}",
        r"aiohttp-gather/asyncio",
        r"requests-serial",
    ),
    "run loops --operation tcp-* -l asyncio -l uvloop": (
        f"run loops --operation tcp-protocol-1k -l asyncio -l uvloop {SMALL}",
        r"tcp-protocol-1k",
        r"udp-|gather",
    ),
    "run ./my_suite.toml": (
        f"run {SUITE} -n loopback -s requests-serial -s requests-threads {SMALL}",
        r"requests-threads/-/lxml/c\d+/loopback/",
        r'"aiohttp-',
    ),
    "run ./my_suite.toml --site douban-x1000 -c 100 --budget 300": (
        f"run {SUITE} -n loopback -s requests-threads --site douban-x600 -c 100 {SMALL}",
        r"c100/loopback/douban-x600",
        r"douban-top250",
    ),
}
"""Short forms: what to type instead, what it then says, and what it must not say."""
AS_IT_STANDS = {
    "report results/default --format html -o report.html": r"<title>crawlbench: default",
    "compare results/base results/head --fail-on slower:5%": r"(?m)^aiohttp-gather/uvloop",
    "list strategies": r"(?m)^aiohttp-gather\t",
}
"""What needs no short form: what it says, or writes into the file that it names."""

ELSEWHERE = {
    "report results/default": ("test_comments.py", '"show a session again"'),
    "crawl -s aiohttp-gather -l uvloop": ("test_comments.py", '"one crawl, printed"'),
    "list operations": ("test_comments.py", '"what there is, a line each"'),
    "check ./my_strategy.py": ("test_examples.py", '"check", "./my_strategy.py"'),
    "crawl -s ./my_strategy.py": ("test_examples.py", '"crawl", "-s", "./my_strategy.py"'),
    "run quick -s requests-serial -s ./my_strategy.py": (
        "cli/test_users_files.py",
        '"run", "quick", "-n", "loopback", *chosen',
    ),
    "mirror verify": ("archive/test_walkthrough.py", "test_the_example_runs_as_it_is_written"),
    "crawl -s aiohttp-gather --site docs.toml": (
        "archive/test_walkthrough.py",
        "test_the_example_runs_as_it_is_written",
    ),
    "crawl -s aiohttp-gather --site shop.py": (
        "archive/test_walkthrough.py",
        "test_each_site_of_the_document_is_as_it_is_told",
    ),
    "run quick --site docs.toml": ("archive/test_walkthrough.py", "docs.toml on loopback"),
    "mirror record": ("archive/test_recording.py", '"mirror", "record"'),
    "run --site ./site.toml": ("archive/test_end_to_end.py", '"--site", "docs.toml"'),
    "mirror serve": ("cli/test_cli.py", '"mirror", "serve"'),
    "check ./mine.py": ("test_examples.py", '"check", "./my_strategy.py"'),
    "sweep concurrency": ("cli/test_sweep.py", '"sweep", axis'),
    "run --resume": ("cli/test_referee.py", '"run", "--resume", folder, "--rounds", 9'),
    "doctor": ("cli/test_referee.py", '"doctor"'),
    "aa --sessions": ("cli/test_referee.py", '"aa", "--sessions", 2'),
    "ab uvloop==0.21.0 uvloop==0.23.0": (
        "test_session_environments.py",
        '"ab", "uvloop==0.21.0", "uvloop==0.21.0"',
    ),
    "ab uvloop==0.21.0 uvloop --operation": ("test_session_environments.py", "*OPERATION"),
    "ab ./base ./head --fail-on": ("test_session_environments.py", '"--extend"'),
    "ab ./base ./head": ("environments/test_ab.py", '"ab", "base", "head"'),
    "ab --python": ("environments/test_ab.py", '"ab", "--python"'),
    # Packages of an index, built twice: here it is held that all sides have what is shared.
    "ab aiohttp==3.11.0": ("environments/test_spec.py", "test_shared_checkouts_name_no_side"),
    "ab --bisect": ("test_session_environments.py", '"--bisect", "a", "b", "c", "d"'),
    "run --env ./environments.toml": (
        "environments/test_spec.py",
        "test_file_has_a_table_for_each",
    ),
    "run --env": ("test_session_environments.py", '"--env", f"old={named}"'),
    "env list": ("test_session_environments.py", '"env", "list"'),
    "env remove": ("test_session_environments.py", '"env", "remove", "--all"'),
    "load -c 10 --rate": ("load/test_command.py", '"-c", "4", "--rate", "200"'),
    "load -c 10": ("load/test_command.py", '"-c", "2", "-d"'),
    "load --find": ("load/test_command.py", '"load", "--find"'),
    "load --rate 500 --cluster": ("load/test_cluster.py", '"--rate", "100"'),
    "load --rate 500 -g": ("load/test_cluster.py", '"-g", "3"'),
    "load --rate 500 --arrival": ("load/test_arrival.py", "poisson"),
    "load --rate 500": ("load/test_command.py", '"--rate", "20"'),
    "run loops": ("cli/test_probed.py", '"run", "loops"'),
    "probe": ("probe/test_probe.py", '"probe", "-l", "asyncio"'),
    "run quick --cluster local:2": ("cluster/test_cluster.py", '"--cluster", "local:2"'),
    "run default --cluster": ("cluster/test_cluster.py", "cluster.address"),
    "run quick --rounds 8": ("test_trace_of_session.py", '"run", "quick", *arguments'),
    "submit": ("reference/test_commands.py", '"submit"'),
    "verify-bundle": ("reference/test_commands.py", '"verify-bundle"'),
    "mirror import": ("archive/test_end_to_end.py", '"mirror", "import"'),
}
"""Beginnings of commands whose short form another file runs, and what it says there."""


def blocks(text):
    """Yield the lines of each block for a shell, unless they are what a command says of itself."""
    language, inside = None, []
    for line in text.splitlines():
        if line.startswith("```"):
            if language is None:
                language, inside = line[3:].strip(), []
                continue
            if language in ("", "sh", "console", "bash") and "Usage: " not in "\n".join(inside):
                yield from inside
            language = None
        elif language is not None:
            inside.append(line)


def commands():
    """Return the words of each command that a block shows, after `crawlbench`."""
    found = {}
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in blocks(text):
            match = re.match(r"(?:\$ )?crawlbench (.*)", line)
            if match:
                words = shlex.split(match[1], comments=True)
                found.setdefault(" ".join(words), words)
    return found


COMMANDS = commands()


def test_documents_are_read_as_they_are_written():
    """Python is no shell, and a comment is no part of a command."""
    text = "```python\ncrawlbench no\n```\n```\ncrawlbench list  # yes\n```\ncrawlbench prose\n"
    assert list(blocks(text)) == ["crawlbench list  # yes"]
    assert len(COMMANDS) > 40


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_taken_to_its_last_word(name):
    """Options, choices and numbers are read as the command line reads them; nothing runs."""
    command, words, context = get_group(app), COMMANDS[name], None
    while isinstance(command, TyperGroup):
        context = command.make_context(command.name, list(words), parent=context)
        _, command, words = command.resolve_command(context, words)
    assert command.make_context(command.name, list(words), parent=context).params


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_run_in_a_short_form(name):
    """By this file, or by the one that is named for the longest beginning."""
    if name in SHORT or name in AS_IT_STANDS:
        return
    place, words = ELSEWHERE[max(filter(name.startswith, ELSEWHERE), key=len)]
    assert words in (ROOT / "tests" / place).read_text(encoding="utf-8"), (place, words)


def test_no_short_form_is_left_over():
    """A command that no document shows any more needs none."""
    assert {*SHORT, *AS_IT_STANDS} <= set(COMMANDS)
    assert [begin for begin in ELSEWHERE if not any(c.startswith(begin) for c in COMMANDS)] == []


@pytest.mark.long
@pytest.mark.parametrize("name", SHORT)
def test_short_form_measures_what_is_said(crawlbench, name):
    """It ends well, says what it measured, and measured nothing else."""
    words, said, unsaid = SHORT[name]
    done = crawlbench(*words.split())
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert re.search(said, done.stdout), done.stdout[-2000:]
    assert not re.search(unsaid, done.stdout), re.search(unsaid, done.stdout)


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=pytest.mark.long) if "html" in x else x for x in AS_IT_STANDS],
)
def test_command_is_run_as_it_stands(crawlbench, workshop, name):
    """In a folder with what it names."""
    words = COMMANDS[name]
    done = crawlbench(*words, cwd=workshop)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    is_written = "-o" in words
    text = (workshop / words[-1]).read_text(encoding="utf-8") if is_written else done.stdout
    assert re.search(AS_IT_STANDS[name], text), text[:2000]
