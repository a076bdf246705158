"""Counts what a strategy reads, in whatever thread or process it does so (floor 3).

Imported by workers, hence it uses only the standard library and our nouns. A forked child leaves a
note for each page in a file that all children share; a child to which the reader was sent returns
pages that are counted when they arrive.
"""

from __future__ import annotations

import os
import secrets
import struct
import tempfile
from dataclasses import dataclass, field
from os import getpid
from threading import get_ident
from time import perf_counter, thread_time
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from crawlbench.base.model import Buffer, Page

if TYPE_CHECKING:
    from crawlbench.base.model import Item, PageStream, Reader

_NOTE = struct.Struct("<QQd")
"""What a forked child notes for each page: its items, its bytes, and when it had been read."""

MAX_TOLD = 2_000
"""Pages of a crawl whose links are noted."""

_readers: WeakValueDictionary[str, CountedReader] = WeakValueDictionary()
"""Readers, by the name under which they were sent elsewhere."""


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
    elsewhere, when they did."""
    parse_s: float = 0.0
    """CPU seconds in the reader, in this process, without pages read piece by piece."""
    kept: int = 0
    """Pages that were read from the same bytes object as the first page of the previous crawl."""
    told: list[dict[str, float]] = field(default_factory=list)
    """A dictionary for each crawl: the address of a page, without its origin, to the time when
    reading began of the first page that links to it. Empty if that is not known of all pages."""


class CountedReader:
    """A site's reader that counts its calls, at the cost of three clock calls per page."""

    def __init__(self, read: Reader) -> None:
        """Count what this reader reads."""
        self._read = read
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
        self._name = ""
        self._home = getpid()
        self._notes = _open_notes()
        if hasattr(read, "open"):  # without it, `Site.stream` gathers the pieces and calls us
            self.open = self._open

    def __call__(self, address: str, body: Buffer) -> Page:
        """Read a page."""
        self.meet(body)
        began = perf_counter()
        if not self._first_at:
            self._first_at = began
        start = thread_time()
        page = self._read(address, body)
        self.count(page, len(body), began, thread_time() - start)
        return page

    def _open(self, address: str) -> _CountedStream:
        """Begin a page; pieces are not timed, because timing would cost more than reading them."""
        self._first_at = self._first_at or perf_counter()
        return _CountedStream(self._read.open(address), self)  # type: ignore[attr-defined]

    def meet(self, body: Buffer) -> None:
        """Note whether a page, or its first piece, is the very object of an earlier crawl."""
        given = body.obj if type(body) is memoryview else body  # each view is new
        if self._first is None:
            self._first = given
        if given is self._former:
            self._kept += 1

    def receive(self, page: Page, size: int) -> None:
        """Count a page of this size that was read elsewhere."""
        self._is_elsewhere = True
        self.count(page, size, perf_counter())

    def count(self, page: Page, size: int, began: float, seconds: float = 0.0) -> None:
        """Count a page that has just been read.

        Args:
            page: what it holds.
            size: the size of its body, in bytes.
            began: when reading it began.
            seconds: CPU time that it took, as far as it is known.
        """
        self._last_at = perf_counter()
        if getpid() != self._home:
            # One small write to a file that was opened for appending is whole: no lock is needed.
            if self._notes is not None:
                os.write(self._notes, _NOTE.pack(len(page.items), size, self._last_at))
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

    def __reduce__(self) -> tuple[object, ...]:
        """Make pickle send a reader whose pages are counted when they come back."""
        self._name = self._name or secrets.token_hex(16)
        _readers[self._name] = self
        return _SentReader, (self._read, self._name)

    def look(self) -> Reading:
        """Return what was read since the last `forget`."""
        noted: list[tuple[int, int, float]] = []
        if self._notes is not None:
            notes = os.pread(self._notes, os.fstat(self._notes).st_size, 0)
            noted = list(_NOTE.iter_unpack(notes))
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
        if self._notes is not None:
            os.ftruncate(self._notes, 0)


class _CountedStream:
    """A page that is read piece by piece, and counted when it is complete.

    Its links are known only then: to open it early tells nobody an address.
    """

    __slots__ = ("_feed", "_reader", "_size", "_stream")

    def __init__(self, stream: PageStream, reader: CountedReader) -> None:
        self._stream = stream
        self._feed = stream.feed
        self._reader = reader
        self._size = 0

    def feed(self, piece: Buffer) -> None:
        if not self._size:
            self._reader.meet(piece)
        self._size += len(piece)
        self._feed(piece)

    def close(self) -> Page:
        began = perf_counter()
        page = self._stream.close()
        self._reader.count(page, self._size, began)
        return page


class _SentReader:
    """A counted reader in the process that it was sent to."""

    def __init__(self, read: Reader, name: str) -> None:
        self._read = read
        self._name = name

    def __call__(self, address: str, body: Buffer) -> Page:
        page = self._read(address, body)
        return _SentPage(page.items, page.links, self._name, len(body))

    def __reduce__(self) -> tuple[object, ...]:
        return _SentReader, (self._read, self._name)


class _SentPage(Page):
    """A page on its way back to the process that sent the reader."""

    __slots__ = ("_name", "_size")

    _name: str
    _size: int

    def __init__(
        self, items: tuple[Item, ...], links: tuple[str, ...], name: str, size: int
    ) -> None:
        super().__init__(items, links)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_size", size)

    def __reduce__(self) -> tuple[object, ...]:
        return _receive, (self.items, self.links, self._name, self._size)


def _receive(items: tuple[Item, ...], links: tuple[str, ...], name: str, size: int) -> Page:
    """Return a page from elsewhere, counted if this process sent the reader."""
    reader = _readers.get(name)
    if reader is None:  # the page only passes through here
        return _SentPage(items, links, name, size)
    page = Page(items, links)
    reader.receive(page, size)
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


def _open_notes() -> int | None:
    """Return the descriptor of a nameless file that all processes append to; None without fork."""
    if not hasattr(os, "fork"):
        return None
    descriptor, path = tempfile.mkstemp()
    os.close(descriptor)  # `mkstemp` does not open for appending
    appending = os.open(path, os.O_RDWR | os.O_APPEND)
    os.unlink(path)  # noqa: PTH108  (not our name any more)
    return appending
