"""Another edition of a site differs in a title of each page, and in nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.mirror.h2wire import Http2Wire
from tests.mirror.wire import BODIES, GZIP, running_mirror

from crawlbench.base.errors import BenchError, BlockedPageError
from crawlbench.measure.verify import expect
from crawlbench.mirror.edition import MAX_PAGES, Edition, make_edition
from crawlbench.mirror.networks import NETWORKS
from crawlbench.plugins import registry
from crawlbench.sites.douban import SITE

PARSER = registry.Kind.PARSER


@pytest.fixture(scope="module")
def edition():
    """Return the other edition of the Top 250."""
    return make_edition(SITE, SITE.pages(), 1)


def read_all(spec, pages, parser):
    """Return all items of some pages by a parser, by rank, and all links."""
    read = registry.load(PARSER, parser)(spec)
    found = [read(f"http://127.0.0.1{address}", body) for address, body in pages.items()]
    items = {item.rank: item for page in found for item in page.items}
    return items, [page.links for page in found]


@pytest.mark.parametrize("parser", registry.names(PARSER))
def test_every_parser_finds_the_other_titles_and_nothing_else(edition, parser):
    """So none can make an honest strategy seem to have kept something."""
    try:
        registry.load(PARSER, parser)(SITE)
    except (BenchError, ImportError) as error:
        pytest.skip(str(error))
    first = [*BODIES][:2]
    before, links = read_all(SITE, {one: BODIES[one] for one in first}, parser)
    others = {one: edition.bodies[one] for one in first}
    after, same_links = read_all(SITE, others, parser)
    changed = {
        rank: replace(item, title=edition.titles.get(str(rank), item.title))
        for rank, item in before.items()
    }
    assert (after, same_links) == (changed, links)
    assert sum(after[rank] != before[rank] for rank in before) == 2
    assert len(edition.titles) == len(BODIES) == 10


@pytest.mark.parametrize("name", ["api-json", "api-post", "many-hosts", "douban-subjects", "index"])
def test_larger_sites_differ_in_some_pages(name):
    """They are drawn, and alike for the same seed; all shipped sites have another edition."""
    spec = registry.load(registry.Kind.SITE, name)
    edition = make_edition(spec, spec.pages(), 1)
    assert MAX_PAGES // 2 < len(edition.bodies) <= MAX_PAGES
    assert len(edition.titles) == len(edition.bodies)
    titles = {str(row[0]): row[1] for row in expect(spec).rows}
    assert all(sorted(titles[rank]) == sorted(title) for rank, title in edition.titles.items())


@pytest.mark.parametrize("name", ["api-json", "many-hosts", "index", "douban-top250"])
def test_parser_that_knows_pages_by_heart_knows_the_other_edition(name):
    """Whole or piece by piece; what neither edition has it still refuses."""
    spec = registry.load(registry.Kind.SITE, name)
    read, plain = (
        registry.load(PARSER, parser)(spec)
        for parser in ("none", "json" if spec.media == "json" else "lxml")
    )
    edition = make_edition(spec, spec.pages(), 1)
    for path, body in edition.bodies.items():
        address = spec.page_address(f"http://127.0.0.1:8000{path}")
        stream = read.open(address)
        stream.feed(body[:100])
        stream.feed(memoryview(body)[100:])
        assert read(address, body) == stream.close() == plain(address, body)
    with pytest.raises(BlockedPageError):
        read(address, body.swapcase())


def test_sites_whose_titles_cannot_be_changed_stay_as_they_are():
    """Large ones too, which are tallied: no word of what a user wrote keeps the mirror from it."""
    nothing = Edition()
    pages = SITE.pages()

    def raise_it(_):
        raise LookupError("what a user wrote")

    for spec in (
        replace(SITE, is_large=True),
        replace(SITE, encoding="utf-16-le"),
        replace(SITE, encoding="no such encoding"),
        replace(SITE, page_address=raise_it),
    ):
        assert make_edition(spec, pages, 1) == nothing


@pytest.fixture(scope="module")
def running(edition):
    """Serve the Top 250 with another edition."""
    with running_mirror(asyncio.new_event_loop, NETWORKS["loopback"]) as running:
        running.mirror.make_edition = lambda: edition
        yield running


def begin(running, **options):
    """Begin a span, and return what ends it."""
    running.call(lambda: running.mirror.begin("test", plays_network=False, **options))
    return lambda: running.call(running.mirror.end)


@pytest.mark.parametrize("headers", [(), (GZIP,)], ids=["plain", "gzip"])
def test_every_other_request_for_a_page_is_answered_with_the_other_edition(
    running, edition, headers
):
    """The first is, in a span that alters; in the next span none is."""
    for alters in (True, False):
        end = begin(running, alters=alters)
        with running.open() as wire:
            for number in range(3):
                pages = edition.bodies if alters and number != 1 else BODIES
                came = {address: wire.ask(address, *headers).page for address in BODIES}
                assert came == pages
        counters = end()
        assert (counters.is_altered, counters.edition) == (alters, edition.titles)
        assert counters.as_message()["edition"] == edition.titles
        assert counters.requests == 30


def test_http2_has_it_too(running, edition):
    """As many as there are streams."""
    end = begin(running, alters=True)
    with Http2Wire(running.port) as wire:
        pages = [wire.ask("/top250").page for _ in range(2)]
    end()
    assert pages == [edition.bodies["/top250"], BODIES["/top250"]]


def test_what_counts_is_ready_when_warmups_were_altered(edition):
    """No crawl waits until an answer is made that its warmup did not ask for."""
    with running_mirror(asyncio.new_event_loop, NETWORKS["loopback"]) as running:
        running.mirror.make_edition = lambda: edition
        responses, begun = running.mirror.responses, begin(running, alters=True)
        with running.open() as wire:
            wire.ask("/top250")
        begun()
        made = []
        responses._make_answer = lambda *args: made.append(args)
        end = begin(running)
        with running.open() as wire:
            assert wire.ask("/top250").page == BODIES["/top250"]
        end()
    assert made == []


def test_mirror_without_another_edition_alters_nothing():
    """Whoever serves pages by hand gets the site."""
    with running_mirror(asyncio.new_event_loop, NETWORKS["loopback"]) as running:
        end = begin(running, alters=True)
        with running.open() as wire:
            assert wire.ask("/top250").page == BODIES["/top250"]
        counters = end()
    assert (counters.is_altered, counters.edition) == (False, {})
