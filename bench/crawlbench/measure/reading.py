"""Counts what a strategy reads, in whatever thread or process it does so (floor 3).

Imported by workers, hence it uses only the standard library and our nouns. Another process leaves a
note for each page that it reads; where it cannot, as on another machine, its pages are counted when
they come back.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from errno import EBADF
from os import getpid
from threading import get_ident
from time import perf_counter, thread_time
from typing import TYPE_CHECKING

from crawlbench.measure.notes import open_notes
from crawlbench.measure.sending import arrive, counters

if TYPE_CHECKING:
    from crawlbench.base.model import Buffer, Page, PageStream, Reader

MAX_TOLD = 2_000
"""Pages of a crawl whose links are noted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read during a value, over all its loops."""

    pages: int = 0
    """In this process and in others, including threads and children."""
    items: int = 0
    """Items on those pages."""
    bytes: int = 0
    """Size of those pages."""
    first_at: float = 0.0
    """When reading of the first page began, on the clock of `time.perf_counter`; 0 if any was read
    elsewhere, which leaves the time unknown."""
    last_at: float = 0.0
    """When reading of the last page had ended, on the same clock; of pages that come back from
    another machine, when they did."""
    parse_s: float = 0.0
    """CPU seconds in the reader, in this process, without pages read piece by piece."""
    kept: int = 0
    """Pages that were read from the same bytes object as the first page of the previous crawl."""
    told: list[dict[str, float]] = field(default_factory=list)
    """A dictionary for each crawl: the address of a page, without its origin, to the time when
    reading began of the first page that links to it. Empty if that is not known of all pages."""


class PageCounter:
    """Counts the calls of a site's reader, at the cost of three clock calls per page."""

    def __init__(self, read: Reader) -> None:
        """Count what this reader reads."""
        self._spent: dict[int, list[float]] = {}
        """Pages, items, bytes and CPU seconds by thread. Only that thread writes them, so no lock
        is needed."""
        self._first_at = self._last_at = 0.0
        self._told: list[tuple[float, tuple[str, ...]]] = []
        """When reading of each page of the crawl began, and its links."""
        self._crawls = [self._told]
        """Such a list for each crawl of the value."""
        self._first: object = None
        """What the first page of the crawl was read from; None before it is read."""
        self._former: object = self
        """The same of the previous crawl if it was bytes, which nobody can refill; otherwise
        something that no reader is ever given."""
        self._kept = 0
        self._is_elsewhere = False
        self._received: set[int] = set()
        """Tokens of the pages that came back, of all values: one that was kept is read once."""
        self._name = ""
        self._home = getpid()
        self.notes = open_notes()
        self.read = CountedReader(read, self)
        """What a contestant gets: it counts, and offers nothing else."""

    def begin(self) -> float:
        """Return the time, at which reading of a page begins."""
        began = perf_counter()
        if not self._first_at:
            self._first_at = began
        return began

    def meet(self, body: Buffer) -> None:
        """Note whether a page, or its first piece, is the very object of an earlier crawl."""
        given = body.obj if type(body) is memoryview else body  # each view is new
        if self._first is None:
            self._first = given
        if given is self._former:
            self._kept += 1

    def receive(self, page: Page, size: int, token: int) -> None:
        """Count a page of this size that was read elsewhere, unless it has come back before."""
        if token not in self._received:
            self._received.add(token)
            self._is_elsewhere = True
            self.count(page, size, perf_counter())

    def count(self, page: Page, size: int, began: float, seconds: float = 0.0) -> None:
        """Count a page that has just been read.

        Args:
            page: what it holds.
            size: the size of its body, in bytes.
            began: when reading it began.
            seconds: CPU time that it took, as far as it is known.

        Raises:
            OSError: this is a forked child that has closed what it inherited, on a system where
                that cannot be opened again.
        """
        self._last_at = perf_counter()
        if getpid() != self._home:
            if not self.notes.leave(len(page.items), size, self._last_at):
                raise OSError(EBADF, "the file in which site.read notes its pages was closed")
            return
        # A thread may have the identity of one that has ended; it goes on with its sums.
        thread = get_ident()
        spent = self._spent.get(thread)
        if spent is None:
            spent = self._spent[thread] = [0, 0, 0, 0.0]
        spent[0] += 1
        spent[1] += len(page.items)
        spent[2] += size
        spent[3] += seconds
        if len(self._told) < MAX_TOLD:
            self._told.append((began, page.links))

    def name(self) -> str:
        """Return the name by which other processes send pages back."""
        self._name = self._name or secrets.token_hex(16)
        counters[self._name] = self
        return self._name

    def look(self) -> Reading:
        """Return what was read since the last `forget`."""
        noted = self.notes.look()
        spent = list(self._spent.values())  # a thread that was left behind may still add to them
        return Reading(
            pages=int(sum(each[0] for each in spent)) + len(noted),
            items=int(sum(each[1] for each in spent)) + sum(items for items, _, _ in noted),
            bytes=int(sum(each[2] for each in spent)) + sum(size for _, size, _ in noted),
            first_at=0.0 if noted or self._is_elsewhere else self._first_at,
            last_at=max(self._last_at, *(at for _, _, at in noted), 0.0),
            parse_s=sum(each[3] for each in spent),
            kept=self._kept,
            told=[]
            if noted or self._is_elsewhere
            else [_first_told(pages) for pages in self._crawls if pages],
        )

    def begin_crawl(self) -> None:
        """Count what is read from now on as another crawl's."""
        # Python may use the same object for all equal bytes that have at most one byte.
        is_telling = type(self._first) is bytes and len(self._first) > 1
        self._former, self._first = self._first if is_telling else self, None
        if self._told:  # else the last list is still unused
            self._told = []
            self._crawls.append(self._told)

    def forget(self) -> None:
        """Start counting from zero."""
        self._first_at = self._last_at = 0.0
        self._is_elsewhere, self._kept = False, 0
        self._told = []
        self._crawls = [self._told]
        self._spent.clear()
        self.notes.clear()


class CountedReader:
    """A site's reader whose calls are counted."""

    def __init__(self, read: Reader, counter: PageCounter) -> None:
        """Let a counter know what this reader reads."""
        self._read = read
        self._counter = counter
        if hasattr(read, "open"):  # without it, `Site.stream` gathers the pieces and calls us
            self.open = self._open

    def __call__(self, address: str, body: Buffer) -> Page:
        """Read a page."""
        counter = self._counter
        counter.meet(body)
        began = counter.begin()
        start = thread_time()
        page = self._read(address, body)
        counter.count(page, len(body), began, thread_time() - start)
        return page

    def _open(self, address: str) -> _CountedStream:
        """Begin a page; pieces are not timed, because timing would cost more than reading them."""
        self._counter.begin()
        return _CountedStream(self._read.open(address), self._counter)  # type: ignore[attr-defined]

    def __reduce__(self) -> tuple[object, ...]:
        """Make pickle send a reader whose pages are counted, too."""
        return arrive, (self._read, self._counter.name(), self._counter.notes)


class _CountedStream:
    """A page that is read piece by piece, and counted when it is complete.

    Its links are known only then: to open it early tells nobody an address.
    """

    __slots__ = ("_counter", "_feed", "_size", "_stream")

    def __init__(self, stream: PageStream, counter: PageCounter) -> None:
        self._stream = stream
        self._feed = stream.feed
        self._counter = counter
        self._size = 0

    def feed(self, piece: Buffer) -> None:
        if not self._size:
            self._counter.meet(piece)
        self._size += len(piece)
        self._feed(piece)

    def close(self) -> Page:
        began = perf_counter()
        page = self._stream.close()
        self._counter.count(page, self._size, began)
        return page


def _first_told(pages: list[tuple[float, tuple[str, ...]]]) -> dict[str, float]:
    """Return, by page that is linked to, when reading began of the first page that links to it.

    Args:
        pages: the pages of a crawl: for each, when reading it began, and its links.
    """
    told: dict[str, float] = {}
    for began, links in pages:
        for link in links:
            address = "/" + link.split("/", 3)[-1]
            told[address] = min(began, told.get(address, began))
    return told
