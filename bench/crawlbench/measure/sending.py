"""Readers that are sent to other processes, and the pages that come back (floor 3).

Imported by workers, and by every process to which a contestant sends its reader, hence it uses only
the standard library and our nouns.
"""

from __future__ import annotations

import secrets
from time import perf_counter
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from crawlbench.base.model import Buffer, Page

if TYPE_CHECKING:
    from crawlbench.base.model import Item, Reader
    from crawlbench.measure.notes import Notes
    from crawlbench.measure.reading import PageCounter

counters: WeakValueDictionary[str, PageCounter] = WeakValueDictionary()
"""Counters of this process, by the name under which their readers were sent elsewhere."""


def arrive(read: Reader, name: str, notes: Notes) -> Reader:
    """Return a reader that was sent: in the process that sent it, and its forks, the same one."""
    counter = counters.get(name)
    return counter.read if counter else _SentReader(read, name, notes)


class _SentReader:
    """A counted reader in the process that it was sent to."""

    def __init__(self, read: Reader, name: str, notes: Notes) -> None:
        self._read = read
        self._name = name
        self._notes = notes

    def __call__(self, address: str, body: Buffer) -> Page:
        page = self._read(address, body)
        if self._notes.leave(len(page.items), len(body), perf_counter()):
            return page
        token = secrets.randbits(64)
        return _SentPage(page.items, page.links, (self._name, len(body), token))

    def __reduce__(self) -> tuple[object, ...]:
        return arrive, (self._read, self._name, self._notes)


class _SentPage(Page):
    """A page on its way back to the process that sent the reader."""

    __slots__ = ("_origin",)

    _origin: tuple[str, int, int]
    """The counter's name, the size of the page, and a token for this reading of it."""

    def __init__(
        self, items: tuple[Item, ...], links: tuple[str, ...], origin: tuple[str, int, int]
    ) -> None:
        super().__init__(items, links)
        object.__setattr__(self, "_origin", origin)

    def __reduce__(self) -> tuple[object, ...]:
        return _receive, (self.items, self.links, self._origin)


def _receive(items: tuple[Item, ...], links: tuple[str, ...], origin: tuple[str, int, int]) -> Page:
    """Return a page from elsewhere, counted if this process sent the reader."""
    name, size, token = origin
    counter = counters.get(name)
    if counter is None:  # the page only passes through here
        return _SentPage(items, links, origin)
    page = Page(items, links)
    counter.receive(page, size, token)
    return page
