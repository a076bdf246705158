"""The example of docs/your-site.md does what the document says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import command_line

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "your-site.md"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="the document's commands are for a shell")
def test_the_example_runs_as_it_is_written(tmp_path):
    """Each command succeeds and prints what is quoted after it."""
    example = DOCUMENT.read_text(encoding="utf-8").partition("## A complete example")[2]
    example = example.partition("\n## ")[0]
    blocks = re.findall(r"```(sh|text|toml)\n(.*?)```", example, re.DOTALL)
    assert [kind for kind, _ in blocks] == ["sh", "sh", "text", "toml", "sh", "text", "sh"]
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "crawlbench"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m crawlbench "$@"\n')
    wrapper.chmod(0o755)
    settings = command_line(cwd=tmp_path)
    environment = {**settings["env"], "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    printed = ""
    for kind, text in blocks:
        if kind == "sh":
            call = ["bash", "-e", "-c", text]
            done = subprocess.run(
                call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            printed = done.stdout
        elif kind == "toml":
            (tmp_path / "docs.toml").write_text(text, encoding="utf-8")
        else:
            assert [line.rstrip() for line in printed.splitlines()] == text.splitlines()
    assert "docs.toml on loopback" in printed
    assert printed.startswith("1 Welcome\n2 Install\n3 Configure\n4 fetch()\n")
