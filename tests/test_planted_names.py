"""What lies in the current folder is never executed in place of a library."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyperf
import pytest

import crawlbench as package
from crawlbench.base.children import clean_environment
from tests.conftest import command_line
from tests.measure.sites import write_site

OWN = {"crawlbench", "tests", "benchmarks"}
TRAP = "raise SystemExit('a file of the current folder was executed: ' + __file__)\n"


def imported_names():
    """Return the top-level names that any module of ours imports."""
    names = set()
    for path in Path(package.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names


@pytest.fixture
def planted(tmp_path):
    """Plant every name that we import, and the standard library's."""
    names = imported_names() | set(sys.stdlib_module_names)
    assert {"queue", "select", "lxml", "aiohttp", "token"} <= names
    for name in names - OWN:
        (tmp_path / f"{name}.py").write_text(TRAP, encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(planted):
    """Call the script that an installation makes, in that folder."""

    def run(*arguments):
        script = shutil.which("crawlbench", path=str(Path(sys.executable).parent))
        environment = command_line()["env"]
        return subprocess.run(
            [script, *arguments],
            cwd=planted,
            env=environment,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("probe", "-l", "asyncio", "-p", "gather"),
        pytest.param(("load", "--duration", "0.2", "--connections", "2"), marks=pytest.mark.long),
        pytest.param(("mirror", "bench", "-c", "1"), marks=pytest.mark.long),
    ],
    ids=" ".join,
)
def test_no_file_of_the_current_folder_is_executed(call, arguments):
    """By no command, and by none of its children; `base/test_launching.py` has the others."""
    outcome = call(*arguments)
    assert "current folder was executed" not in outcome.stderr
    assert outcome.returncode == 0, outcome.stderr


def test_what_is_made_here_is_compared_without_them(call, planted):
    """pyperf compares two suites in a process of its own, and a user's site is read in another."""
    suite = pyperf.BenchmarkSuite([pyperf.Benchmark([pyperf.Run([1.0], metadata={"name": "x"})])])
    suite.dump(str(planted / "one.json"))
    outcome = call("compare", "one.json", "one.json")
    assert outcome.returncode == 0, outcome.stderr
    write_site(planted)
    outcome = call("mirror", "verify", "site.toml")
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.long
def test_session_executes_no_file_of_the_current_folder(call, planted):
    """Nor do its workers, its mirror and its pictures."""
    sizes = ("--rounds", "1", "--laps", "1", "--min-time", "0.01", "--page", "-o", "s")
    outcome = call("run", "quick", "-n", "loopback", "-s", "aiohttp-gather", *sizes)
    assert outcome.returncode == 0, outcome.stderr
    assert (planted / "s" / "report.html").exists()


def test_empty_entry_of_a_path_is_no_folder(monkeypatch):
    """Python takes it for the current one; children get only what was named."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "named", ""]))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    kept = clean_environment({"OTHER": "1"})
    assert (kept["PYTHONPATH"], kept["OTHER"]) == ("named", "1")
    assert "PYTHONINSPECT" not in kept
    assert "PYTHONPATH" not in clean_environment(without=["PYTHONPATH"])
