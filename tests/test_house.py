"""The house keeps its shape: what `make house` counts, as far as a test can hold it.

`tests/test_floors.py` holds the floors, `tests/cli/test_commands.py` the modules behind --version.
"""

from __future__ import annotations

import ast
import re
from itertools import permutations
from pathlib import Path
from textwrap import dedent

import pytest
from benchmarks import house

pytestmark = pytest.mark.slow

TOP = Path(__file__).resolve().parent.parent
MAX_FUNCTION = 40
"""Lines: what fits on a screen."""
NO_NOUN = re.compile(
    "alike|alone|asking|between|everything|handmade|inside|kept|live|looking|needs|own|prepared|"
    "probed|reach|relevant|seen|settled|shared|show|steady|tries|unsettled|versus|whole|within"
)
"""What files once were called by: none of these words tells what is in a file."""
CEILINGS = {
    "rooms": (lambda: len({one.room for one in house.modules()} - {"__init__", "__main__"}), 20),
    "arrows between rooms": (lambda: len(house.arrows()), 75),
    "rooms that a feature touches": (
        lambda: max(len(house.feature_rooms(name)) for name in house.FEATURES),
        4,
    ),
    "classes with an interval": (lambda: len(house.interval_classes()), 10),
    "dict[str, Any]": (house.any_dicts, 30),
}
"""What was reached, with room for a new feature where one needs it; docs/decisions/16 has why."""


def test_no_feature_imports_a_feature():
    """Each is whole in its own room; what two of them need stands below both."""
    across = house.arrows() & set(permutations(house.ROOM_FEATURES, 2))
    assert not across


def test_files_are_called_by_what_they_are():
    """By a noun."""
    names = {module.path.stem for module in house.modules()}
    assert len(names) > 300
    assert not [*filter(NO_NOUN.fullmatch, names)]


def test_rooms_of_features_are_there():
    """A room that was renamed would be held by nothing."""
    rooms = {module.room for module in house.modules()}
    assert set(house.ROOM_FEATURES) <= rooms


@pytest.mark.parametrize("figure", CEILINGS)
def test_house_does_not_grow_back(figure):
    """What was brought together stays so; whoever lowers a figure lowers its ceiling."""
    count, ceiling = CEILINGS[figure]
    assert count() <= ceiling


def test_no_module_imports_itself_by_way_of_others():
    """Neither within a room nor across rooms, late imports included."""
    assert house.circles() == []


def test_circle_would_be_seen():
    """Of modules that import each other, and of a longer one; a diamond is none."""
    assert house.find_circles({"a": {"b"}, "b": {"a"}}) == [("a", "b", "a")]
    assert house.find_circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [("b", "c", "b")]
    assert house.find_circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []


def test_import_for_types_alone_is_no_arrow_and_late_one_is():
    """A type may be named in both directions; what runs may not."""
    tree = ast.parse(
        dedent("""\
        from typing import TYPE_CHECKING

        from crawlbench.plugins import registry
        if TYPE_CHECKING:
            from crawlbench.mirror import process

        def late():
            from crawlbench.stats.judge import judge
        """)
    )
    module = house.Module("cli.made_up", house.ROOT / "made_up.py", 8, tree)
    assert house.imports(module) == {"plugins.registry", "stats.judge"}


def test_one_module_decides_what_is_faster():
    """Verdicts come from the claims of the one judge; all others ask for them."""
    assert house.verdict_homes() == ["stats.claims"]


@pytest.mark.parametrize(
    ("code", "decides"),
    [
        ("return Verdict.SLOWER if low > gate else Verdict.SAME", True),
        ("claims[Verdict.FASTER] = p", True),
        ("is_worse = way.verdict is Verdict.SLOWER", False),
        ("is_told = way.verdict in (Verdict.FASTER, Verdict.SLOWER)", False),
    ],
)
def test_deciding_is_told_from_asking(code, decides):
    """Who compares a verdict needs one that was decided elsewhere."""
    assert any(house.find_decisions(ast.parse(code))) is decides


def test_long_functions_are_commands_or_strategies():
    """A command's options are parameters, and a strategy is read from top to bottom."""
    long = [one for one in house.functions() if one.code > MAX_FUNCTION]
    assert long, "else nothing would be held"
    assert {one.name: one.code for one in long if one.room not in house.WHOLE} == {}
    commands = {one.name: one.body for one in long if one.room == "cli"}
    assert {name: body for name, body in commands.items() if body > MAX_FUNCTION} == {}


@pytest.mark.long
def test_table_of_the_house_is_printed(capsys, monkeypatch):
    """With a row for each figure and its goal; times are left to `make house`."""
    monkeypatch.setattr("sys.argv", ["house", "--no-times"])
    house.main()
    lines = capsys.readouterr().out.splitlines()
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in lines[2:]]
    assert ["homes of the verdict rule", "1", "1"] in rows
    assert all(len(row) == 3 and all(row) for row in rows)


CAPTURES = {"capture_output": True, "check": True}
"""Settings of `subprocess.run` that together lose what a child said when it failed."""
CALLERS = [path for room in ("tests", "benchmarks", "ci") for path in (TOP / room).rglob("*.py")]


def mute_calls(text):
    """Yield the line of each call whose failure would tell the exit code alone."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            given = {one.arg: getattr(one.value, "value", None) for one in node.keywords}
            if CAPTURES.items() <= given.items():
                yield node.lineno


def test_child_that_fails_shows_its_words():
    """Tests call `tests.child.succeed`; benchmarks capture no more than they read."""
    assert len(CALLERS) > 300
    lines = {path: list(mute_calls(path.read_text(encoding="utf-8"))) for path in CALLERS}
    assert not {path: found for path, found in lines.items() if found}


@pytest.mark.parametrize(
    ("settings", "lines"),
    [("capture_output=True, check=True", [1]), ("stdout=PIPE, check=True", []), ("**given", [])],
)
def test_call_that_would_lose_them_is_seen(settings, lines):
    """By its two settings together; a stream of errors that goes through loses nothing."""
    assert list(mute_calls(f"run(call, {settings})")) == lines
