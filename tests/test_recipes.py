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


@pytest.fixture(scope="module")
def session(house):
    """Return the folder of a session that the copy can read."""
    shutil.copytree(ROOT / "results" / "default", house.root / "results" / "default")
    return "results/default"


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
def test_exporter_is_a_function_with_a_name(house, session):
    names("an exporter", "report/formats.py", "EXPORTS", "cli/report.py", "Format")
    made = "def to_moon(view: SessionView) -> str:\n    return 'moon'\n\n\n"
    head, line = "EXPORTS: dict[str, Export] = {\n", '    "moon": to_moon,\n'
    house.touch("report/formats.py", lambda text: text.replace(head, f"{made}{head}{line}"))
    name = '    CSV = "csv"\n'
    house.touch("cli/report.py", lambda text: text.replace(name, f'{name}    MOON = "moon"\n'))
    assert house.call("report", session, "--format", "moon").startswith("moon")


def put(text, *pairs):
    """Return text with something before, in place of, or after what stands in it once."""
    for place, new in pairs:
        assert text.count(place) == 1, place
        text = text.replace(place, new)
    return text


@pytest.mark.long
def test_column_is_a_header_a_text_and_a_number(house, session):
    """It stands in the tables of all outputs, and scripts get the number."""
    names("a column", "report/tables.py", "_COLUMNS", "_row", "COST")
    names("a column", "base/records/findings.py", "stats/summary.py", "report/cellresult.py")
    switches, last = "switches:", "summary.yields + summary.pre"
    house.touch(
        "report/tables.py",
        lambda text: put(
            text,
            (switches, f"{switches}, moons:"),
            (
                f"        format_count({last}emptions),\n",
                f"        format_count({last}emptions),\n        format_count(summary.moons),\n",
            ),
            ('"conns", "in flight")', '"conns", "in flight", "moons")'),
        ),
    )
    bent = "    is_bent: bool = False\n"
    house.touch(
        "base/records/findings.py", lambda text: put(text, (bent, f"    moons: float = 0\n{bent}"))
    )
    http = "        http=_http(samples),\n"
    house.touch("stats/summary.py", lambda text: put(text, (http, f"{http}        moons=77.0,\n")))
    field = "    is_bent: bool | None = None\n"
    house.touch(
        "report/cellresult.py",
        lambda text: put(text, (field, f"    moons: float | None = None\n{field}")),
    )
    assert "moons" in house.call("report", session, "--format", "markdown")
    found = json.loads(house.call("report", session, "--format", "json"))
    assert {cell["moons"] for cell in found["cells"]} == {77.0}


@pytest.mark.long
def test_warning_is_a_function(house, session):
    names("a warning", "stats/caveats.py")
    first = "    found += [*_environments(session), *_slow_laps(session)]\n"
    moon = '    found += [WarningNote("moon", "the moon shone")]\n'
    house.touch("stats/caveats.py", lambda text: put(text, (first, first + moon)))
    for form in ("markdown", "json"):
        assert "the moon shone" in house.call("report", session, "--format", form)


@pytest.mark.long
def test_quantity_is_read_named_and_held_by_a_gate(house, session):
    names("a quantity", "base/records/findings.py", "Quantity", "stats/index.py", "stats/change.py")
    names("a quantity", "stats/gate.py")
    cpu = '    CPU_PAGE = "CPU per page"\n'
    house.touch(
        "base/records/findings.py", lambda text: put(text, (cpu, f'    MOON = "moon"\n{cpu}'))
    )
    reading = "    return read_cpu if quantity.is_cpu else read_seconds\n"
    reads = "    if quantity is Quantity.MOON:\n        return lambda one: 2 * one.seconds\n"
    known = "from crawlbench.stats.midmean import midmean\n"
    imported = f"from crawlbench.base.records import Quantity\n{known}"
    house.touch(
        "stats/index.py", lambda text: put(text, (reading, reads + reading), (known, imported))
    )
    for path, line, new in (
        ("stats/change.py", "        Quantity.TIME: summary.seconds,\n", "summary.seconds"),
        ("base/records/findings.py", '            Quantity.TIME: "time",\n', '"moon time"'),
    ):
        more = f"            Quantity.MOON: {new},\n"
        house.touch(path, lambda text, line=line, more=more: put(text, (line, more + line)))
    gate = '    "slower": Quantity.TIME,\n'
    moon = '    "moon-slower": Quantity.MOON,\n'
    house.touch("stats/gate.py", lambda text: put(text, (gate, moon + gate)))
    assert "moon time" in house.call("report", session, "--format", "markdown")
    said = house.call("compare", session, session, "--fail-on", "moon-slower:5%", "--json")
    assert '"moon_changes"' in said
    assert "Moon time over the baseline" in house.call("history", session, "-o", "-")


@pytest.mark.long
def test_doubt_has_a_size_and_words(house, session):
    names("a doubt", "base/records/findings.py", "Doubt", "stats/doubts.py", "report/reasons.py")
    house.touch(
        "base/records/findings.py",
        lambda text: put(
            text,
            (
                '    CONTENTION = "contention"\n',
                '    MOON = "moon"\n    CONTENTION = "contention"\n',
            ),
        ),
    )
    kinds, part = "(*servers, Doubt.STARVATION)", "            Doubt.STARVATION: self._starved_s,\n"
    house.touch(
        "stats/doubts.py",
        lambda text: put(
            text,
            (kinds, "(*servers, Doubt.STARVATION, Doubt.MOON)"),
            (part, f"{part}            Doubt.MOON: lambda sample: 0.6 * sample.seconds,\n"),
        ),
    )
    words = "    Doubt.STARVATION: (\n"
    moon = '    Doubt.MOON: ("the moon took up to {share} of the time", "wait for the day"),\n'
    house.touch("report/reasons.py", lambda text: put(text, (words, moon + words)))
    said = house.call("report", session, "--format", "json")
    assert "the moon took up to 60 % of the time" in said


@pytest.mark.long
def test_obstacle_is_found_and_has_words(house, session):
    """The last that is followed here: no pair has a verdict any more."""
    names("an obstacle", "base/records/findings.py", "Obstacle", "stats/judge.py")
    names("an obstacle", "report/reasons.py")
    first = '    FAILED = "failed"\n'
    house.touch(
        "base/records/findings.py",
        lambda text: put(text, (first, f'    MOON = "moonlight"\n{first}')),
    )
    place = "        if self._failure(pair):\n            return Obstacle.FAILED"
    moon = '        if pair:\n            return Obstacle.MOON, ""\n'
    house.touch("stats/judge.py", lambda text: put(text, (place, moon + place)))
    words = "    Obstacle.FEW_ROUNDS: _few_rounds,\n"
    told = '    Obstacle.MOON: "the moon was in the way",\n'
    house.touch("report/reasons.py", lambda text: put(text, (words, told + words)))
    assert "the moon was in the way" in house.call("report", session, "--format", "json")


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
