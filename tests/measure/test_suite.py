"""Suites are read with every mistake told in one sentence that names the file."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import Suite, load_suite, loops_left_out, override, suite_names
from crawlbench.measure.width import refuse_inexpressible

LEAST = 'strategies = ["requests-serial"]\nbaseline = "requests-serial"\n'


@pytest.fixture
def own(tmp_path):
    """Return a function that writes a suite of one's own and returns its path as text."""

    def write(content):
        path = tmp_path / "own.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def complaint(name):
    """Return what a suite that cannot be used is answered with."""
    with pytest.raises(UsageError) as caught:
        load_suite(name)
    text = str(caught.value)
    assert "\n" not in text
    assert repr(name) in text
    return text.replace(name, "FILE")


def test_shipped_suites_are_known_by_name():
    """In alphabetical order."""
    names = ["ab", "api", "clients", "cold", "default", "full", "loops", "parsers", "quick"]
    assert suite_names() == names


@cache
def planned(name):
    """Return the plan of a suite of ours: of hundreds of cells it takes most of a second."""
    return make_plan(name, load_suite(name))


@pytest.mark.parametrize("name", ["default", "quick", "full", "loops"])
def test_our_suites_have_uvloop_where_it_is(name):
    """The glob names uvloop and nothing else of ours; tests/ci/test_absent.py has none."""
    pytest.importorskip("uvloop")
    suite, plan = load_suite(name), planned(name)
    assert {cell.event_loop for cell in plan.cells} - {None} == {"asyncio", "uvloop"}
    assert loops_left_out(suite, plan.cells) == []
    serial = [cell for cell in plan.cells if cell.event_loop is None]
    assert loops_left_out(suite, serial) == []


@pytest.mark.parametrize("name", [name for name in suite_names() if name != "loops"])
def test_suites_ask_for_nothing_that_cannot_be_expressed(name):
    """All that come with crawlbench; tests/sites/test_api.py has what is refused."""
    refuse_inexpressible(planned(name))


@pytest.mark.parametrize("name", suite_names())
def test_shipped_suite_loads_and_can_be_planned(name):
    """Its names exist, and its baseline is among its cells."""
    suite, plan = load_suite(name), planned(name)
    assert set(plan.baselines.values()) <= {cell.name for cell in plan.cells}
    assert all(value.startswith(suite.baseline) for value in plan.baselines.values())


def test_least_suite_has_defaults_for_all_else(own):
    """Two lines are a suite."""
    suite = load_suite(own(LEAST))
    assert suite == Suite(strategies=("requests-serial",), baseline="requests-serial")
    assert (suite.networks, suite.concurrency, suite.rounds) == (("loopback",), (10,), 10)


def test_whole_numbers_are_taken_where_fractions_may_stand(own):
    """`budget_s = 60` needs no point."""
    suite = load_suite(own(LEAST + "budget_s = 60\nmargin_percent = 0\nwarmups = 0\nseed = 0\n"))
    assert (suite.budget_s, suite.margin_percent, suite.warmups, suite.seed) == (60.0, 0.0, 0, 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("rounds = '3'", "Expected `int`, got `str` - at `$.rounds`, seen: '3'"),
        ("rounds = 2.5", "Expected `int`, got `float` - at `$.rounds`, seen: 2.5"),
        ("rounds = true", "Expected `int`, got `bool` - at `$.rounds`, seen: True"),
        ("rounds = 0", "Expected `int` >= 1 - at `$.rounds`, seen: 0"),
        ("laps = -1", "Expected `int` >= 1 - at `$.laps`, seen: -1"),
        ("warmups = -1", "Expected `int` >= 0 - at `$.warmups`, seen: -1"),
        ("seed = -1", "Expected `int` >= 0 - at `$.seed`, seen: -1"),
        ("min_time_s = 0", "Expected `float` > 0.0 - at `$.min_time_s`, seen: 0"),
        ("budget_s = -5.0", "Expected `float` > 0.0 - at `$.budget_s`, seen: -5.0"),
        ("timeout_s = nan", "Expected `float` > 0.0 - at `$.timeout_s`, seen: nan"),
        ("timeout_s = inf", "Expected `float` < 1000000000.0 - at `$.timeout_s`, seen: inf"),
        (
            "margin_percent = inf",
            "Expected `float` < 1000000000.0 - at `$.margin_percent`, seen: inf",
        ),
        ("margin_percent = -0.1", "Expected `float` >= 0.0 - at `$.margin_percent`, seen: -0.1"),
        ("confidence = 1", "Expected `float` < 1.0 - at `$.confidence`, seen: 1"),
        ("confidence = 95", "Expected `float` < 1.0 - at `$.confidence`, seen: 95"),
        ("networks = []", "Expected `array` of length >= 1 - at `$.networks`, seen: []"),
        ("networks = 'wan'", "Expected `array`, got `str` - at `$.networks`, seen: 'wan'"),
        ("networks = [1]", "Expected `str`, got `int` - at `$.networks[0]`, seen: 1"),
        ("concurrency = []", "Expected `array` of length >= 1 - at `$.concurrency`, seen: []"),
        ("concurrency = 10", "Expected `array`, got `int` - at `$.concurrency`, seen: 10"),
        (
            "stopping = 'some'",
            "Invalid enum value 'some' - at `$.stopping`, seen: 'some'; it is one of fixed, any",
        ),
        ("concurrency = [10, 0]", "Expected `int` >= 1 - at `$.concurrency[1]`, seen: 0"),
    ],
)
def test_value_that_cannot_be_meant_is_named_with_its_place(own, line, reason):
    """Wrong type, out of bounds, empty: the field and what it takes."""
    assert complaint(own(f"{LEAST}{line}\n")) == f"suite 'FILE' cannot be used: {reason}"


@pytest.mark.parametrize(
    ("strategies", "baseline", "fits"),
    [
        ("requests-serial", "aiohttp-gather", False),
        ("cold-*", "requests-serial", False),
        ("cold-*", "cold-requests", True),
        ("aiohttp-*", "aiohttp-gather/uvloop", True),
        ("./crawl.py", "./crawl.py", True),
        ("./crawl.py", "./crawl.py/uvloop", True),
        ("./crawl.py", "./other.py", False),
        ("crawl.py", "./crawl.py/uvloop", True),
        ("./ö rt [1]/c [x].py", "c [x].py", False),
        ("./a/../c [x].py", "c [x].py/uvloop", True),
        ("c[x].py", "cx.py", False),
    ],
)
def test_baseline_of_a_suite_is_one_of_its_strategies(own, strategies, baseline, fits):
    """Another one would have been taken in its place without a word."""
    name = own(f'strategies = ["{strategies}"]\nbaseline = "{baseline}"\n')
    if fits:
        assert load_suite(name)
    else:
        assert complaint(name) == (
            f"suite 'FILE' cannot be used: its baseline '{baseline}' is not one of its "
            f"strategies: {strategies}"
        )


def test_unknown_field_is_answered_with_the_known_ones(own):
    """A typo would else be a silent default."""
    assert complaint(own(LEAST + "round = 3\n")).startswith(
        "suite 'FILE' cannot be used: Object contains unknown field `round`; "
        "a suite has strategies, baseline, operations, sites,"
    )


@pytest.mark.parametrize("content", ["", "strategies = ['a']\n", "baseline = 'a'\n"])
def test_suite_of_nothing_is_none(own, content):
    """An empty file is valid TOML; strategies need a baseline."""
    assert complaint(own(content)) == (
        "suite 'FILE' cannot be used: it has no operations, nor strategies with a baseline"
    )


def test_operations_alone_are_a_suite(own):
    """They need no baseline: the stock loop is."""
    assert load_suite(own("operations = ['futures']\n")) == Suite(operations=("futures",))


@pytest.mark.parametrize(
    "content",
    [
        "strategies = [",
        "{}",
        LEAST + LEAST,
        b"\xff\xfe\x00",
        LEAST.encode() + b"# \xe9\n",
        "a = " + "[" * 5000,
        '<?xml version="1.0"?>',
    ],
    ids=["cut", "json", "twice", "binary", "latin-1", "deep", "xml"],
)
def test_file_that_is_not_toml_is_told_as_such(own, content):
    """Whatever is wrong with it."""
    text = complaint(own(content))
    assert text.startswith("suite 'FILE' cannot be used: it is not TOML: ")


@pytest.mark.parametrize("name", ["nope", "nope.toml", "", "default.json", "quick/quick", "."])
def test_suite_that_is_not_there_is_answered_with_the_known_ones(name):
    """And with what else could be given."""
    with pytest.raises(UsageError) as caught:
        load_suite(name)
    assert str(caught.value) == (
        f"no suite {name!r}; known: ab, api, clients, cold, default, full, loops, parsers, quick, "
        "or a path to a FILE.toml "
        "of your own"
    )


def test_path_below_a_file_is_not_there_either(own):
    """A file has no children."""
    assert complaint(own(LEAST) + "/x.toml").startswith("no suite 'FILE'; known: ab, api,")


def test_folder_is_no_suite(tmp_path):
    """Even if it is named like one."""
    folder = tmp_path / "x.toml"
    folder.mkdir()
    assert complaint(str(folder)) == "suite 'FILE' cannot be read: Is a directory"


def test_endless_name_is_told_as_such():
    """The system refuses it before it is missing."""
    assert complaint("a" * 300) == "suite 'FILE' cannot be read: File name too long"


def test_file_that_may_not_be_read_is_told_as_such(own, monkeypatch):
    """Permissions, as root cannot feel them."""

    def refuse(self, mode):
        raise PermissionError(13, "Permission denied", str(self))

    name = own(LEAST)
    monkeypatch.setattr(Path, "open", refuse)
    assert complaint(name) == "suite 'FILE' cannot be read: Permission denied"


def test_own_file_wins_over_a_shipped_suite_of_that_name(tmp_path, monkeypatch):
    """The ending makes it a path."""
    (tmp_path / "quick.toml").write_text(LEAST + "rounds = 77\n")
    monkeypatch.chdir(tmp_path)
    assert load_suite("quick.toml").rounds == 77
    assert load_suite("quick").rounds != 77


def test_override_replaces_what_was_given_and_nothing_else():
    """None and empty lists are options that were not used."""
    suite = load_suite("quick")
    changed = override(
        suite, {"rounds": 3, "networks": ["wan"], "laps": None, "sites": [], "parsers": ()}
    )
    assert (changed.rounds, changed.networks) == (3, ("wan",))
    assert override(changed, {"rounds": suite.rounds, "networks": suite.networks}) == suite
    assert override(suite, {}) == suite


@pytest.mark.parametrize("zero", [0, 0.0])
@pytest.mark.parametrize("name", ["margin_percent", "warmups", "seed"])
def test_zero_on_the_command_line_is_a_value(name, zero):
    """A margin, a seed or warmups of 0 are meant, not forgotten."""
    if name != "margin_percent":
        zero = int(zero)
    suite = Suite(
        strategies=("requests-serial",),
        baseline="requests-serial",
        margin_percent=1.0,
        warmups=1,
        seed=1,
    )
    assert getattr(override(suite, {name: zero}), name) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rounds": 0}, "Expected `int` >= 1 - at `$.rounds`, seen: 0"),
        ({"laps": -1}, "Expected `int` >= 1 - at `$.laps`, seen: -1"),
        ({"concurrency": [0]}, "Expected `int` >= 1 - at `$.concurrency[0]`, seen: 0"),
        ({"budget_s": 0.0}, "Expected `float` > 0.0 - at `$.budget_s`, seen: 0.0"),
        (
            {"precision_percent": 0.0},
            "Expected `float` > 0.0 - at `$.precision_percent`, seen: 0.0",
        ),
        (
            {"margin_percent": math.nan},
            "Expected `float` >= 0.0 - at `$.margin_percent`, seen: nan",
        ),
        (
            {"margin_percent": math.inf},
            "Expected `float` < 1000000000.0 - at `$.margin_percent`, seen: inf",
        ),
        ({"timeout_s": math.inf}, "Expected `float` < 1000000000.0 - at `$.timeout_s`, seen: inf"),
    ],
)
def test_override_out_of_bounds_is_refused(changes, reason):
    """In the words that a suite's file gets; zero is refused where it means nothing."""
    with pytest.raises(UsageError) as caught:
        override(load_suite("quick"), changes)
    assert str(caught.value) == f"these options cannot be used: {reason}"
