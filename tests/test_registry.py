"""Unknown, not installed and broken are three different sentences."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from crawlbench.base.errors import BrokenPluginError, NotInstalledError, UnknownNameError
from crawlbench.plugins import registry
from tests.conftest import PLUGINS

KIND = registry.Kind.STRATEGY


@pytest.fixture
def _plugins(monkeypatch):
    """Make the broken plug-ins known to this process."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    registry._points.cache_clear()
    yield
    registry._points.cache_clear()


def test_nobody_takes_the_place_of_what_comes_with_crawlbench(monkeypatch):
    """Whatever stands first on the import path: results are filed under the name."""
    theirs = EntryPoint("aiohttp-gather", "zzz:crawl", KIND.value)
    every = list(registry.points_of(KIND.value))
    for found in ([theirs, *every], [*every, theirs]):
        monkeypatch.setattr(registry, "points_of", lambda _, found=found: found)
        registry._points.cache_clear()
        assert registry.find(KIND, "aiohttp-gather").module.startswith("crawlbench.")
    monkeypatch.undo()
    registry._points.cache_clear()


class Installed:
    """A distribution that counts how often it is asked for its name."""

    asked = 0

    @property
    def name(self):
        """Read all metadata, as a real one does each time."""
        self.asked += 1
        return "crawlbench"


def test_search_asks_each_distribution_for_its_name_once(monkeypatch):
    """Each worker, mirror and crawl searches; to ask for each entry point took longer."""
    both = Installed(), Installed()
    found = [
        EntryPoint(f"{number}", "somewhere:crawl", KIND.value)._for(one)
        for number in range(20)
        for one in both
    ]
    monkeypatch.setattr(registry, "points_of", lambda _: found)
    registry._points.cache_clear()
    assert len(registry.names(KIND)) == 20
    assert [one.asked for one in both] == [1, 1]
    registry._points.cache_clear()


def test_unknown_name_lists_the_known_ones_and_a_near_miss():
    """A typo is answered with what was probably meant."""
    with pytest.raises(UnknownNameError) as caught:
        registry.find(registry.Kind.EVENT_LOOP, "uvlop")
    assert str(caught.value) == (
        "unknown event loop 'uvlop' (did you mean 'uvloop'?); known: asyncio, asyncio-eager, "
        "asyncio-poll, asyncio-proactor, asyncio-select, bracio, loopmini, rloop, uvloop, "
        "veloxloop, winloop"
    )


def test_unknown_site_lists_families_too():
    """Whoever wants more pages than there are finds how they are named."""
    with pytest.raises(UnknownNameError, match=r"many-hosts, body-\*, douban-x\*$"):
        registry.find(registry.Kind.SITE, "nosuch")


@pytest.mark.usefixtures("_plugins")
def test_known_but_not_installed_names_the_package():
    """And tells nobody to install a name that may be anybody's."""
    with pytest.raises(NotInstalledError) as caught:
        registry.load(KIND, "needs-absent")
    assert str(caught.value) == (
        "strategy 'needs-absent' is known but not installed here: it needs "
        "'a_package_that_nobody_has'; 'a_package_that_nobody_has' does not come with crawlbench: "
        "install what provides it, from a source that you trust"
    )


@pytest.mark.usefixtures("_plugins")
def test_plugin_that_cannot_be_imported_is_named():
    """Its own error is quoted in one sentence."""
    with pytest.raises(BrokenPluginError, match="RuntimeError: no such luck; fix or uninstall it"):
        registry.load(KIND, "cannot-import")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise SystemExit(3)", "odd_family:make ends itself when it is imported"),
        ("1 / 0", "odd_family:make cannot be imported: ZeroDivisionError: division by zero"),
        ("def make(name):\n    'Return more.'", "Return more."),
    ],
)
def test_family_that_cannot_be_imported_ends_no_list(tmp_path, monkeypatch, text, told):
    """Whatever it raises, also by ending itself."""
    (tmp_path / "odd_family.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "odd_family", raising=False)
    family = EntryPoint("*.odd", "odd_family:make", KIND.value)
    monkeypatch.setattr(registry, "_points", lambda _: {"*.odd": family})
    assert registry.describe_family(KIND, "*.odd").startswith(told)


def test_globs_keep_the_order_of_the_patterns_and_name_each_once():
    """What is selected twice is there once."""
    chosen = registry.select(KIND, ("requests-threads", "requests-*"))
    assert chosen[0] == "requests-threads"
    assert "requests-serial" in chosen
    assert len(chosen) == len(set(chosen)) == len(registry.select(KIND, ("requests-*",)))


def test_glob_that_matches_nothing_is_unknown():
    """An empty selection is a mistake, not an empty table."""
    with pytest.raises(UnknownNameError, match=r"unknown strategy 'wget\*'"):
        registry.select(KIND, ("wget*",))
