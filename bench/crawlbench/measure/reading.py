"""Counts what a strategy reads, in whatever thread or process it does so (floor 3).

Imported by workers, hence it uses only the standard library and our nouns. A forked child leaves a
note of eight bytes for each page in a file that all share; a child to which the reader was sent
returns pages that are counted when they arrive.
"""

from __future__ import annotations

import os
import secrets
import struct
import tempfile
from dataclasses import dataclass
from os import getpid
from threading import get_ident
from time import perf_counter, thread_time
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from crawlbench.base.model import Buffer, Page

if TYPE_CHECKING:
    from crawlbench.base.model import Item, PageStream, Reader

__all__ = ["CountedReader", "Reading"]

_NOTE = struct.Struct("<Q")
"""What a forked child notes for each page: how many items it has."""

_readers: WeakValueDictionary[str, CountedReader] = WeakValueDictionary()
"""Readers, by the name under which they were sent elsewhere."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read during a value."""

    pages: int = 0
    """In this process and in others, including threads and children."""
    items: int = 0
    """Items on those pages."""
    first_at: float = 0.0
    """When reading of the first page began, on the clock of `time.perf_counter`; 0 if any was read
    elsewhere, which leaves the time unknown."""
    parse_s: float = 0.0
    """CPU seconds in the reader, in this process, without pages read piece by piece."""
    kept: int = 0
    """Pages that were read from the very bytes from which the previous crawl read its first."""


class CountedReader:
    """A site's reader that counts its calls, at the cost of two clock calls per page."""

    def __init__(self, read: Reader) -> None:
        """Count what this reader reads."""
        self._read = read
        self._spent: dict[int, list[float]] = {}
        """Pages, items and CPU seconds by thread. Only that thread writes them, so no lock is
        needed."""
        self._first_at = 0.0
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
        given = body.obj if type(body) is memoryview else body
        if self._first is None:
            self._first = given
        if not self._first_at:
            self._first_at = perf_counter()
        if given is self._former:
            self._kept += 1
        start = thread_time()
        page = self._read(address, body)
        self._count(page, thread_time() - start)
        return page

    def _open(self, address: str) -> _CountedStream:
        """Begin a page; pieces are not timed, because timing would cost more than reading them."""
        self._first_at = self._first_at or perf_counter()
        return _CountedStream(self._read.open(address), self)  # type: ignore[attr-defined]

    def receive(self, page: Page) -> None:
        """Count a page that was read elsewhere."""
        self._is_elsewhere = True
        self._count(page)

    def _count(self, page: Page, seconds: float = 0.0) -> None:
        if getpid() != self._home:
            if self._notes is not None:
                os.write(self._notes, _NOTE.pack(len(page.items)))
            return
        thread = get_ident()
        spent = self._spent.get(thread)
        if spent is None:
            spent = self._spent[thread] = [0, 0, 0.0]
        spent[0] += 1
        spent[1] += len(page.items)
        spent[2] += seconds

    def __reduce__(self) -> tuple[object, ...]:
        """Be pickled as a reader whose pages are counted when they come back."""
        self._name = self._name or secrets.token_hex(16)
        _readers[self._name] = self
        return _SentReader, (self._read, self._name)

    def look(self) -> Reading:
        """Return what was read since the last `forget`."""
        noted: list[int] = []
        if self._notes is not None:
            notes = os.pread(self._notes, os.fstat(self._notes).st_size, 0)
            noted = [items for (items,) in _NOTE.iter_unpack(notes)]
        spent = list(self._spent.values())
        return Reading(
            int(sum(each[0] for each in spent)) + len(noted),
            int(sum(each[1] for each in spent)) + sum(noted),
            0.0 if noted or self._is_elsewhere else self._first_at,
            sum(each[2] for each in spent),
            self._kept,
        )

    def begin_crawl(self) -> None:
        """Count what is read from now on as another crawl's."""
        # Python may have only one object for bytes as short as that.
        is_telling = type(self._first) is bytes and len(self._first) > 1
        self._former, self._first = self._first if is_telling else self, None

    def forget(self) -> None:
        """Start counting from zero."""
        self._first_at, self._is_elsewhere, self._kept = 0.0, False, 0
        self._spent.clear()
        if self._notes is not None:
            os.ftruncate(self._notes, 0)


class _CountedStream:
    """A page that is read piece by piece, and counted when it is complete."""

    __slots__ = ("_reader", "_stream", "feed")

    def __init__(self, stream: PageStream, reader: CountedReader) -> None:
        self._stream = stream
        self._reader = reader
        self.feed = stream.feed  # called directly, because there are many pieces

    def close(self) -> Page:
        page = self._stream.close()
        self._reader._count(page)
        return page


class _SentReader:
    """A counted reader in the process that it was sent to."""

    def __init__(self, read: Reader, name: str) -> None:
        self._read = read
        self._name = name

    def __call__(self, address: str, body: Buffer) -> Page:
        page = self._read(address, body)
        return _SentPage(page.items, page.links, self._name)

    def __reduce__(self) -> tuple[object, ...]:
        return _SentReader, (self._read, self._name)


class _SentPage(Page):
    """A page on its way back to the process that sent the reader."""

    __slots__ = ("_name",)

    _name: str

    def __init__(self, items: tuple[Item, ...], links: tuple[str, ...], name: str) -> None:
        super().__init__(items, links)
        object.__setattr__(self, "_name", name)

    def __reduce__(self) -> tuple[object, ...]:
        return _receive, (self.items, self.links, self._name)


def _receive(items: tuple[Item, ...], links: tuple[str, ...], name: str) -> Page:
    """Return a page from elsewhere, counted if this process sent the reader."""
    reader = _readers.get(name)
    if reader is None:  # the page only passes through here
        return _SentPage(items, links, name)
    page = Page(items, links)
    reader.receive(page)
    return page


def _open_notes() -> int | None:
    """Return a file without a name, to which each process appends; None where nobody forks."""
    if not hasattr(os, "fork"):
        return None
    descriptor, path = tempfile.mkstemp()
    os.close(descriptor)
    appending = os.open(path, os.O_RDWR | os.O_APPEND)
    os.unlink(path)  # noqa: PTH108  (not our name any more)
    return appending
