"""Another edition of a site's pages, in which a title on each differs (floor 2).

Every other crawl of a warmup is served it: who returns what an earlier crawl has found, or has the
bodies read that an earlier crawl has fetched, returns the titles of the wrong edition.
"""

from __future__ import annotations

import random
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
"""Pages that differ, which takes some milliseconds each; of larger sites they are drawn."""
MAX_TRIES = 4
"""Titles of a page that are tried: one may not stand in the page as a crawl returns it."""
ORIGIN = "http://mirror"
"""Whatever it is, a page's address begins with it."""
PARSERS = {"html": "lxml", "json": "json"}


@dataclass(frozen=True, slots=True)
class Edition:
    """What differs."""

    bodies: Mapping[str, bytes] = field(default_factory=dict)
    """By the address of the page."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """By the item's rank."""


def make_edition(spec: SiteSpec, pages: PageSource, seed: int) -> Edition:
    """Return another edition of a site; an empty one where no title can be changed.

    Of large sites there is none: their items are tallied, and no tally tells what was kept.

    Args:
        spec: of the site.
        pages: of it.
        seed: that draws the pages.
    """
    bodies: dict[str, bytes] = {}
    titles: dict[str, str] = {}
    parser = registry.load(registry.Kind.PARSER, PARSERS[spec.media])
    for address in () if spec.is_large else _draw(spec, pages, seed):
        _, body = pages.read(address)
        with suppress(Exception):  # it is read with what a user wrote: it stays as it is
            read = parser(spec)
            changed = _change(read, address, body, spec.encoding)
            if changed:
                bodies[address], item = changed
                titles[str(item.rank)] = item.title
    return Edition(bodies, titles)


def _draw(spec: SiteSpec, pages: PageSource, seed: int) -> list[str]:
    """Return the pages that shall differ, as the source names them; the first is among them."""
    first = pages.find(spec.path)
    addresses = pages.addresses() if isinstance(pages, ListedSource) else []
    others = [address for address in addresses if address != first]
    most = min(len(others), MAX_PAGES - 1)
    drawn = random.Random(f"edition/{seed}").sample(others, most)
    return [first, *drawn] if first is not None else drawn


def _change(read: Reader, address: str, body: bytes, encoding: str) -> tuple[bytes, Item] | None:
    """Return a page in which one title is another, and its item; None if that does not succeed.

    What is changed is read again: nothing but that title may differ.
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
    """Return a title with two letters beside each other exchanged; the same if there are none.

    So it has as many bytes as before, and nothing that its encoding or markup does not know.
    """
    for place, (first, second) in enumerate(pairwise(title)):
        if first != second and first.isalnum() and second.isalnum():
            return title[:place] + second + first + title[place + 2 :]
    return title
