"""Pages are counted in whatever thread or process they are read."""

from __future__ import annotations

import os
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from crawlbench.base.model import Page
from crawlbench.measure.reading import CountedReader, Reading

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


def read_page(_address, body):
    """Read a page with an item for each byte."""
    if not body:
        raise ValueError("there is nothing")
    return Page(tuple(body), ())


class Piecewise:
    """A reader that also reads piece by piece."""

    def __call__(self, address, body):
        return read_page(address, body)

    def open(self, _address):
        return Stream()


class Stream:
    __slots__ = ("body",)

    def __init__(self):
        self.body = b""

    def feed(self, piece):
        self.body += piece

    def close(self):
        return Page(tuple(self.body), ("http://a/linked",))


def seen(reader):
    """Return pages and items that were counted."""
    reading = reader.look()
    return reading.pages, reading.items


def test_pages_and_items_are_counted():
    """What was read, and anew after it is forgotten; a page that cannot be read is none."""
    reader = CountedReader(read_page)
    assert reader("/a", b"123") == Page(tuple(b"123"), ())
    reader("/b", b"4")
    with pytest.raises(ValueError, match="nothing"):
        reader("/c", b"")
    assert seen(reader) == (2, 4)
    assert reader.look().parse_s >= 0
    reader.forget()
    assert reader.look() == Reading()


def test_moment_of_the_first_page_is_known():
    """Of this value, whole or piece by piece: what is asked for later, a page has told."""
    for read in (
        lambda reader: reader("/a", b"1"),
        lambda reader: reader.open("/a"),
    ):
        reader = CountedReader(Piecewise())
        for _ in range(2):
            reader.forget()
            before = time.perf_counter()
            read(reader)
            after = time.perf_counter()
            reader("/b", b"2")
            assert before <= reader.look().first_at <= after


def test_size_and_end_of_what_was_read_are_known():
    """Whole, in pieces or elsewhere; the end is that of the last page."""
    ways = (
        lambda reader: reader("/a", memoryview(b"123")),
        lambda reader: [reader("/a", b"12"), reader("/b", bytearray(b"3"))],
        feed_three,
        lambda reader: pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(reader))("/a", b"123"))),
    )
    for read in ways:
        reader = CountedReader(Piecewise())
        before = time.perf_counter()
        read(reader)
        after = time.perf_counter()
        reading = reader.look()
        assert reading.bytes == 3
        assert before < reading.last_at < after
        reader.forget()
        assert (reader.look().bytes, reader.look().last_at) == (0, 0.0)


def feed_three(reader):
    """Read a page of three bytes in two pieces."""
    page = reader.open("/a")
    page.feed(b"12")
    page.feed(memoryview(b"3"))
    page.close()


def test_what_pages_told_is_known_crawl_by_crawl():
    """A page that several link to was told by the first of them, when it began to be read."""
    links = {"/": ("http://a/x?y=1", "http://a/z"), "/z": ("http://a/x?y=1", "http://a/")}
    reader = CountedReader(lambda address, _: Page((), links[address]))
    moments = []
    for address in ("/", "/z", "/z"):
        if len(moments) != 1:
            reader.begin_crawl()
        moments.append(time.perf_counter())
        reader(address, b"1")
    first, second = reader.look().told
    assert moments[0] < first["/x?y=1"] == first["/z"] < moments[1] < first["/"]
    assert moments[2] < second["/"] == second["/x?y=1"]
    assert "/z" not in second
    reader.forget()
    assert reader.look().told == []


def test_moment_of_a_page_that_was_read_elsewhere_is_not_known():
    """Pages that are read here come later than it: nothing must follow from that."""
    reader = CountedReader(read_page)
    sent = pickle.loads(pickle.dumps(reader))
    pickle.loads(pickle.dumps(sent("/a", b"12")))
    reader("/b", b"3")
    assert (seen(reader), reader.look().first_at) == ((2, 3), 0.0)
    reader.forget()
    reader("/b", b"3")
    assert reader.look().first_at > 0


def test_threads_are_counted():
    """Whoever reads."""
    reader = CountedReader(read_page)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(reader, ["/"] * 200, [b"12"] * 200))
    assert seen(reader) == (200, 400)


def test_page_in_pieces_counts_when_it_is_whole():
    """One that is begun and never ended was not read."""
    reader = CountedReader(Piecewise())
    assert not hasattr(CountedReader(read_page), "open")
    begun, whole = reader.open("/a"), reader.open("/b")
    begun.feed(b"12")
    whole.feed(b"1")
    whole.feed(b"2")
    assert seen(reader) == (0, 0)
    assert whole.close().items == tuple(b"12")
    assert seen(reader) == (1, 2)


@needs_fork
def test_forked_children_are_counted_and_forgotten():
    """They leave notes; a child that is there from before goes on to leave some."""
    reader, fork = CountedReader(read_page), get_context("fork")
    ours, theirs = fork.Pipe()

    def work():
        while theirs.recv():
            theirs.send(reader("/", b"123") and None)

    child = fork.Process(target=work)
    child.start()
    for pages in (2, 1):
        for _ in range(pages):
            ours.send(True)
            ours.recv()
        assert seen(reader) == (pages, 3 * pages)
        assert reader.look().bytes == 3 * pages
        assert 0 < reader.look().last_at < time.perf_counter()
        assert reader.look().told == []
        reader.forget()
    ours.send(False)
    child.join()


def test_sent_reader_is_counted_when_its_pages_come_back():
    """On another machine too: nothing is shared but what is sent."""
    reader = CountedReader(read_page)
    sent = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(reader))))
    page = sent("/", b"123")
    assert seen(reader) == (0, 0)
    back = pickle.loads(pickle.dumps(page))
    assert type(back) is Page
    assert back == Page(tuple(b"123"), ())
    assert seen(reader) == (1, 3)


KEPT = b"123"


@pytest.mark.parametrize("give", [lambda: KEPT, lambda: memoryview(KEPT)], ids=["bytes", "view"])
def test_bytes_of_an_earlier_crawl_are_seen(give):
    """The very same object, which nobody gets who fetches anew; a view of it as well."""
    reader = CountedReader(read_page)
    reader.begin_crawl()
    reader("/a", give())
    reader("/b", b"45")
    assert reader.look().kept == 0
    for kept in (2, 1):
        reader.forget()
        reader.begin_crawl()
        for _ in range(kept):
            reader("/a", give())
        reader("/b", b"45")
        assert (reader.look().kept, seen(reader)[0]) == (kept, kept + 1)
    reader.begin_crawl()  # the next one of the same value
    reader("/a", give())
    assert reader.look().kept == 2
    reader.forget()
    reader.begin_crawl()
    reader("/b", bytes(bytearray(KEPT)))
    assert reader.look().kept == 0


def test_piece_of_an_earlier_crawl_is_seen():
    """A body that was kept is no newer for being fed; later pieces and other pages are nobody's."""
    reader = CountedReader(Piecewise())
    for kept in (0, 1, 2):
        reader.begin_crawl()
        for _ in range(2 if kept == 2 else 1):
            page = reader.open("/a")
            page.feed(KEPT)
            page.feed(KEPT)
            page.close()
        page = reader.open("/b")
        page.feed(bytes(bytearray(KEPT)))
        page.close()
        assert reader.look().kept == kept
        reader.forget()


def test_page_that_is_opened_early_tells_nothing_early():
    """Whoever opens the first page, asks for all others and then reads it knew their addresses."""
    reader = CountedReader(Piecewise())
    reader.begin_crawl()
    opened = reader.open("/a")
    asked_at = time.perf_counter()
    opened.feed(b"12")
    opened.close()
    (told,) = reader.look().told
    assert told["/linked"] > asked_at


def test_buffers_that_are_filled_anew_are_nobody_s_bodies():
    """Nor is what Python has only one of; the same bytes read twice were fetched once."""
    pool, one = bytearray(b"123"), b"1"
    reader = CountedReader(read_page)
    for first in (pool, memoryview(pool), memoryview(pool)[1:], one, one):
        reader.begin_crawl()
        for body in (first, pool, memoryview(pool), one):
            for _ in range(2):
                reader("/a", body)
        fetched = bytes(pool)
        reader("/b", fetched)
        reader("/b", fetched)
        pool[:] = b"456"
    assert reader.look().kept == 0
