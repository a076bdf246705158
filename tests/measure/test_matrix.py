"""Which cells a suite gives, under which names, against which baseline."""

from __future__ import annotations

import math
from importlib.metadata import EntryPoint

import msgspec
import pytest

from crawlbench.base.errors import (
    BrokenPluginError,
    NotInstalledError,
    UnknownNameError,
    UsageError,
)
from crawlbench.base.records import Cell, Environment, Plan
from crawlbench.measure.matrix import MAX_CELLS, make_plan
from crawlbench.measure.suite import Suite
from crawlbench.plugins import registry
from crawlbench.plugins.scouts import describe_plugin, scout

PLUGINS = {
    registry.Kind.STRATEGY: {
        "serial": "operator:add",
        "threads": "operator:mul",
        "gather": "asyncio:sleep",
        "pool": "asyncio:wait_for",
        "absent": "a_package_that_nobody_has:crawl",
        "absent-too": "another_one:crawl",
        "number": "math:pi",
        "nameless": "json:nope",
    },
    registry.Kind.EVENT_LOOP: {
        "asyncio": "asyncio:SelectorEventLoop",
        "other": "asyncio:new_event_loop",
        "absent": "a_package_that_nobody_has:loop",
    },
    registry.Kind.PARSER: {"lxml": "json:loads", "html5": "json:dumps"},
    registry.Kind.SITE: {
        "movies": "crawlbench.sites.douban:SITE",
        "books": "crawlbench.sites.douban:SITE",
    },
}


@pytest.fixture(autouse=True)
def _plugins(monkeypatch):
    """Replace what is installed: functions of the standard library stand for plug-ins.

    So they are looked at here, and not in a process that is thrown away.
    """
    points = {
        kind: {name: EntryPoint(name, value, kind.value) for name, value in values.items()}
        for kind, values in PLUGINS.items()
    }
    monkeypatch.setattr(registry, "_points", points.__getitem__)
    monkeypatch.setattr(scout, "_look", lambda asked: [describe_plugin(*one) for one in asked])
    monkeypatch.setattr(scout, "_known", {})


def make_suite(*strategies, **changes):
    """Return a suite of these strategies on one network."""
    settings = {"baseline": strategies[0], "sites": ("movies",), **changes}
    return Suite(strategies=strategies, **settings)


def names(plan):
    """Return the cells' names without those of controls."""
    return [cell.name for cell in plan.cells if not cell.control]


def controls(plan):
    return [cell.name for cell in plan.cells if cell.control]


def test_cells_are_the_product_of_the_axes_in_the_order_of_the_suite():
    """Only async strategies have an event loop."""
    suite = make_suite(
        "serial", "gather", networks=("wan", "loopback"), event_loops=("other", "asyncio")
    )
    assert names(make_plan("test", suite)) == [
        "serial/-/lxml/c10/wan/movies",
        "gather/other/lxml/c10/wan/movies",
        "gather/asyncio/lxml/c10/wan/movies",
        "serial/-/lxml/c10/loopback/movies",
        "gather/other/lxml/c10/loopback/movies",
        "gather/asyncio/lxml/c10/loopback/movies",
    ]


def test_sites_parsers_and_concurrencies_are_axes_too():
    """Each combination is a cell."""
    suite = make_suite(
        "serial", sites=("movies", "books"), parsers=("lxml", "html5"), concurrency=(1, 50)
    )
    plan = make_plan("test", suite)
    assert len(set(names(plan))) == 2 * 2 * 2
    assert "serial/-/html5/c50/loopback/books" in names(plan)


def test_each_site_and_network_has_a_baseline_and_its_control():
    """The control is the baseline's twin in all but its name."""
    suite = make_suite("serial", sites=("movies", "books"), networks=("loopback", "wan"))
    plan = make_plan("test", suite)
    assert plan.baselines == {
        f"{site}/{network}": f"serial/-/lxml/c10/{network}/{site}"
        for site in ("movies", "books")
        for network in ("loopback", "wan")
    }
    assert controls(plan) == [f"{name}/control" for name in plan.baselines.values()]


def test_no_two_cells_have_one_name():
    """The name is a key in all published files."""
    suite = make_suite(
        "serial",
        "gather",
        "pool",
        sites=("*",),
        networks=("loopback", "wan"),
        parsers=("*",),
        event_loops=("asyncio", "other"),
        concurrency=(1, 10, 50),
    )
    plan = make_plan("test", suite)
    assert len({cell.name for cell in plan.cells}) == len(plan.cells) == 2 * 2 * 2 * 3 * 5 + 4


@pytest.mark.parametrize("is_versus", [True, False])
def test_environment_that_would_be_called_like_the_control_is_refused(is_versus):
    """Its values would be counted as those of the baseline's control."""

    def plan_beside(name):
        environments = [Environment("base"), Environment(name)]
        make_plan("test", make_suite("serial"), environments=environments, is_versus=is_versus)

    with pytest.raises(UsageError, match=r"two cells would be called '.*/@base/control'"):
        plan_beside("base/control")
    for name in ("control", "base/controls", "other/control"):
        plan_beside(name)


def test_names_are_stable():
    """They are compared across versions: a change here needs a new format."""
    cell = Cell("site", "net", "name", "loop", "parser", 7, environment="py314", control=True)
    assert cell.name == "name/loop/parser/c7/net/site/@py314/control"
    assert make_plan("t", make_suite("serial")) == make_plan("t", make_suite("serial"))


@pytest.mark.parametrize(
    "suite",
    [
        make_suite("serial", "serial", "s*", "serial"),
        make_suite("serial", networks=("loopback", "*back", "loopback")),
        make_suite("serial", concurrency=(10, 10)),
        make_suite("serial", parsers=("lxml", "lx*")),
        make_suite("serial", event_loops=("asyncio", "other")),
    ],
    ids=["strategies", "networks", "concurrency", "parsers", "loops of a sync strategy"],
)
def test_what_is_named_twice_is_measured_once(suite):
    """Whether by name, by glob or as a loop that the strategy has no use for."""
    assert names(make_plan("test", suite)) == ["serial/-/lxml/c10/loopback/movies"]


def test_glob_takes_what_is_installed_and_leaves_the_rest():
    """What only a glob names need not be there."""
    plan = make_plan("test", make_suite("serial", "absen*", "th*"))
    assert [name.partition("/")[0] for name in names(plan)] == ["serial", "threads"]


def test_name_that_was_written_out_must_be_installed():
    """The package is named; a glob beside it changes nothing."""
    with pytest.raises(NotInstalledError, match="does not come with crawlbench: install"):
        make_plan("test", make_suite("serial", "absent", "absent*"))


def test_glob_of_nothing_but_absent_ones_leaves_no_cell():
    """The sentence says which patterns."""
    with pytest.raises(UsageError) as caught:
        make_plan("test", make_suite("absent*"))
    assert str(caught.value) == "no strategy that 'absent*' names is installed"


@pytest.mark.parametrize("pattern", ["nameless", "name*"])
def test_broken_plugin_is_never_left_out_in_silence(pattern):
    """It is installed, so somebody expects it to be measured."""
    with pytest.raises(BrokenPluginError, match=r"strategy 'nameless' .* cannot be imported"):
        make_plan("test", make_suite("serial", pattern))


def test_strategy_that_cannot_be_called_is_broken():
    """The entry point leads to something else."""
    with pytest.raises(BrokenPluginError, match="not a function to call"):
        make_plan("test", make_suite("number"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"strategies": ("seriel",)},
            "unknown strategy 'seriel' (did you mean 'serial'?); known: absent, absent-too, "
            "gather, nameless, number, pool, serial, threads",
        ),
        (
            {"event_loops": ("asynci",)},
            "unknown event loop 'asynci' (did you mean 'asyncio'?); known: absent, asyncio, other",
        ),
        ({"parsers": ("x*",)}, "unknown parser 'x*'; known: html5, lxml"),
        (
            {"sites": ("movie",)},
            "unknown site 'movie' (did you mean 'movies'?); known: books, movies",
        ),
        ({"strategies": ("",)}, "unknown strategy ''; known: absent,"),
    ],
)
def test_unknown_name_is_answered_with_the_known_ones(changes, sentence):
    """And with what was probably meant."""
    suite = msgspec.structs.replace(make_suite("serial"), **changes)
    with pytest.raises(UnknownNameError) as caught:
        make_plan("test", suite)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("pattern", ["wlan", "w?", "WAN", ""])
def test_unknown_network_is_answered_with_the_known_ones(pattern):
    """Names and globs, in the right case."""
    with pytest.raises(UnknownNameError) as caught:
        make_plan("test", make_suite("serial", networks=("loopback", pattern)))
    assert str(caught.value).startswith(f"unknown network {pattern!r}")
    assert "loopback, wan" in str(caught.value)


LOOPS = {"event_loops": ("asyncio", "other")}


@pytest.mark.parametrize(
    ("suite", "asked", "baseline"),
    [
        (make_suite("serial", "gather"), None, "serial/-/"),
        (make_suite("gather", "serial", baseline="serial"), None, "serial/-/"),
        (make_suite("serial", "gather", **LOOPS), "gather", "gather/asyncio/"),
        (make_suite("serial", "gather", **LOOPS), "gather/other", "gather/other/"),
        (make_suite("serial", "gather", baseline="gather/other", **LOOPS), None, "gather/other/"),
        # the suite's is known but was not chosen: the first cell
        (make_suite("gather", "threads", baseline="serial"), None, "gather/asyncio/"),
        (make_suite("threads", "gather", baseline="gather/other"), None, "threads/-/"),
        (make_suite("gather", baseline="gather/other"), None, "gather/asyncio/"),
    ],
)
def test_baseline_is_the_users_or_the_suites_or_the_first_cell(suite, asked, baseline):
    """In this order."""
    (name,) = make_plan("test", suite, asked).baselines.values()
    assert name.startswith(baseline)


@pytest.mark.parametrize(
    "asked", ["threads", "gather/other", "serial/asyncio", "nope", "", "gather/", "ser*"]
)
def test_baseline_that_the_user_names_must_be_a_cell(asked):
    """No silent other one; an empty name is a name, a glob is none."""
    with pytest.raises(UnknownNameError) as caught:
        make_plan("test", make_suite("serial", "gather"), asked)
    assert str(caught.value) == (
        f"the baseline {asked!r} is not among the cells; they are: serial, gather/asyncio"
    )


@pytest.mark.parametrize(
    ("baseline", "sentence"),
    [
        ("seriel", "unknown strategy 'seriel' (did you mean 'serial'?)"),
        ("gather/othr", "unknown event loop 'othr' (did you mean 'other'?)"),
        ("", "unknown strategy ''"),
    ],
)
def test_misspelt_baseline_of_a_suite_is_not_replaced(baseline, sentence):
    """Only one that exists can have been left out on purpose."""
    with pytest.raises(UnknownNameError) as caught:
        make_plan("test", make_suite("serial", "gather", baseline=baseline))
    assert str(caught.value).startswith(sentence)


def test_baseline_is_the_first_of_several_concurrencies():
    """The plan says which."""
    plan = make_plan("test", make_suite("serial", concurrency=(50, 1)))
    assert list(plan.baselines.values()) == ["serial/-/lxml/c50/loopback/movies"]


@pytest.mark.parametrize(("count", "fits"), [(MAX_CELLS - 1, True), (MAX_CELLS, False)])
def test_more_cells_than_a_machine_has_room_for_are_refused(count, fits):
    """Controls are workers too."""
    suite = make_suite("serial", concurrency=tuple(range(1, count + 1)))
    if fits:
        assert len(make_plan("test", suite).cells) == MAX_CELLS
        return
    with pytest.raises(UsageError) as caught:
        make_plan("test", suite)
    assert str(caught.value) == (
        "2001 cells, controls included, are more than the 2000 that fit into one session; "
        "choose fewer with -s, -l, -n or -c"
    )


def test_percentages_become_log_ratios_and_the_rest_is_taken_over():
    """A margin of 1 % is log 1.01; zero and None stay what they are."""
    suite = make_suite("serial", margin_percent=1.0, precision_percent=5.0, rounds=7, seed=0)
    plan = make_plan("mine", suite)
    assert plan.margin == pytest.approx(math.log(1.01))
    assert plan.precision == pytest.approx(math.log(1.05))
    assert (plan.suite, plan.rounds, plan.seed, plan.budget_s) == ("mine", 7, 0, None)
    plain = make_plan("mine", make_suite("serial", margin_percent=0.0))
    assert (plain.margin, plain.precision) == (0.0, None)


def test_plan_survives_json():
    """It is written with every session."""
    plan = make_plan("test", make_suite("serial", "gather", networks=("*",)))
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
