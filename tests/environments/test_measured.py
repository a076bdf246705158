"""A session is refused if nothing in it runs what its environments differ in."""

from __future__ import annotations

import pytest

from crawlbench.base.errors import EnvironmentFailure
from crawlbench.base.records import Cell, Environment, EnvironmentFacts
from crawlbench.environments import preparation as environments
from crawlbench.environments.inspection import Inventory
from crawlbench.environments.preparation import check_imported
from tests.stats.builders import make_plan

PLAN = make_plan(cells=(Cell("site", "net", "aiohttp-gather", "asyncio", "lxml", 10, "a"),))


def facts(name, versions, *, checkouts=None, named=None, **asked):
    """Return an environment that asks for all that it has, checkouts being path to hash."""
    sources = checkouts or {}
    packages = tuple(f"{n}=={v}" for n, v in versions.items() if not sources)
    asked = Environment(name, packages=packages, checkouts=tuple(sources), **asked)
    named = tuple(sorted(named or versions))
    return EnvironmentFacts(asked, versions=versions, sources=sources, named=named)


@pytest.fixture
def check(monkeypatch):
    """Return a function that checks environments of which this is imported."""

    def call(imported, *of):
        seen = []

        def look(one, asked):
            seen.append(asked)
            return Inventory("", "", {}, {}, list(imported), {n: [] for n in one.versions}, [])

        monkeypatch.setattr(environments, "look_inside", look)
        check_imported(PLAN, of)
        return seen

    return call


def test_version_that_nothing_imports_is_refused(check):
    one, two = facts("a", {"orjson": "3.9"}), facts("b", {"orjson": "3.10"})
    with pytest.raises(EnvironmentFailure) as caught:
        check(["aiohttp"], one, two)
    assert str(caught.value) == (
        "nothing that is to be measured imports orjson; name a strategy or an operation that does "
        "(-s, --operation)"
    )


def test_version_that_is_imported_passes_and_only_plug_ins_of_cells_are_asked_for(check):
    one = facts("a", {"Or_Json": "3.9"}, named=["or-json"])
    two = facts("b", {"or.json": "3.10"}, named=["or-json"])
    assert check(["or-json"], one, two) == [
        {"STRATEGY": ["aiohttp-gather"], "EVENT_LOOP": ["asyncio"], "PARSER": ["lxml"]}
    ]


def test_package_that_both_have_alike_does_not_stand_for_one_that_differs(check):
    one = facts("a", {"yarl": "1", "orjson": "3.9"})
    two = facts("b", {"yarl": "1", "orjson": "3.10"})
    with pytest.raises(EnvironmentFailure, match="imports orjson;"):
        check(["yarl"], one, two)


def test_checkouts_of_one_version_differ(check):
    one = facts("a", {"lib": "1.0"}, checkouts={"/base": "aa"})
    two = facts("b", {"lib": "1.0"}, checkouts={"/head": "bb"})
    with pytest.raises(EnvironmentFailure, match="imports lib;"):
        check(["yarl"], one, two)
    assert check(["lib"], one, two)


def test_package_against_itself_must_be_imported_too(check):
    with pytest.raises(EnvironmentFailure, match="imports orjson;"):
        check([], facts("a", {"orjson": "3.9"}), facts("b", {"orjson": "3.9"}))


@pytest.mark.parametrize(
    "other", [{"python": "3.13"}, {"flags": ("-O",)}, {"variables": {"PYTHONHASHSEED": "0"}}]
)
def test_environments_that_differ_otherwise_are_not_asked(check, other):
    assert check([], facts("a", {"orjson": "3.9"}), facts("b", {"orjson": "3.9"}, **other)) == []


def test_environments_that_ask_for_nothing_are_not_asked(check):
    assert check([], facts("a", {}), facts("b", {})) == []
