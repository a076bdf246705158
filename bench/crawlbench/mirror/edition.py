"""Another edition of a site's pages, in which a title on each differs (floor 2).

Every other crawl of a warmup is served it. Whoever returns what an earlier crawl found, or reads
the bodies that an earlier crawl fetched, returns titles of the wrong edition.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from crawlbench.base.model import ListedSource, Page
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.base.model import Item, PageSource, Reader, SiteSpec

__all__ = ["Edition", "make_edition"]

MAX_PAGES = 16
"""How many pages differ; of larger sites they are drawn. Each takes some milliseconds."""
MAX_S = 3.0
"""After this no further page is begun: the manager waits, and a user's site may be slow."""
MAX_TRIES = 4
"""How many titles of a page to try: not every title is in the page as a crawl returns it."""
ORIGIN = "http://mirror"
"""What addresses begin with; it does not matter here."""
PARSERS = {"html": "lxml", "json": "json"}


@dataclass(frozen=True, slots=True)
class Edition:
    """What differs from the site as it is."""

    bodies: Mapping[str, bytes] = field(default_factory=dict)
    """Bodies by the address of their page."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Titles by the rank of their item."""


def make_edition(spec: SiteSpec, pages: PageSource, seed: int) -> Edition:
    """Return another edition of a site; an empty one if no title can be changed.

    Large sites have none: their items are tallied, and a tally does not show what was kept.

    Args:
        spec: of the site.
        pages: of the site.
        seed: draws the pages.
    """
    deadline = time.monotonic() + MAX_S
    bodies: dict[str, bytes] = {}
    titles: dict[str, str] = {}
    parser = registry.load(registry.Kind.PARSER, PARSERS[spec.media])
    for address in () if spec.is_large else _draw(spec, pages, seed):
        if time.monotonic() > deadline:
            break
        _, body = pages.read(address)
        with suppress(Exception):  # raised by what a user wrote: the page stays as it is
            read = parser(spec)
            changed = _change(read, address, body, spec.encoding)
            if changed:
                bodies[address], item = changed
                titles[str(item.rank)] = item.title
    return Edition(bodies, titles)


def _draw(spec: SiteSpec, pages: PageSource, seed: int) -> list[str]:
    """Return the pages that should differ, as the source names them, with the site's first."""
    first = pages.find(spec.path)
    addresses = pages.addresses() if isinstance(pages, ListedSource) else []
    others = [address for address in addresses if address != first]
    most = min(len(others), MAX_PAGES - 1)
    drawn = random.Random(f"edition/{seed}").sample(others, most)
    return [first, *drawn] if first is not None else drawn


def _change(read: Reader, address: str, body: bytes, encoding: str) -> tuple[bytes, Item] | None:
    """Return a page in which one title has changed, and its item; None if that fails.

    The changed page is read again: nothing but that title may differ.
    """
    at = ORIGIN + address
    page = read(at, body)
    longest = sorted(page.items, key=lambda item: len(item.title), reverse=True)
    for item in longest[:MAX_TRIES]:
        other = replace(item, title=_swap_letters(item.title))
        changed = body.replace(item.title.encode(encoding), other.title.encode(encoding))
        due = tuple(other if one is item else one for one in page.items)
        if changed != body and read(at, changed) == Page(due, page.links):
            return changed, other
    return None


def _swap_letters(title: str) -> str:
    """Return a title with two neighbouring letters exchanged; unchanged if there are none.

    It keeps its length in bytes, and needs nothing new of its encoding or markup.
    """
    for place, (first, second) in enumerate(pairwise(title)):
        if first != second and first.isalnum() and second.isalnum():
            return title[:place] + second + first + title[place + 2 :]
    return title
