"""What a crawl returns is kept, tallied or handed on as it comes, by all kinds of strategies."""

from __future__ import annotations

import asyncio
import time

import pytest

from crawlbench.base.digest import Tally
from crawlbench.base.model import Item, Page, Site
from crawlbench.measure.crawling import keep_crawls, run_crawls
from crawlbench.measure.seal import Rest

ITEMS = [Item(rank, "title") for rank in range(1, 4)]
SITE = Site("http://127.0.0.1:1/", lambda _address, _body: Page((), ()), None, None)


def plain(site, concurrency):
    return ITEMS


def generator(site, concurrency):
    yield from ITEMS


async def coroutine(site, concurrency):
    await asyncio.sleep(0)
    return ITEMS


async def async_generator(site, concurrency):
    for item in ITEMS:
        await asyncio.sleep(0)
        yield item


each_kind = pytest.mark.parametrize(
    ("crawl", "factory"),
    [
        (plain, None),
        (generator, None),
        (coroutine, asyncio.new_event_loop),
        (async_generator, asyncio.new_event_loop),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)


@each_kind
def test_items_are_returned_for_each_crawl(crawl, factory):
    """As lists, in the order in which they came."""
    seconds, crawls = run_crawls(crawl, SITE, 1, 2, factory)
    assert crawls == [ITEMS, ITEMS]
    assert seconds >= 0


@each_kind
def test_items_of_a_large_site_are_tallied(crawl, factory):
    """The same tally for all kinds, so that none has an advantage."""
    right = Tally(Item)
    right.extend(ITEMS)
    _, tallies = keep_crawls(crawl, SITE, 1, 2, factory, lambda: Tally(Item))
    assert [tally.digest() for tally in tallies] == [right.digest()] * 2


class Watcher:
    """A keeper that notes when it was given what."""

    def __init__(self, events):
        self.append = lambda item: events.append(("kept", item.rank))

    def extend(self, items):
        for item in items:
            self.append(item)


def telling(events):
    """Yield the items and note when each was asked for."""
    for item in ITEMS:
        events.append(("made", item.rank))
        yield item


@pytest.mark.parametrize("is_async", [False, True])
def test_generators_are_not_gathered(is_async):
    """Each item is handed on before the next is asked for."""
    events = []

    def plain_one(site, concurrency):
        yield from telling(events)

    async def async_one(site, concurrency):
        for item in telling(events):
            yield item

    crawl, factory = (async_one, asyncio.new_event_loop) if is_async else (plain_one, None)
    keep_crawls(crawl, SITE, 1, 1, factory, lambda: Watcher(events))
    assert events == [(word, rank) for rank in (1, 2, 3) for word in ("made", "kept")]


@pytest.mark.parametrize(("left_s", "is_seen"), [(0.0, False), (0.03, True)])
def test_work_that_is_left_to_the_loop_s_end_counts(left_s, is_seen):
    """Beyond what any loop needs, although the clock has stopped."""
    kept = []

    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            end = time.thread_time() + left_s
            while time.thread_time() < end:
                pass

    async def crawl(site, concurrency):
        kept.append(asyncio.ensure_future(work()))
        await asyncio.sleep(0)
        return ITEMS

    timing, _ = keep_crawls(crawl, SITE, 1, 1, asyncio.new_event_loop, list)
    assert timing.closing_s >= left_s
    late_s, _ = Rest(timing.others, timing.closing_s).stop()
    assert (late_s > 0.01) == is_seen
