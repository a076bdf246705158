"""Doors of a mirror: each cell comes in by its own, which shows whose requests they are (floor 2).

A door is a port with its own counters. In a span one door is in use: that of the cell whose turn it
is. A request that comes in by another door is counted there, and reported as a stray.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Protocol

from crawlbench.base.counters import Counters
from crawlbench.mirror.clock import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawlbench.mirror.rendered import Rendered
    from crawlbench.mirror.request import Request

MAIN = ""
"""The name of the door that every mirror has, for clients without a door of their own."""
KNOWN_REQUESTS = 2_048  # complete requests of a door that are not parsed again
ALL_KNOWN_REQUESTS = 65_536  # over all doors, at a few hundred bytes each
MAX_KNOWN_BYTES = 2_048


class Listening(Protocol):
    """Something that accepts connections at a socket."""

    def close(self) -> None:
        """Accept no more connections, and close the socket."""


class Known:
    """A request for a page that came before, and its answer."""

    __slots__ = ("recall", "request")

    def __init__(self, request: Request) -> None:
        """Remember what was asked, but no answer yet."""
        self.request = request
        self.recall: Callable[[], Rendered | None] = _forget
        """Returns the answer that was sent last, unless the store of answers has given it up."""

    def learn(self, answer: Rendered) -> Rendered:
        """Remember the answer as long as it is kept, and return it."""
        self.recall = weakref.ref(answer)
        return answer


def _forget() -> None:
    """Return no answer."""


class Door:
    """Where the requests of one owner come in."""

    __slots__ = ("_doors", "counters", "known", "listeners", "name", "origin")

    def __init__(self, name: str, doors: Doors) -> None:
        """Be shut until something listens for it."""
        self.name = name
        """Its owner's name."""
        self.origin = ""
        """Its address, once it is open."""
        self.counters = Counters(begun_at=now())
        self.known: dict[bytes, Known] = {}
        """Requests for pages that came before, by all their bytes."""
        self._doors = doors
        self.listeners: list[Listening] = []

    def remember(self, head: bytes, request: Request) -> None:
        """Remember what a complete request means, if it asks for a page and may come again.

        Args:
            head: all its bytes, including a body.
            request: what they mean.
        """
        if request.page is None or request.closes or request.expects or not request.is_allowed:
            return
        ends_with_head = head.find(b"\r\n\r\n") == len(head) - 4
        if len(head) > MAX_KNOWN_BYTES or not (ends_with_head or request.body):
            return
        # Nobody needs to know which are the oldest: what still comes is known again once parsed.
        if len(self.known) >= min(KNOWN_REQUESTS, ALL_KNOWN_REQUESTS // len(self._doors)):
            self.known.clear()
        self.known[head] = Known(request)

    def count_anew(self) -> Counters:
        """Start new counters, and return what was counted so far."""
        counters, self.counters = self.counters, Counters(begun_at=now())
        return counters

    def shut(self) -> None:
        """Let nobody in any more."""
        listeners, self.listeners = self.listeners, []
        for listening in listeners:
            listening.close()


class Tracked(asyncio.Protocol):
    """A client's connection of any protocol; times are those of `clock.now`."""

    __slots__ = ("_transport", "active", "crawl", "door", "number", "opened", "span")
    _transport: asyncio.Transport

    def __init__(self, door: Door, opened: float | None = None) -> None:
        """Come in by a door, and count there; `opened` says when, None means just now."""
        self.door = door
        self.opened = opened or now()
        self.active = now()
        """When something last moved."""
        self.number = 0
        """Its number within the span, from 1."""
        self.span: Counters | None = None
        """The last span in which it brought a request."""
        self.crawl = 0
        """Number of the crawl of that span whose requests it brings, from 0."""

    def drop_if_idle(self, since: float) -> None:
        """Drop the connection if nothing has moved since then and nothing is due."""
        raise NotImplementedError

    def drop(self) -> None:
        """Close without sending what the client has not yet taken."""
        self._transport.abort()


class Doors:
    """All doors of a mirror, and which of them is in use."""

    def __init__(self) -> None:
        """Start with the main door alone."""
        self.main = Door(MAIN, self)
        self._doors = {MAIN: self.main}
        self.in_use = self.main
        self._early: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many doors there are."""
        return len(self._doors)

    def __iter__(self) -> Iterator[Door]:
        """Yield each door."""
        return iter(list(self._doors.values()))

    def find(self, name: str) -> Door | None:
        """Return the door with this name, if there is one."""
        return self._doors.get(name)

    def add(self, name: str) -> Door:
        """Return a new door with this name."""
        door = self._doors[name] = Door(name, self)
        return door

    def remove(self, name: str) -> Door | None:
        """Forget a door, and return it if it existed; the main one stays."""
        if name == MAIN:
            return None
        door = self._doors.pop(name, None)
        if door is self.in_use:
            self.in_use = self.main
        return door

    def begin(self, name: str) -> None:
        """Start a span in which this door is in use, or the main one if there is no such door."""
        self.in_use = self._doors.get(name, self.main)
        # What came by this door since its last span may be its warmups: it is no part of this span,
        # and nobody's stray.
        self.in_use.count_anew()
        self._early = self._count_strays()[0]

    def end(self) -> tuple[Counters, int]:
        """Return what was counted since `begin`, and the bytes that were sent to strays.

        The span of the main door goes on, so that a client without a door may ask again.
        """
        strays, stray_bytes = self._count_strays()
        is_main = self.in_use is self.main
        counters = self.main.counters if is_main else self.in_use.count_anew()
        counters.strays = strays
        counters.early, self._early = self._early, {}
        return counters, stray_bytes

    def _count_strays(self) -> tuple[dict[str, int], int]:
        """Return the requests at doors that are not in use, and the bytes of their answers.

        These doors start new counters.
        """
        strays, sent_bytes = {}, 0
        for door in self:
            if door is not self.in_use and door.counters.requests:
                counted = door.count_anew()
                strays[door.name] = counted.requests
                sent_bytes += counted.wire_bytes
        return strays, sent_bytes
