"""Doors of a mirror: each cell comes in by its own, so that its requests are known (floor 2).

A door is a port, with counters of its own. In a span one door is in use: the cell's whose turn it
is. What comes in by another is counted there, and told as a stray's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crawlbench.base.counters import Counters
from crawlbench.mirror.clock import now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.mirror.request import Request

__all__ = ["MAIN", "Door", "Doors"]

MAIN = ""
"""The name of the door that every mirror has: of whoever has none of his own."""
KNOWN_REQUESTS = 2_048  # whole requests of a door that are not parsed again
ALL_KNOWN_REQUESTS = 65_536  # of all doors, some hundred bytes each
MAX_KNOWN_BYTES = 2_048


class Listening(Protocol):
    """What takes connections at a socket."""

    def close(self) -> None:
        """Take no more, and close the socket."""


class Door:
    """Where requests of one owner come in."""

    __slots__ = ("_doors", "counters", "known", "listeners", "name", "origin")

    def __init__(self, name: str, doors: Doors) -> None:
        """Be shut, until something listens for it."""
        self.name = name
        """Its owner's."""
        self.origin = ""
        """Where it is, once it is open."""
        self.counters = Counters(begun_at=now())
        self.known: dict[bytes, Request] = {}
        """Whole heads of requests for pages that came before."""
        self._doors = doors
        self.listeners: list[Listening] = []

    def remember(self, head: bytes, request: Request) -> None:
        """Remember what a whole request means, if it is one for a page that may come again.

        Args:
            head: all bytes of it, a body included.
            request: what they mean.
        """
        if request.page is None or request.closes or request.expects or not request.is_allowed:
            return
        ends_with_head = head.find(b"\r\n\r\n") == len(head) - 4
        if len(head) > MAX_KNOWN_BYTES or not (ends_with_head or request.body):
            return
        if len(self.known) >= min(KNOWN_REQUESTS, ALL_KNOWN_REQUESTS // len(self._doors)):
            self.known.clear()
        self.known[head] = request

    def count_anew(self) -> Counters:
        """Begin to count anew, and return what was counted so far."""
        counters, self.counters = self.counters, Counters(begun_at=now())
        return counters

    def shut(self) -> None:
        """Let nobody in any more."""
        listeners, self.listeners = self.listeners, []
        for listening in listeners:
            listening.close()


class Doors:
    """All doors of a mirror, and which of them is in use."""

    def __init__(self) -> None:
        """Have the main one alone."""
        self.main = Door(MAIN, self)
        self._doors = {MAIN: self.main}
        self.in_use = self.main
        self._early: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._doors)

    def __iter__(self) -> Iterator[Door]:
        """Yield each."""
        return iter(list(self._doors.values()))

    def find(self, name: str) -> Door | None:
        """Return the door of that name, if there is one."""
        return self._doors.get(name)

    def add(self, name: str) -> Door:
        """Return a new door of that name."""
        door = self._doors[name] = Door(name, self)
        return door

    def remove(self, name: str) -> Door | None:
        """Forget a door, and return it if it was there; the main one stays."""
        if name == MAIN:
            return None
        door = self._doors.pop(name, None)
        if door is self.in_use:
            self.in_use = self.main
        return door

    def begin(self, name: str) -> None:
        """Start a span in which that door is in use, or the main one if there is none such."""
        self.in_use = self._doors.get(name, self.main)
        self.in_use.count_anew()  # whose turn it is next may have taken its warmups
        self._early = self._count_strays()[0]

    def end(self) -> tuple[Counters, int]:
        """Return what was counted since `begin`, and the bytes that were sent to strays.

        By the main door the span goes on, so that whoever has no other may ask again.
        """
        strays, stray_bytes = self._count_strays()
        is_main = self.in_use is self.main
        counters = self.main.counters if is_main else self.in_use.count_anew()
        counters.strays = strays
        counters.early, self._early = self._early, {}
        return counters, stray_bytes

    def _count_strays(self) -> tuple[dict[str, int], int]:
        """Return the requests by doors that are not in use, and the bytes of their answers.

        These doors count anew from then on.
        """
        strays, sent_bytes = {}, 0
        for door in self:
            if door is not self.in_use and door.counters.requests:
                counted = door.count_anew()
                strays[door.name] = counted.requests
                sent_bytes += counted.wire_bytes
        return strays, sent_bytes
