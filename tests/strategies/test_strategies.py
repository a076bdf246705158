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


ON_BOTH = ("aiohttp-gather", "asyncio-httptools", "asyncio-streams", "httpx2-async", "limit-socket")
"""A client and a transport of each kind; the others crawl on uvloop only in `make test-all`."""
BEGIN_SLOWLY = ("dask-aiohttp", "scrapy-spider")
"""As those whose name begins with `cold-`, of which `test_sites.py` lets each crawl a page."""


def cells():
    """Yield what can run here."""
    for name in installed():
        loops = ("asyncio", "uvloop") if is_written_async(name) else (None,)
        is_long = name.startswith("cold-") or name in BEGIN_SLOWLY
        for loop in loops:
            again = loop == "uvloop" and name not in ON_BOTH
            yield pytest.param(name, loop, marks=[pytest.mark.long] if is_long or again else [])


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


def oddities(path):
    """Yield what a strategy's file has that it should not have."""
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
    if len(text.splitlines()) > 67:
        yield "more than 67 lines"
    if functions != ["crawl"]:
        yield f"the functions {functions}"
    yield from (f"the class {node.name}" for node in tree.body if isinstance(node, ast.ClassDef))
    yield from (f"an import of {name}" for name in sorted(imported & FORBIDDEN))


def silences(path):
    """Yield what the docstring of a strategy's file does not say."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    if "Watch:" not in docstring:
        yield "what to watch"
    compared = docstring.partition("Compare with:")[2]
    named = [word.strip("`.,") for word in compared.split() if ".py`" in word]
    if not named:
        yield "what to compare with"
    yield from (f"where {name} is" for name in named if not (FOLDER / name).exists())


def test_strategies_are_short_and_have_one_public_name():
    """At most 67 lines, one function, no class beside it, no import of a sibling, no clock."""
    found = {path.name: list(oddities(path)) for path in FILES}
    assert len(found) >= 30
    assert {name: odd for name, odd in found.items() if odd} == {}


def test_strategies_say_what_to_watch_and_compare():
    """The docstring has the idea, what limits it, and a neighbour that exists."""
    found = {path.name: list(silences(path)) for path in FILES}
    assert {name: missing for name, missing in found.items() if missing} == {}


def test_odd_strategy_would_be_seen(tmp_path):
    """Whatever is odd in it."""
    path = tmp_path / "odd.py"
    lines = ['"""Compare with: `gone.py`."""', "import time", "class A: ...", "def fetch(): ..."]
    path.write_text("\n".join(lines + [""] * 70), encoding="utf-8")
    assert list(oddities(path)) == [
        "more than 67 lines",
        "the functions ['fetch']",
        "the class A",
        "an import of time",
    ]
    assert list(silences(path)) == ["what to watch", "where gone.py is"]


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
