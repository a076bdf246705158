"""Tells whether two crawls returned the same items, and where they first differ (floor 0).

A crawl that fits in memory is compared row by row; a larger one is tallied as its items come.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from crawlbench.base.text import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crawlbench.base.model import Item

STRETCH = 1000
"""How many ranks a tally sums up together, and so how precisely it says where a crawl differs."""

MAX_STRETCHES = 10_000
"""Ranks beyond this, which no site has, share one sum, so that a tally stays small."""

_MODULUS = 2**128

Row = list[object]
"""An item's fields in the order of its type, the rank first; survives JSON unchanged."""


def as_rows(items: Iterable[Item]) -> list[Row]:
    """Return the items as rows in order of rank, so that concurrency cannot change the result.

    `astuple` would copy each value, and this runs after every value of a session.

    Raises:
        TypeError: something among them is no item.
    """
    # A contestant may mix types, even its own: that is a wrong answer, and no error of ours.
    items = list(items)
    try:
        ordered = sorted(items, key=attrgetter("rank"))
    except AttributeError as error:
        odd = next(item for item in items if not hasattr(item, "rank"))
        raise TypeError(refuse_item(odd)) from error
    except TypeError:
        ordered = sorted(items, key=lambda item: repr(item.rank))
    names = {kind: field_names(kind) for kind in {type(item) for item in ordered}}
    return [[getattr(item, name) for name in names[type(item)]] for item in ordered]


def refuse_item(odd: object) -> str:
    """Return a sentence about something that a crawl returned for an item."""
    return f"the crawl returned {odd!r:.60} for an item; return those that site.read found"


def digest_rows(rows: Sequence[Row]) -> str:
    """Return the SHA-256 hash of rows, in hexadecimal."""
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair, which UTF-8 lacks, is a wrong answer, too.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def first_difference(found: Sequence[Row], expected: Sequence[Row], names: Sequence[str]) -> str:
    """Return a sentence that says where found rows first differ from the expected ones.

    Args:
        found: rows in order of rank.
        expected: the rows of a correct crawl, in the same order.
        names: names of the fields, in the order of a row.
    """
    known = {row[0] for row in expected}
    by_rank = {row[0]: row for row in found if _is_in(known, row[0])}
    odd = next((row for row in found if not _is_in(known, row[0])), None)
    counts = _count_odd(len(found), len(expected))
    for row in expected:
        other = by_rank.get(row[0])
        if other is None:
            # As many as are due: then what came in its place says more than the number.
            named = "".join(f" ({title})" for title in odd[1:2]) if odd else ""
            came = f", and rank {odd[0]!r}{named} came" if odd and not counts else ""
            return f"{counts}rank {row[0]} ({row[1]}) is missing{came}"
        # A strict `zip` would raise about what is only a wrong answer.
        if len(other) != len(row):
            return (
                f"rank {row[0]} has {count_of(len(other), 'field')} instead of {len(row)}; return "
                "the items that site.read found"
            )
        for name, seen, right in zip(names, other, row, strict=True):
            if seen != right:
                return f"rank {row[0]} has {name} {seen!r} instead of {right!r}"
    return f"{counts}rank {odd[0]} does not exist" if odd else f"{counts}some came more than once"


def _is_in(known: set[object], rank: object) -> bool:
    """Return whether a rank is known; a contestant's may be anything."""
    return isinstance(rank, Hashable) and rank in known


def _count_odd(found: int, expected: int) -> str:
    """Return how many items came, to begin a sentence; empty if it is as many as are due."""
    return f"{count_of(found, 'item')} instead of {expected}: " if found != expected else ""


class Tally:
    """A running sum over items that needs little memory and does not depend on their order.

    Each item adds a 128-bit hash of its row. As far as a hash can tell, two crawls agree if and
    only if they returned the same items equally often.
    """

    def __init__(self, item_type: type[Item]) -> None:
        """Start at zero, for items of this type."""
        self._values: Callable[[Item], object] = attrgetter(*field_names(item_type))
        self._stretches: dict[int, list[int]] = {}

    def append(self, item: Item) -> None:
        """Add one item.

        Raises:
            TypeError: it is none of the site's.
        """
        try:
            values = self._values(item)
        except AttributeError as error:
            raise TypeError(refuse_item(item)) from error
        row = ascii(values).encode()  # the same on all versions, unlike repr
        value = int.from_bytes(hashlib.blake2b(row, digest_size=16).digest(), "big")
        number = (item.rank - 1) // STRETCH
        # Not `setdefault`, which takes a new list each time: this runs inside the clock.
        stretch = self._stretches.get(number)
        if stretch is None:
            stretch = self._open_stretch(number)
        stretch[0] += 1
        # A sum: with exclusive or, an item that came twice would cancel out.
        stretch[1] = (stretch[1] + value) % _MODULUS

    def _open_stretch(self, number: int) -> list[int]:
        # A strategy that makes ranks up must not fill the memory.
        if not 0 <= number < MAX_STRETCHES:
            number = MAX_STRETCHES
        return self._stretches.setdefault(number, [0, 0])

    def extend(self, items: Iterable[Item]) -> None:
        """Add all items as they come."""
        for item in items:
            self.append(item)

    def digest(self) -> str:
        """Return the count and the total sum, as text."""
        count = sum(stretch[0] for stretch in self._stretches.values())
        total = sum(stretch[1] for stretch in self._stretches.values()) % _MODULUS
        return f"{count}:{total:032x}"

    def as_rows(self) -> list[Row]:
        """Return a row for each stretch of ranks: its first rank, items, and their sum in hex."""
        return [
            [number * STRETCH + 1, count, f"{total:032x}"]
            for number, (count, total) in sorted(self._stretches.items())
        ]


def first_odd_stretch(found: Sequence[Row], expected: Sequence[Row]) -> str:
    """Return a sentence that says where a tally's rows first differ from the expected ones.

    Args:
        found: rows as `Tally.as_rows` returns them.
        expected: those of a correct crawl.
    """
    sums = [sum(cast("int", row[1]) for row in rows) for rows in (found, expected)]
    counts = _count_odd(*sums)
    seen = {cast("int", row[0]): row for row in found}
    for row in expected:
        first = cast("int", row[0])
        other = seen.pop(first, [first, 0, ""])
        where = f"ranks {first} to {first + STRETCH - 1}"
        if other[1] != row[1]:
            return f"{counts}{where} came {other[1]} times instead of {row[1]}"
        if other[2] != row[2]:
            return f"{counts}among {where} an item has another value"
    return f"{counts}some have ranks from {min(seen)} on, which do not exist"


def field_names(item_type: type[Item]) -> list[str]:
    """Return the names of the values in a row."""
    return [f.name for f in fields(item_type)]
