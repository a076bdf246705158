"""The types of items that site files describe (floor 1).

A type is made from the names and types of its fields and nothing else, so that an item finds its
type again in any process that a strategy sends it to.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import make_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from crawlbench.base.digest import field_names
from crawlbench.base.model import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawlbench.base.digest import Row

_RANK_BITS = 52  # JSON's numbers are exact up to 2**53

Types = tuple[tuple[str, type], ...]
"""Names and types of all fields, rank and title first."""

Key = tuple[object, ...]
"""An item's values without its rank, the title first."""


@cache
def make_item_type(types: Types) -> type[Item]:
    """Return the type of items with these fields: always the same one, and they can be pickled."""

    def reduce(self: Item) -> tuple[Callable[..., Item], tuple[Types, tuple[object, ...]]]:
        return _restore, (types, tuple(getattr(self, name) for name in names))

    own = [(name, kind) for name, kind in types if name not in {"rank", "title"}]
    item_type = make_dataclass(
        "OwnItem",
        own,
        bases=(Item,),
        namespace={"__reduce__": reduce},
        frozen=True,
        slots=True,
        order=True,
    )
    # Known once the type is made, and before `reduce` is called.
    names = field_names(item_type)
    return item_type


def _restore(types: Types, values: tuple[object, ...]) -> Item:
    """Return an item that came from another process."""
    item_type: Any = make_item_type(types)
    item: Item = item_type(*values)
    return item


def make_ranked_type(item_type: type[Item], rows: Sequence[Row]) -> type[Item]:
    """Return a type that makes items from their values alone, and derives their ranks.

    Args:
        item_type: the type of what it makes.
        rows: of the expected items; none before they are known.
    """
    names = field_names(item_type)[1:]
    rank_of = _make_ranking(rows)

    # What this returns is not of the class that was called, so `__init__` is not called on it.
    def make(_: type, **values: Any) -> Item:  # noqa: ANN401  (of the fields' types)
        key = tuple(values[name] for name in names)
        return item_type(rank_of(key), *key)

    namespace = {"__new__": make, "__slots__": ()}
    return type("RankedItem", (item_type,), namespace)


def _unordered(values: Sequence[object]) -> Key:
    """Return an item's values, with the letters of the title in an order of their own."""
    title, *others = values
    return ("".join(sorted(str(title))), *others)


def _make_ranking(rows: Sequence[Row]) -> Callable[[Key], int]:
    """Return what gives an item a rank by its content, so that concurrency cannot change it.

    An expected item gets the place at which `mirror verify` met it, and so does it in the site's
    other edition, where letters of its title are exchanged. Any other gets a number from a hash of
    its values, beyond all places.
    """
    places: dict[Key, Any] = {}
    for row in rows:
        places.setdefault(tuple(row[1:]), row[0])

    @cache
    def altered() -> dict[Key, list[Any]]:  # on demand: only a warmup meets such titles
        ranks: dict[Key, list[Any]] = {}
        for row in rows:
            ranks.setdefault(_unordered(row[1:]), []).append(row[0])
        return ranks

    def rank_of(key: Key) -> int:
        place: int | None = places.get(key)
        if place is None:
            # Equal items, and titles of the same letters, keep one spelling: which is meant?
            ranks = altered().get(_unordered(key), [])
            place = ranks[0] if len(ranks) == 1 else None
        if place is not None:
            return place
        text = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
        # A page may hold half a surrogate pair, which JSON takes and UTF-8 does not.
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
        return (1 << _RANK_BITS) | (int.from_bytes(digest, "big") >> (64 - _RANK_BITS))

    return rank_of
