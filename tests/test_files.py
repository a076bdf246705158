"""Plug-ins from files and module names: found, or refused in one sentence."""

from __future__ import annotations

import os
import sys

import pytest

from crawlbench.base.children import INSTALLED_FIRST
from crawlbench.base.errors import BrokenPluginError, NotInstalledError, UsageError
from crawlbench.plugins import registry
from tests.child import succeed

STRATEGY, LOOP = registry.Kind.STRATEGY, registry.Kind.EVENT_LOOP


def write(folder, text, name="mine.py"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_strategy_from_a_file(tmp_path):
    """The function `crawl` of the file, and the same one when asked again."""
    path = write(tmp_path, "def crawl(site, concurrency):\n    return []\n")
    assert registry.load(STRATEGY, path)(None, 1) == []
    assert registry.load(STRATEGY, path) is registry.load(STRATEGY, path)
    assert registry.select(STRATEGY, (path,)) == [path]


def test_async_strategy_from_a_file_needs_a_loop(tmp_path):
    """As one that is plugged in."""
    path = write(tmp_path, "async def crawl(site, concurrency):\n    return []\n")
    assert registry.is_async(path)


def test_async_generator_needs_a_loop(tmp_path):
    """A crawl that may outgrow memory."""
    path = write(tmp_path, "async def crawl(site, concurrency):\n    yield 1\n")
    assert registry.is_async(path)


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("x = 1\n", UsageError, "has no 'crawl'; add: def crawl(site, concurrency)"),
        ("1 / 0\n", BrokenPluginError, "cannot be imported: ZeroDivisionError: division by zero"),
        ("def (\n", BrokenPluginError, "cannot be imported: SyntaxError"),
        (
            "import no_such_thing_at_all\n",
            NotInstalledError,
            "neither installed here nor beside the file",
        ),
    ],
)
def test_file_that_is_no_strategy(tmp_path, text, error, sentence):
    """Each says what is wrong and names the file."""
    path = write(tmp_path, text)
    with pytest.raises(error) as caught:
        registry.load(STRATEGY, path)
    assert sentence in str(caught.value)
    assert path in str(caught.value)


LOAD = """
import sys
from crawlbench.plugins import registry

crawl = registry.load(registry.Kind.STRATEGY, sys.argv[1])
print(sys.modules["idna"].__file__, sys.modules["helper"].__file__)
"""


@pytest.mark.parametrize(("variables", "is_beside"), [({}, True), ({INSTALLED_FIRST: "1"}, False)])
def test_what_lies_beside_a_file_is_found_as_python_does(tmp_path, variables, is_beside):
    """Only where packages are compared, a checkout beside a strategy is none of them."""
    (tmp_path / "idna.py").touch()
    (tmp_path / "helper.py").touch()
    path = tmp_path / "mine.py"
    path.write_text("import idna, helper\n\n\ndef crawl(site, concurrency): ...\n")
    command = [sys.executable, "-P", "-c", LOAD, str(path)]
    idna, helper = succeed(command, env={**os.environ, **variables}).stdout.split()
    assert (idna == str(tmp_path / "idna.py")) is is_beside
    assert helper == str(tmp_path / "helper.py")


def test_no_such_file(tmp_path):
    """A path is not a name: no list of known strategies."""
    path = str(tmp_path / "absent.py")
    with pytest.raises(UsageError, match="there is no file"):
        registry.load(STRATEGY, path)


def test_loop_from_a_module():
    """The package that must run is the module's."""
    assert callable(registry.load(LOOP, "uvloop:new_event_loop"))
    assert registry.declared_module("uvloop:new_event_loop") == "uvloop"
    assert registry.declared_module("uvloop") == "uvloop"


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("no_such_loop:new", NotInstalledError, "or put its folder into PYTHONPATH"),
        ("asyncio:no_such_factory", UsageError, "has no attribute 'no_such_factory'"),
        ("asyncio:__doc__", UsageError, "cannot be called"),
    ],
)
def test_name_that_is_no_loop(name, error, sentence):
    """Wrong module, wrong attribute, not callable."""
    with pytest.raises(error) as caught:
        registry.load(LOOP, name)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import asyncio\nasyncio.gone", "AttributeError: module 'asyncio' has no attribute"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "ends itself when it is imported"),
    ],
)
def test_module_of_a_loop_that_breaks_is_told_from_one_without_it(
    tmp_path, monkeypatch, text, told
):
    """An attribute that its import lacks is not the factory's name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    write(tmp_path, text, "broken_loop.py")
    with pytest.raises(BrokenPluginError) as caught:
        registry.load(LOOP, "broken_loop:new")
    assert told in str(caught.value)


def test_families_are_no_names():
    """A glob is not measured; it is there for what it makes."""
    assert not any("*" in name for kind in registry.Kind for name in registry.names(kind))
    assert "*.py" in registry.families(STRATEGY)
