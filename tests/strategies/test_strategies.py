"""Each strategy is a file that a learner reads in a minute, and crawls rightly."""

from __future__ import annotations

import ast
import asyncio
import difflib

import pytest
from tests.strategies.files import FILES, FOLDER, OURS, installed, is_written_async

from crawlbench.measure.crawling import make_site, run_crawls
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror
from crawlbench.plugins import registry
from crawlbench.sites.douban import SITE

FORBIDDEN = {"time", "timeit", "pyperf", "crawlbench", "argparse"}


COLD = ("cold-http-client", "cold-python")
"""Those that start quickly; `test_sites.py` lets each crawl a page in the short run."""


def cells():
    """Yield what can run here."""
    for name in installed():
        loops = ("asyncio", "uvloop") if is_written_async(name) else (None,)
        is_long = name.startswith("cold-") and name not in COLD
        for loop in loops:
            once = name == "dask-aiohttp" and loop == "uvloop"  # it begins a cluster for itself
            yield pytest.param(name, loop, marks=[pytest.mark.long] if is_long or once else [])


@pytest.fixture(scope="module")
def runner():
    """Return what runs the file's mirror from its first test to its last."""
    with asyncio.Runner() as started:
        yield started


@pytest.fixture(scope="module")
def mirror(runner):
    """Return one mirror for all: each test has a span of its own, and leaves nothing in flight."""
    opened = open_mirror(SITE.name, "wan", find_network("wan"), 1)
    yield runner.run(opened.__aenter__())
    runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_strategy_is_short_and_has_one_public_name(path):
    """At most 67 lines, one function, no class beside it, no import of a sibling, no clock."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    functions = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        )
    }
    assert len(text.splitlines()) <= 67
    assert functions == ["crawl"]
    assert not any(isinstance(node, ast.ClassDef) for node in tree.body)
    assert not imported & FORBIDDEN


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_strategy_says_what_to_watch_and_compare(path):
    """The docstring has the idea, what limits it, and a neighbour that exists."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert "Watch:" in docstring
    compared = docstring.partition("Compare with:")[2]
    named = [word.strip("`.,") for word in compared.split() if ".py`" in word]
    assert named
    assert all((FOLDER / name).exists() for name in named)


def test_difference_of_gather_and_serial_shows_the_idea_alone():
    """The files keep order and names equal: the common lines are the crawl itself."""
    serial, gather = (
        (FOLDER / name).read_text(encoding="utf-8").partition("def crawl")[2].splitlines()
        for name in ("requests_serial.py", "aiohttp_gather.py")
    )
    changed = [line for line in difflib.ndiff(serial, gather) if line.startswith("+ ")]
    assert len(changed) <= 11


def test_every_strategy_file_is_plugged_in():
    """A file without an entry point would never be measured."""
    assert set(OURS) <= set(registry.names(registry.Kind.STRATEGY))


@pytest.mark.parametrize(("strategy", "event_loop"), list(cells()))
def test_strategy_returns_the_250_movies_with_ten_requests(runner, mirror, strategy, event_loop):
    """Against a real mirror: right items, each page once, never more in flight than allowed."""
    read = registry.load(registry.Kind.PARSER, "lxml")(SITE)
    crawl = registry.load(registry.Kind.STRATEGY, strategy)
    assert registry.needs_loop(crawl) is bool(event_loop)
    factory = registry.load(registry.Kind.EVENT_LOOP, event_loop) if event_loop else None

    async def crawl_mirror():
        await mirror.begin("test")
        site = make_site(SITE, mirror.address + SITE.path, read, mirror.ca_file)
        _, crawls = await asyncio.to_thread(run_crawls, crawl, site, 3, 1, factory)
        return crawls[0], await mirror.end()

    items, counters = runner.run(crawl_mirror())
    assert sorted(items) == SITE.expected_items()
    assert set(counters.pages.values()) == {1}
    assert counters.requests == SITE.expected_pages
    assert counters.most_in_flight <= 3
    assert counters.in_flight == 0
