"""Pages are counted in whatever thread or process they are read."""

from __future__ import annotations

import os
import pickle
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import pytest

from crawlbench.base.model import Page
from crawlbench.measure import sending
from crawlbench.measure.notes import Notes
from crawlbench.measure.reading import PageCounter, Reading

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")


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


def seen(counter):
    """Return pages and items that were counted."""
    reading = counter.look()
    return reading.pages, reading.items


def test_pages_and_items_are_counted():
    """What was read, and anew after it is forgotten; a page that cannot be read is none."""
    counter = PageCounter(read_page)
    assert counter.read("/a", b"123") == Page(tuple(b"123"), ())
    counter.read("/b", b"4")
    with pytest.raises(ValueError, match="nothing"):
        counter.read("/c", b"")
    assert seen(counter) == (2, 4)
    assert counter.look().parse_s >= 0
    counter.forget()
    assert counter.look() == Reading()


def test_moment_of_the_first_page_is_known():
    """Of this value, whole or piece by piece: what is asked for later, a page has told."""
    for read in (
        lambda counter: counter.read("/a", b"1"),
        lambda counter: counter.read.open("/a"),
    ):
        counter = PageCounter(Piecewise())
        for _ in range(2):
            counter.forget()
            before = time.perf_counter()
            read(counter)
            after = time.perf_counter()
            counter.read("/b", b"2")
            assert before <= counter.look().first_at <= after


def test_size_and_end_of_what_was_read_are_known():
    """Whole, in pieces or elsewhere; the end is that of the last page."""
    ways = (
        lambda counter: counter.read("/a", memoryview(b"123")),
        lambda counter: [counter.read("/a", b"12"), counter.read("/b", bytearray(b"3"))],
        feed_three,
        lambda counter: come_back(send_far(counter.read)("/a", b"123")),
    )
    for read in ways:
        counter = PageCounter(Piecewise())
        before = time.perf_counter()
        read(counter)
        after = time.perf_counter()
        reading = counter.look()
        assert reading.bytes == 3
        assert before < reading.last_at < after
        counter.forget()
        assert (counter.look().bytes, counter.look().last_at) == (0, 0.0)


def feed_three(counter):
    """Read a page of three bytes in two pieces."""
    page = counter.read.open("/a")
    page.feed(b"12")
    page.feed(memoryview(b"3"))
    page.close()


def test_what_pages_told_is_known_crawl_by_crawl():
    """A page that several link to was told by the first of them, when it began to be read."""
    links = {"/": ("http://a/x?y=1", "http://a/z"), "/z": ("http://a/x?y=1", "http://a/")}
    counter = PageCounter(lambda address, _: Page((), links[address]))
    moments = []
    for address in ("/", "/z", "/z"):
        if len(moments) != 1:
            counter.begin_crawl()
        moments.append(time.perf_counter())
        counter.read(address, b"1")
    first, second = counter.look().told
    assert moments[0] < first["/x?y=1"] == first["/z"] < moments[1] < first["/"]
    assert moments[2] < second["/"] == second["/x?y=1"]
    assert "/z" not in second
    counter.forget()
    assert counter.look().told == []


def test_moment_of_a_page_that_was_read_elsewhere_is_not_known():
    """Pages that are read here come later than it: nothing must follow from that."""
    counter = PageCounter(read_page)
    pickle.loads(pickle.dumps(send_far(counter.read)("/a", b"12")))
    counter.read("/b", b"3")
    assert (seen(counter), counter.look().first_at) == ((2, 3), 0.0)
    counter.forget()
    counter.read("/b", b"3")
    assert counter.look().first_at > 0


def test_threads_are_counted():
    """Whoever reads."""
    counter = PageCounter(read_page)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(counter.read, ["/"] * 200, [b"12"] * 200))
    assert seen(counter) == (200, 400)


def test_page_in_pieces_counts_when_it_is_whole():
    """One that is begun and never ended was not read."""
    counter = PageCounter(Piecewise())
    assert not hasattr(PageCounter(read_page).read, "open")
    begun, whole = counter.read.open("/a"), counter.read.open("/b")
    begun.feed(b"12")
    whole.feed(b"1")
    whole.feed(b"2")
    assert seen(counter) == (0, 0)
    assert whole.close().items == tuple(b"12")
    assert seen(counter) == (1, 2)


@needs_fork
def test_forked_children_are_counted_and_forgotten():
    """They leave notes; a child that is there from before goes on to leave some."""
    counter, fork = PageCounter(read_page), get_context("fork")
    ours, theirs = fork.Pipe()

    def work():
        while theirs.recv():
            theirs.send(counter.read("/", b"123") and None)

    child = fork.Process(target=work)
    child.start()
    for pages in (2, 1):
        for _ in range(pages):
            ours.send(True)
            ours.recv()
        assert seen(counter) == (pages, 3 * pages)
        assert counter.look().bytes == 3 * pages
        assert 0 < counter.look().last_at < time.perf_counter()
        assert counter.look().told == []
        counter.forget()
    ours.send(False)
    child.join()


def send_far(reader):
    """Return a reader as it arrives on another machine: nothing is shared but what is sent."""
    sent = pickle.dumps(reader)
    with patch.dict(sending.counters.data, clear=True):
        arrived = pickle.loads(sent)
    arrived._notes = Notes("", (0, 0))
    return arrived


def come_back(page):
    """Return a page as it arrives where the reader came from, through another process."""
    data = pickle.dumps(page)
    with patch.dict(sending.counters.data, clear=True):
        passing = pickle.loads(data)
    return pickle.loads(pickle.dumps(passing))


def test_page_that_was_read_on_another_machine_is_counted_when_it_comes_back():
    """Once, however often it comes, and in whatever value: to keep it is not to read it."""
    counter = PageCounter(read_page)
    page = send_far(counter.read)("/", b"123")
    assert seen(counter) == (0, 0)
    back = come_back(page)
    assert type(back) is Page
    assert back == Page(tuple(b"123"), ())
    assert seen(counter) == (1, 3)
    come_back(page)
    assert seen(counter) == (1, 3)
    counter.forget()
    come_back(page)
    assert seen(counter) == (0, 0)
    come_back(send_far(counter.read)("/", b"123"))
    assert seen(counter) == (1, 3)


def test_reader_that_comes_back_is_the_same():
    """It counts when it reads; nothing that is kept of its pages counts again."""
    counter = PageCounter(read_page)
    assert pickle.loads(pickle.dumps(counter.read)) is counter.read
    kept = pickle.dumps(counter.read("/", b"123"))
    for _ in range(2):
        pickle.loads(kept)
    assert seen(counter) == (1, 3)
    assert counter.look().first_at > 0


@needs_proc
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_sent_reader_leaves_notes_on_the_same_machine(method):
    """So it does not matter what its process sends back, nor how often."""
    counter = PageCounter(Page)  # an item for each character of the address
    with ProcessPoolExecutor(1, get_context(method)) as pool:
        pages = [pool.submit(counter.read, "/a", b"123").result() for _ in range(2)]
        reading = counter.look()
    assert [type(page) for page in pages] == [Page, Page]
    assert (reading.pages, reading.items, reading.bytes) == (2, 4, 6)
    assert reading.first_at == 0.0
    assert 0 < reading.last_at < time.perf_counter()
    for page in pages * 2:
        pickle.loads(pickle.dumps(page))
    assert seen(counter) == (2, 4)


def in_child(work):
    """Return what the standard output of a forked child holds, after it has closed all else."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.dup2(theirs, 1)
            os.closerange(3, 4096)
            os.write(1, work().encode())
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with os.fdopen(ours) as told:
        return told.read()


@needs_proc
@pytest.mark.parametrize("opens", [0, 50])
def test_child_that_closes_what_it_inherits_is_counted(opens):
    """As daemons do; another file may have the descriptor since, and nothing is written to it."""
    counter = PageCounter(read_page)

    def work():
        files = [os.memfd_create("other") for _ in range(opens)]
        counter.read("/", b"123")
        return str({os.fstat(file).st_size for file in files} or {0})

    assert in_child(work) == "{0}"
    assert seen(counter) == (1, 3)


@needs_fork
def test_child_that_cannot_be_counted_is_told_why():
    """Where no path leads to the file, the contestant gets a sentence, and not a broken pipe."""
    counter = PageCounter(read_page)
    counter.notes = replace(counter.notes, _path="")

    def work():
        try:
            counter.read("/", b"123")
        except OSError as error:
            return error.strerror
        return "nothing"

    assert in_child(work) == "the file in which site.read notes its pages was closed"
    assert seen(counter) == (0, 0)


def test_what_a_contestant_gets_counts_nothing_by_itself():
    """Nothing on it adds a page that was not read, but private names."""
    counter = PageCounter(Piecewise())
    assert {name for name in dir(counter.read) if not name.startswith("_")} == {"open"}


KEPT = b"123"


@pytest.mark.parametrize("give", [lambda: KEPT, lambda: memoryview(KEPT)], ids=["bytes", "view"])
def test_bytes_of_an_earlier_crawl_are_seen(give):
    """The very same object, which nobody gets who fetches anew; a view of it as well."""
    counter = PageCounter(read_page)
    counter.begin_crawl()
    counter.read("/a", give())
    counter.read("/b", b"45")
    assert counter.look().kept == 0
    for kept in (2, 1):
        counter.forget()
        counter.begin_crawl()
        for _ in range(kept):
            counter.read("/a", give())
        counter.read("/b", b"45")
        assert (counter.look().kept, seen(counter)[0]) == (kept, kept + 1)
    counter.begin_crawl()  # the next one of the same value
    counter.read("/a", give())
    assert counter.look().kept == 2
    counter.forget()
    counter.begin_crawl()
    counter.read("/b", bytes(bytearray(KEPT)))
    assert counter.look().kept == 0


def test_piece_of_an_earlier_crawl_is_seen():
    """A body that was kept is no newer for being fed; later pieces and other pages are nobody's."""
    counter = PageCounter(Piecewise())
    for kept in (0, 1, 2):
        counter.begin_crawl()
        for _ in range(2 if kept == 2 else 1):
            page = counter.read.open("/a")
            page.feed(KEPT)
            page.feed(KEPT)
            page.close()
        page = counter.read.open("/b")
        page.feed(bytes(bytearray(KEPT)))
        page.close()
        assert counter.look().kept == kept
        counter.forget()


def test_page_that_is_opened_early_tells_nothing_early():
    """Whoever opens the first page, asks for all others and then reads it knew their addresses."""
    counter = PageCounter(Piecewise())
    counter.begin_crawl()
    opened = counter.read.open("/a")
    asked_at = time.perf_counter()
    opened.feed(b"12")
    opened.close()
    (told,) = counter.look().told
    assert told["/linked"] > asked_at


def test_buffers_that_are_filled_anew_are_nobody_s_bodies():
    """Nor is what Python has only one of; the same bytes read twice were fetched once."""
    pool, one = bytearray(b"123"), b"1"
    counter = PageCounter(read_page)
    for first in (pool, memoryview(pool), memoryview(pool)[1:], one, one):
        counter.begin_crawl()
        for body in (first, pool, memoryview(pool), one):
            for _ in range(2):
                counter.read("/a", body)
        fetched = bytes(pool)
        counter.read("/b", fetched)
        counter.read("/b", fetched)
        pool[:] = b"456"
    assert counter.look().kept == 0
