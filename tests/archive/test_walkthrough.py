"""The examples of docs/your-site.md do what the document says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import command_line

pytestmark = pytest.mark.slow

FEW = {
    "CRAWLBENCH_RUN_STRATEGY": "requests-serial",
    "CRAWLBENCH_RUN_LOOP": "uvloop",
}
"""For the session of the example, whose figures the document does not quote."""
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "your-site.md"


def blocks_of(text):
    """Return the kind and the text of each block of commands, files and what is printed."""
    return re.findall(r"```(sh|text|toml)\n(.*?)```", text, re.DOTALL)


def walk(folder, blocks):
    """Do what is written, hold what is printed against what is quoted, and return the last of it.

    Commands are looked for beside this Python.
    """
    (folder / "bin").mkdir()
    for name, module in (("crawlbench", "-m crawlbench"), ("python3", "")):
        wrapper = folder / "bin" / name
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        wrapper.chmod(0o755)
    settings = command_line(cwd=folder)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**settings["env"], **FEW, "PATH": path}
    printed = ""
    for kind, text in blocks:
        if kind == "sh":
            call = ["bash", "-e", "-c", text]
            done = subprocess.run(
                call, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            printed = done.stdout
        elif kind == "toml":
            (folder / "docs.toml").write_text(text, encoding="utf-8")
        else:
            assert [line.rstrip() for line in printed.splitlines()] == text.splitlines()
    return printed


def example():
    """Return the blocks of the complete example."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## A complete example")[2]
    return blocks_of(text.partition("\n## ")[0])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="the document's commands are for a shell")
@pytest.mark.long
def test_the_example_runs_as_it_is_written(tmp_path):
    """Each command succeeds and prints what is quoted after it."""
    blocks = example()
    assert [kind for kind, _ in blocks] == ["sh", "sh", "text", "toml", "sh", "text", "sh"]
    printed = walk(tmp_path, blocks)
    assert "docs.toml on loopback" in printed
    assert printed.startswith("1 Welcome\n2 Install\n3 Configure\n4 fetch()\n")


def walks():
    """Return the sections on three more sites by title."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Three more sites")[2]
    sections = text.partition("\n## ")[0].split("\n### ")[1:]
    return {section.partition("\n")[0]: blocks_of(section) for section in sections}


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("iconv")),
    reason="the document's commands are for a shell",
)
@pytest.mark.parametrize(
    "title",
    [pytest.param(t, marks=() if "older" in t else pytest.mark.long) for t in walks()],
)
def test_each_site_of_the_document_is_as_it_is_told(tmp_path, title):
    """A generator's, one in GB18030, and a browser's HAR of an API."""
    blocks = walks()[title]
    assert [kind for kind, _ in blocks].count("text") >= 1
    assert blocks[-1][0] == "text", "its last result is held"
    walk(tmp_path, blocks)


def test_the_document_walks_through_three_sites():
    assert len(walks()) == 3
