"""What `--help` says is English, has an example, and the example is one."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.core import TyperGroup
from typer.main import get_group

from crawlbench.cli.app import app

CLIPPED = ("Of ", "That ", "At ", "As ", "With ", "Whose ", "To ")
"""Beginnings of a sentence that lost its subject and its verb."""
BARE = ("env list", "block")
"""Commands that need no example: one takes no options, one is called by crawlbench itself."""


def commands():
    """Return every command by what is typed after `crawlbench`."""
    found = {}

    def walk(group, words):
        context = group.make_context("crawlbench", ["-"], resilient_parsing=True)
        for name in group.commands:
            command = group.get_command(context, name)
            if isinstance(command, TyperGroup):
                walk(command, (*words, name))
            else:
                found[" ".join((*words, name))] = command

    walk(get_group(app), ())
    return found


COMMANDS = commands()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_says_what_it_is_in_whole_words(name):
    """None is without help, and none begins with what looks clipped."""
    for param in COMMANDS[name].params:
        assert param.help, param.name
        assert re.search(r"\.(  \[default: \w+\])?$", param.help), param.help
        assert not param.help.startswith(CLIPPED), param.help


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in BARE])
def test_each_command_has_an_example_that_it_takes(name):
    """Its options are the command's own."""
    (example,) = re.findall(r"^Example: crawlbench (.+)$", COMMANDS[name].help, re.MULTILINE)
    words = shlex.split(example.removeprefix(name))
    assert example.startswith(name)
    options = {
        option for param in COMMANDS[name].params for option in (*param.opts, *param.secondary_opts)
    }
    assert {word for word in words if word.startswith("-")} <= options
    context = COMMANDS[name].make_context(name, words, resilient_parsing=True)
    assert context.params
