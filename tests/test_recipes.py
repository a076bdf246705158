"""The recipes of ARCHITECTURE.md ("to add something, touch these files") are followed in a copy.

Each adds one thing by touching what its row names, and nothing else; then it is there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.child import succeed
from tests.conftest import command_line

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"(?m)^\| (an? \w+) \| (.*) \|$", TEXT))
BRIEFLY = ("--rounds", "1", "--laps", "1", "--json", "--no-page")
OPERATION = '''

@THEME.operation(counts="moons", n=100)
async def moon_rise(n: int) -> None:
    """A turn of the loop for every moon."""
    for _ in range(n):
        await asyncio.sleep(0)
'''
COMMAND = '''"""`crawlbench moon` (floor 5)."""

import sys


def moon() -> None:
    """Print a moon.

    Example: crawlbench moon
    """
    sys.stdout.write("moon\\n")
'''


class House:
    """A copy of the repository's code, and what is called from it."""

    def __init__(self, folder):
        self.root = folder
        self.package = folder / "bench" / "crawlbench"
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "bench", folder / "bench", ignore=leave)
        shutil.copytree(ROOT / "benchmarks", folder / "benchmarks", ignore=leave)
        shutil.copytree(ROOT / "docs", folder / "docs")
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / "fixtures").symlink_to(ROOT / "fixtures")
        self.set_up()

    def touch(self, path, edit):
        """Edit a file that a row names."""
        file = self.root / path if (self.root / path).exists() else self.package / path
        text = edit(file.read_text(encoding="utf-8"))
        assert text != file.read_text(encoding="utf-8"), f"{path} has no such place any more"
        file.write_text(text, encoding="utf-8")

    def enter(self, kind, name, target):
        """Add an entry point, and make it known as `make setup` does."""
        head = f'[project.entry-points."crawlbench.{kind}"]\n'
        self.touch(
            "pyproject.toml", lambda text: text.replace(head, f'{head}{name} = "{target}"\n')
        )
        self.set_up()

    def set_up(self):
        """Write what an installation would know of the entry points."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text())["project"]
        about = self.root / "bench" / "crawlbench-0.0.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: crawlbench\nVersion: 0.0\n")
        lines = []
        for group, points in project["entry-points"].items():
            lines += [f"[{group}]", *(f"{name} = {target}" for name, target in points.items())]
        (about / "entry_points.txt").write_text("\n".join(lines))

    def call(self, *words):
        """Run a command of the copy; it must succeed."""
        asked = command_line(*words, cwd=self.root)
        environment = {**asked["env"], "PYTHONPATH": str(self.root / "bench")}
        environment["CRAWLBENCH_CACHE"] = str(self.root / "cache")
        done = subprocess.run(
            asked["args"],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 3), done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return House(tmp_path_factory.mktemp("house"))


def names(*parts):
    """Assert that a row names all these places, so that following it is following the row."""
    thing, *places = parts
    assert [place for place in places if f"`{place}`" not in ROWS[thing]] == []


def test_the_copy_is_what_is_called(house):
    code = "import crawlbench; print(crawlbench.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(house.root / "bench")}
    done = succeed([sys.executable, "-c", code], env=environment)
    assert done.stdout.startswith(str(house.package))


@pytest.mark.long
def test_network_is_a_file(house):
    names("a network", "mirror/networks/")
    (house.package / "mirror" / "networks" / "moon.toml").write_text(
        'about = "the moon: 2.6 s"\nround_trip_s = 2.6\n'
    )
    assert "moon\t" in house.call("list", "networks")


@pytest.mark.long
def test_strategy_is_a_file_and_an_entry_point(house):
    """And a line in advice.toml; `crawlbench check` and a session take it."""
    names("a strategy", "strategies/", "pyproject.toml", "docs/advice.toml")
    folder = house.package / "strategies"
    shutil.copy(folder / "requests_serial.py", folder / "moon_serial.py")
    house.enter("strategies", "moon-serial", "crawlbench.strategies.moon_serial:crawl")
    assert "moon-serial\t" in house.call("list", "strategies")
    assert re.search(r"\d+ promises hold, 0 fail", house.call("check", "moon-serial"))
    said = house.call("run", "quick", "-n", "loopback", "-s", "moon-serial", *BRIEFLY)
    assert '"moon-serial/-/lxml/c10/loopback/douban-top250"' in said


@pytest.mark.long
def test_parser_is_a_file_and_an_entry_point(house):
    names("a parser", "sites/parsers/", "pyproject.toml")
    folder = house.package / "sites" / "parsers"
    shutil.copy(folder / "regex.py", folder / "moon.py")
    house.enter("parsers", "moon", "crawlbench.sites.parsers.moon:compile_reader")
    assert house.call("crawl", "-s", "requests-serial", "--parser", "moon").count("\n") == 250


@pytest.mark.long
def test_site_is_an_object_and_an_entry_point(house):
    names("a site", "sites/", "pyproject.toml")
    folder = house.package / "sites"
    code = (folder / "douban.py").read_text(encoding="utf-8")
    (folder / "moon.py").write_text(code.replace("douban-top250", "moon"), encoding="utf-8")
    house.enter("sites", "moon", "crawlbench.sites.moon:SITE")
    said = house.call("crawl", "-s", "requests-serial", "--site", "moon")
    assert said.count("\n") == 250


@pytest.mark.long
def test_suite_is_a_file(house):
    names("a suite", "suites/")
    quick = (house.package / "suites" / "quick.toml").read_text(encoding="utf-8")
    (house.package / "suites" / "moon.toml").write_text(
        quick.replace('["loopback", "wan"]', '["loopback"]'), encoding="utf-8"
    )
    assert "moon\t" in house.call("list", "suites")
    said = json.loads(house.call("run", "moon", "-s", "requests-serial", *BRIEFLY))
    assert said["suite"] == "moon"


@pytest.mark.long
def test_operation_is_a_function(house):
    names("an operation", "operations/")
    house.touch("operations/scheduling.py", lambda text: text + OPERATION)
    assert "moon-rise\t" in house.call("list", "operations")
    said = house.call("run", "loops", "--operation", "moon-rise", *BRIEFLY)
    assert '"moon-rise/uvloop"' in said


@pytest.mark.long
def test_exporter_is_a_function_with_a_name(house):
    names("an exporter", "report/formats.py", "EXPORTS", "cli/report.py", "Format")
    made = "def to_moon(view: SessionView) -> str:\n    return 'moon'\n\n\n"
    head, line = "EXPORTS: dict[str, Export] = {\n", '    "moon": to_moon,\n'
    house.touch("report/formats.py", lambda text: text.replace(head, f"{made}{head}{line}"))
    name = '    CSV = "csv"\n'
    house.touch("cli/report.py", lambda text: text.replace(name, f'{name}    MOON = "moon"\n'))
    shutil.copytree(ROOT / "results" / "default", house.root / "results" / "default")
    assert house.call("report", "results/default", "--format", "moon").startswith("moon")


@pytest.mark.long
def test_command_is_a_file_and_its_name(house):
    """It stands in the help of all, and docs/make.py asks for its own."""
    names("a command", "cli/", "cli/app.py")
    (house.package / "cli" / "moon.py").write_text(COMMAND)
    line = '        "doctor": "crawlbench.cli.doctor:doctor",\n'
    moon = line.replace("doctor", "moon")
    house.touch("cli/app.py", lambda text: text.replace(line, line + moon))
    assert house.call("moon") == "moon\n"
    assert "moon" in house.call("--help")
