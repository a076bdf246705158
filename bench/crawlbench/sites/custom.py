"""A user's own site: a TOML file, a folder of pages, and what `mirror verify` found (floor 1).

`--site ./site.toml` comes here by the family `*.toml` of the entry points.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawlbench.errors import UsageError
from crawlbench.model import Item, SiteSpec
from crawlbench.sites.addresses import Addresses, split_origin
from crawlbench.sites.expected import (
    Expected,
    compute_fingerprint,
    expected_path,
    load_expected,
)
from crawlbench.sites.manifest import FolderPages, Manifest, decode_manifest
from crawlbench.sites.sitefile import SiteFile, field_types, load_site_file, make_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["CustomSite", "load_site", "open_site"]

REMEDY = "import or record the pages again"

_RANK_BITS = 52  # JSON's numbers are exact up to 2**53

Key = tuple[object, ...]
"""An item's values without its rank, the title first."""


@dataclass(frozen=True, slots=True)
class CustomSite:
    """A site file and all that it leads to."""

    spec: SiteSpec
    file: SiteFile
    manifest: Manifest
    addresses: Addresses
    fingerprint: str
    """Of the file and the pages."""
    derives_ranks: bool
    """The items have no rank of their own."""


def load_site(name: str) -> SiteSpec:
    """Return the site of a TOML file, whose path is the site's name.

    Raises:
        UsageError: the file, its pages or its expectation cannot be used.
    """
    return open_site(name).spec


def open_site(name: str, *, is_verified: bool = True) -> CustomSite:
    """Read a site file, the list of its pages and, if wanted, its expectation.

    Args:
        name: path of the TOML file.
        is_verified: False leaves the expectation out, as for a site that is about to be verified.

    Raises:
        UsageError: the file, its pages or its expectation cannot be used.
    """
    path = Path(name)
    file = load_site_file(path)
    folder = path.parent / file.pages
    manifest = decode_manifest(folder, REMEDY)
    addresses = Addresses(file.addresses, manifest.pages)
    start = addresses.page_address(split_origin(file.start)[1])
    if not start:
        raise UsageError(f"{name}: the start {file.start!r} is no page in {folder}; {REMEDY}")
    fingerprint = compute_fingerprint(file, manifest)
    expectation = _Expectation(name, fingerprint, load_expected(expected_path(path)))
    if not is_verified:
        expectation.current = None
    types = field_types(file)
    item_type = _make_item_type(types, expectation.current)
    spec = SiteSpec(
        name=name,
        path=start,
        kinds=make_kinds(file),
        item_type=item_type,
        page_address=addresses.page_address,
        expected_items=lambda: expectation.make_items(item_type),
        expected_pages=expectation.current.pages if expectation.current else 0,
        pages=lambda: FolderPages(folder, addresses.page_address, REMEDY),
        encoding=file.encoding,
    )
    return CustomSite(spec, file, manifest, addresses, fingerprint, "rank" not in types)


class _Expectation:
    """What was verified, if it was this."""

    def __init__(self, name: str, fingerprint: str, expected: Expected | None) -> None:
        is_current = expected is not None and expected.fingerprint == fingerprint
        self.current = expected if is_current else None
        self._failure = (
            f"the site {name!r} is not verified"
            if expected is None
            else f"the site {name!r} was changed after it was verified"
        )
        self._remedy = f"run: crawlbench mirror verify {name}"

    def make_items(self, item_type: type[Item]) -> Iterator[Item]:
        if self.current is None:
            raise UsageError(f"{self._failure}, so that nobody knows its items; {self._remedy}")
        names = self.current.fields
        return (item_type(**dict(zip(names, row, strict=True))) for row in self.current.rows)


def _make_item_type(types: dict[str, type], expected: Expected | None) -> type[Item]:
    """Return the type of the site's items; one without ranks of its own derives them."""
    own = [(name, kind) for name, kind in types.items() if name not in {"rank", "title"}]
    if "rank" in types:
        return make_dataclass("OwnItem", own, bases=(Item,), frozen=True, slots=True, order=True)
    names = [name for name in types if name != "rank"]
    rank_of = _make_ranking(expected)

    def initialise(self: Item, rank: int | None = None, **values: Any) -> None:  # noqa: ANN401
        key = tuple(values[name] for name in names)
        object.__setattr__(self, "rank", rank_of(key) if rank is None else rank)
        for name, value in zip(names, key, strict=True):
            object.__setattr__(self, name, value)

    return make_dataclass(
        "OwnItem",
        own,
        bases=(Item,),
        namespace={"__init__": initialise},
        init=False,
        frozen=True,
        slots=True,
        order=True,
    )


def _make_ranking(expected: Expected | None) -> Callable[[Key], int]:
    """Return what gives an item a rank by what it holds, so that no concurrency can change it.

    An expected item has the place at which `mirror verify` met it. Any other gets a number from a
    hash of its values, beyond all places.
    """
    places: dict[Key, int] = {}
    for row in expected.rows if expected else ():
        places.setdefault(tuple(row[1:]), row[0])

    def rank_of(key: Key) -> int:
        place = places.get(key)
        if place is not None:
            return place
        text = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
        return (1 << _RANK_BITS) | (int.from_bytes(digest, "big") >> (64 - _RANK_BITS))

    return rank_of
