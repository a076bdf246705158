"""Vega draws in a process of its own: what ends that costs the picture, and nothing else."""

from __future__ import annotations

import sys

import pytest

from tests.child import succeed
from tests.conftest import command_line
from tests.measure.test_store import finished, write

resource = pytest.importorskip("resource")
MEMORY = 1_200_000 * 1024
"""Bytes of address space: enough for Python, too little for V8, which then ends its process."""
WRITE_PAGE = """
import sys
from pathlib import Path
from crawlbench.cli.report import write_page
from crawlbench.measure.store import load_session
folder = Path(sys.argv[1])
print(write_page(load_session(folder), folder))
"""


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch, tmp_path):
    """Let pages find no scripts in the cache, so that they have to be bundled."""
    monkeypatch.setenv("CRAWLBENCH_CACHE", str(tmp_path / "cache"))


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere address space has no limit")
@pytest.mark.parametrize("picture", ["svg", pytest.param("html", marks=pytest.mark.long)])
def test_picture_that_ends_its_process_is_told_in_a_sentence(tmp_path, crawlbench, picture):
    """It had ended the command by a signal of V8's."""
    folder = write(tmp_path, finished())
    call = ("report", folder, "--format", picture, "-o", "out")
    done = crawlbench(*call, preexec_fn=limit)
    assert done.returncode == 4
    assert done.stderr.startswith("crawlbench: the process that draws ended by SIG")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere address space has no limit")
def test_session_is_not_lost_for_its_page(tmp_path):
    """What went wrong is a sentence, which the session's end tells."""
    folder = write(tmp_path, finished())
    settings = command_line(cwd=tmp_path, timeout=110)
    settings["args"] = [sys.executable, "-c", WRITE_PAGE, str(folder)]
    done = succeed(settings.pop("args"), **settings, preexec_fn=limit)
    assert done.stdout.startswith("report.html was not written: the process that draws ended by ")
    assert not (folder / "report.html").exists()
