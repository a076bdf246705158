"""Cells that differ only in length and network share a process: real ones at a real turnstile."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from crawlbench.base.errors import CellError
from crawlbench.base.records import Cell
from crawlbench.measure.executor import ProcessExecutor
from crawlbench.measure.invariants import find_misconduct
from crawlbench.measure.sitefacts import find_site
from crawlbench.measure.turnstile import open_turnstile
from crawlbench.measure.verify import is_wrong_answer
from crawlbench.mirror.networks import find_network
from crawlbench.mirror.process import open_mirror

SHORT, LONG = "douban-top250", "douban-x20"
PLANTED = {
    "breaks.py": """
import os
from crawlbench.strategies import requests_serial

def crawl(site, concurrency):
    items = requests_serial.crawl(site, concurrency)
    if len(items) > 250:
        os._exit(7)
    return items
""",
    "keeps.py": """
from crawlbench.strategies import requests_serial

kept = []

def crawl(site, concurrency):
    kept.extend([] if kept else requests_serial.crawl(site, concurrency))
    return kept
""",
    "ends.py": """
import atexit, os
from crawlbench.strategies import requests_serial

atexit.register(os._exit, 3)

def crawl(site, concurrency):
    return requests_serial.crawl(site, concurrency)
""",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Return by place what workers are told, of mirrors of both lengths."""
    folder = tmp_path_factory.mktemp("planted")
    for name, text in PLANTED.items():
        (folder / name).write_text(text)
    files = {name: str(folder / name) for name in PLANTED}
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        network, found = find_network("loopback"), {}
        for site in (SHORT, LONG):
            opening = stack.enter_async_context(open_mirror(site, "loopback", network, 1))
            origin = runner.run(_await(opening)).address
            found[f"{site}/loopback"] = {"origin": origin, "ca_file": None, "files": files}
        yield found
        runner.run(stack.aclose())


async def _await(opening):
    return await opening


@asynccontextmanager
async def both(places, strategy, loops=1):
    """Give the workers of a strategy's short and long cell, and their executor."""
    short = Cell(SHORT, "loopback", strategy, None, "lxml", 4)
    cells = short, short.lengthened(LONG)
    async with open_turnstile() as turnstile:
        executor = ProcessExecutor(turnstile, places, (), 20.0, sharing={"(both)": cells})
        workers = await asyncio.gather(*[executor.start(cell, loops, 1, 2) for cell in cells])
        try:
            yield executor, workers
        finally:
            await asyncio.gather(*[worker.kill() for worker in workers])


async def take(worker):
    await worker.get_ready()
    return await worker.take()


def test_each_value_crawls_the_site_of_its_cell(places):
    """In any order, in one process; each cell has a run of its own, as pyperf keeps them."""

    async def measure():
        async with both(places, "requests-serial", loops=2) as (executor, workers):
            short, long = workers
            order = (short, long, long, short, long, short)
            values = [await take(worker) for worker in order]
            rows = await short.show()
            assert short._host is long._host
            assert short._host.starts == 1
            assert {executor.name_process(worker._cell) for worker in workers} == {"(both)"}
            return values, rows, await asyncio.gather(short.finish(), long.finish())

    values, rows, runs = asyncio.run(measure())
    right = {0: find_site(SHORT).expected, 1: find_site(LONG).expected}
    for value, length in zip(values, (0, 1, 1, 0, 1, 0), strict=True):
        assert not is_wrong_answer(value, right[length])
        assert value.conduct.reading.pages == 2 * right[length].pages
        assert find_misconduct(value) is None
    assert rows == [right[0].rows] * 2
    assert values[1].conduct.last_s == values[0].seconds
    assert values[2].conduct.last_s == 0
    for run, places, site in zip(runs, ((0, 3, 5), (1, 2, 4)), (SHORT, LONG), strict=True):
        warmup, *taken = (values[place].seconds / 2 for place in places)
        assert (run.warmups, run.values) == (((2, warmup),), tuple(taken))
        metadata = run.get_metadata()
        assert (metadata["crawlbench_site"], metadata["loops"]) == (site, 2)
        assert {"python_version", "cpu_count", "date"} <= set(metadata)


def test_length_that_fails_costs_only_itself(places):
    """The other one goes on in a fresh process, warmed up anew for nobody."""

    async def measure():
        async with both(places, "breaks.py") as (_, (short, long)):
            await take(short)
            await take(short)
            with pytest.raises(CellError, match="exit code 7"):
                await take(long)
            await long.kill()
            await take(short)
            assert (short._host.starts, short._warm) == (2, 2)
            return await short.finish()

    run = asyncio.run(measure())
    assert (len(run.warmups), len(run.values)) == (1, 2)


def test_items_that_went_with_the_process_are_said_to_be_lost(places):
    """The process is ended because the other cell strayed; a fresh one knows nothing of them."""

    async def measure():
        async with both(places, "requests-serial") as (_, (short, long)):
            await take(short)
            await long.kill()
            with pytest.raises(CellError, match="wrong answer, but what was wrong is not known"):
                await short.show()
            await take(long)
            with pytest.raises(CellError, match="wrong answer, but what was wrong is not known"):
                await short.show()

    asyncio.run(measure())


def test_what_is_kept_from_one_length_to_the_other_is_seen(places):
    """Pages that were not read for a value, and items that are not the site's."""

    async def measure():
        async with both(places, "keeps.py") as (_, (short, long)):
            return await take(short), await take(long), await take(short)

    first, other, again = asyncio.run(measure())
    assert [value.conduct.reading.pages for value in (first, other, again)] == [10, 0, 0]
    assert is_wrong_answer(other, find_site(LONG).expected)


def test_process_that_ends_badly_is_told_to_both(places):
    """Nobody knows which length it was."""

    async def measure():
        async with both(places, "ends.py") as (_, workers):
            for worker in workers:
                await take(worker)
            return await asyncio.gather(*[w.finish() for w in workers], return_exceptions=True)

    for error in asyncio.run(measure()):
        assert isinstance(error, CellError)
        assert "exit code 3" in str(error)


def test_each_network_is_crawled_through_the_door_of_its_cell():
    """One process, two mirrors: each sees the requests of its own cell and no others."""
    near = Cell(SHORT, "loopback", "requests-serial", None, "lxml", 4)
    cells = near, replace(near, network="lan")

    async def measure():
        async with AsyncExitStack() as stack:
            mirrors = {}
            for cell in cells:
                opening = open_mirror(SHORT, cell.network, find_network(cell.network), 1)
                mirrors[cell.place] = await stack.enter_async_context(opening)
            places = {
                place: {"origin": mirror.address, "ca_file": None, "files": {}}
                for place, mirror in mirrors.items()
            }
            turnstile = await stack.enter_async_context(open_turnstile())
            executor = ProcessExecutor(
                turnstile, places, (), 20.0, sharing={"(both)": cells}, doors=mirrors
            )
            workers = {cell: await executor.start(cell, 1, 0, 2) for cell in cells}
            for number, cell in enumerate([*cells, *cells]):
                for mirror in mirrors.values():
                    await mirror.begin(str(number), plays_network=True, door=cell.name)
                await take(workers[cell])
                seen = {place: await mirror.end() for place, mirror in mirrors.items()}
                pages = find_site(SHORT).expected.pages
                assert {place: counted.requests for place, counted in seen.items()} == {
                    place: pages * (place == cell.place) for place in mirrors
                }
                assert not any(counted.strays for counted in seen.values())
            await asyncio.gather(*[worker.finish() for worker in workers.values()])
            assert {worker._host.starts for worker in workers.values()} == {1}

    asyncio.run(measure())


def test_cell_without_warmups_gets_one_in_a_process_that_replaced_another(places):
    """Whoever had warmed the first process did it there; the value that follows is like others."""
    short = Cell(SHORT, "loopback", "requests-serial", None, "lxml", 4)
    cells = short, short.lengthened(LONG)

    async def measure():
        async with open_turnstile() as turnstile:
            executor = ProcessExecutor(turnstile, places, (), 20.0, sharing={"(both)": cells})
            warm, cold = [
                await executor.start(cell, 1, warmups, 2)
                for cell, warmups in zip(cells, (1, 0), strict=True)
            ]
            for worker in (warm, warm, cold):
                await take(worker)
            assert (warm._warm, cold._warm) == (2, 1)
            await cold.kill()
            for worker in (cold, warm):
                await take(worker)
            assert (warm._host.starts, warm._warm, cold._warm) == (2, 2, 2)
            return await asyncio.gather(warm.finish(), cold.finish())

    runs = asyncio.run(measure())
    assert [(len(run.warmups or ()), len(run.values)) for run in runs] == [(1, 2), (0, 2)]
