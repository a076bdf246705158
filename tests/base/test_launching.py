"""How processes of ours start: nothing in a folder that nobody named takes a library's place."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from tests.conftest import command_line
from tests.measure.sites import write_site

import crawlbench
from crawlbench.base.children import clean_environment, python_command

pytestmark = pytest.mark.slow

ROOT = Path(crawlbench.__file__).parent
PLANTED = "import os\nos.write(2, b'PLANTED ' + __name__.encode() + b'\\n')\nos._exit(77)\n"
SUITE = """
strategies = ["aiohttp-gather"]
baseline = "aiohttp-gather"
event_loops = ["asyncio"]
rounds = 1
laps = 1
warmups = 0
min_time_s = 0.01
lap_time_s = 0.01
"""
LAUNCHERS = {
    "base/children/launch.py": "it is the one launcher",
    "probe/processes.py": "flags, which the launcher takes",
    "operations/outside.py": "the operation is the start of a Python; -I leaves all folders out",
    "measure/machine.py": "-P leaves the folder out; it asks a Python that another may be",
    "environments/pythons.py": "environments are made from it, and asked with -I",
}
"""Where the path of an interpreter is used, and why."""


def planted_names():
    """Return all that anybody could import by name: the standard library's, and what is here."""
    names = {*sys.stdlib_module_names, *packages_distributions()} - {"crawlbench"}
    return sorted(name for name in names if name.isidentifier())


@pytest.fixture(scope="module")
def trapped(tmp_path_factory):
    """Return a folder in which every module that can be imported has a false twin."""
    folder = tmp_path_factory.mktemp("trapped")
    for name in planted_names():
        (folder / f"{name}.py").write_text(PLANTED)
    (folder / "small.toml").write_text(SUITE)
    write_site(folder)
    return folder


def call(folder, *arguments):
    """Call the installed command in a folder, as a user would; nothing of the folder may run."""
    settings = command_line(*arguments, cwd=folder, capture_output=True, timeout=110)
    settings["args"] = [str(Path(sys.executable).with_name("crawlbench")), *settings["args"][3:]]
    del settings["env"]["PYTHONPATH"]
    done = subprocess.run(**settings, check=False)
    assert "PLANTED" not in done.stderr + done.stdout, done.stderr[-500:]
    return done


def test_every_name_is_planted(trapped):
    """Else the other tests would show nothing."""
    names = {path.stem for path in trapped.glob("*.py")}
    assert names >= {"queue", "select", "lxml", "aiohttp", "token", "pyperf", "msgspec", "uvloop"}
    done = subprocess.run([sys.executable, "-m", "queue"], cwd=trapped, check=False)
    assert done.returncode == 77


def test_measuring_runs_nothing_of_the_current_folder(trapped):
    """Workers, mirror, turnstile, peers, pictures; then the suite in pyperf's own comparison."""
    done = call(trapped, "run", "small.toml", "--page", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert (trapped / "out" / "report.html").exists()
    done = call(trapped, "compare", "out/suite.json", "out/suite.json")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("crawl", "-s", "aiohttp-gather"), marks=pytest.mark.long),
        ("crawl", "-s", "aiohttp-parse-processes"),
        ("doctor",),
        pytest.param(("probe", "-l", "asyncio"), marks=pytest.mark.long),
        ("list", "loops"),
        ("probe", "-l", "asyncio", "-p", "gather"),
        ("mirror", "verify", "site.toml"),
        pytest.param(("load", "--duration", "0.2", "--connections", "2"), marks=pytest.mark.long),
        pytest.param(("mirror", "bench", "-c", "1"), marks=pytest.mark.long),
        pytest.param(("check", "requests-serial"), marks=pytest.mark.long),
        pytest.param(
            ("run", "small.toml", "--cluster", "local:2", "-o", "clustered"),
            marks=pytest.mark.long,
        ),
    ],
    ids=" ".join,
)
def test_command_runs_nothing_of_the_current_folder(trapped, arguments):
    """Whatever it starts."""
    done = call(trapped, *arguments)
    assert done.returncode == 0, done.stderr


def test_only_the_launcher_starts_a_python():
    """Whoever names the interpreter elsewhere has a reason that stands here."""
    named = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("executable", "_base_executable")
        if isinstance(node.value, ast.Name) and node.value.id == "sys"
    }
    cold = {name for name in named if name.startswith("strategies/cold_")}  # that is what they time
    assert named - cold == set(LAUNCHERS)
    for name in cold:
        assert '[sys.executable, "-P", "-c", ' in (ROOT / name).read_text(encoding="utf-8"), name


def test_command_and_environment_of_a_child(monkeypatch):
    """Neither the current folder nor what is meant for the user's own Python."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/named", ""]))
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    environment = clean_environment({"MORE": "1"}, without=["HOME"])
    assert environment["PYTHONPATH"] == "/named"
    assert environment["MORE"] == "1"
    assert not {"PYTHONASYNCIODEBUG", "HOME"} & environment.keys()
    assert python_command("a.b", "c") == [sys.executable, "-P", "-m", "a.b", "c"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    assert "PYTHONPATH" not in clean_environment()
