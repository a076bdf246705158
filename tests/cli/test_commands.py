"""Commands are imported when they are called, and each of them can be."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest
from tests.child import succeed

from crawlbench.cli import mirror
from crawlbench.cli.app import Commands

OURS = (
    "import atexit, sys\n"
    "names = lambda: sorted(name for name in sys.modules if name.startswith('crawlbench'))\n"
    "atexit.register(lambda: print(*names()))\n"
    "from crawlbench.cli import main\n"
    "main()\n"
)
MAX_MODULES = 10  # design: of ours, behind --version


def loaded(*arguments: str) -> list[str]:
    """Return the modules of ours that a command has loaded when it ends."""
    call = [sys.executable, "-c", OURS, *arguments]
    outcome = succeed(call)
    return outcome.stdout.splitlines()[-1].split()


def test_version_loads_next_to_nothing():
    """A shell's prompt may ask for it."""
    names = loaded("--version")
    assert "crawlbench.cli.app" in names
    assert len(names) <= MAX_MODULES, names


def test_command_loads_no_other_command():
    """`report` measures nothing, and has no part of what does."""
    names = loaded("report", "--help")
    assert "crawlbench.cli.report" in names
    assert not {"crawlbench.cli.run", "crawlbench.cli.ab", "crawlbench.mirror.app"} & set(names)


@pytest.mark.parametrize("home", [*Commands.homes.values(), *mirror.MirrorCommands.homes.values()])
def test_each_command_is_where_it_is_said_to_be(home):
    """A name that leads nowhere would show only when somebody calls it."""
    module, _, attribute = home.partition(":")
    assert callable(getattr(import_module(module), attribute))


@pytest.mark.parametrize("group", [(), ("mirror",), ("env",)])
def test_group_alone_prints_its_help(crawlbench, group):
    """With exit code 0, as `git` and `uv` without a command."""
    outcome = crawlbench(*group)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith(" ".join(("Usage: crawlbench", *group)))


@pytest.mark.parametrize(("typed", "meant"), [("reprot", "report"), ("comapre", "compare")])
def test_near_miss_is_suggested(crawlbench, typed, meant):
    """Though no command was imported to know it."""
    outcome = crawlbench(typed)
    assert outcome.returncode == 2
    assert f"Did you mean {meant!r}?" in outcome.stderr
