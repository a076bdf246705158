"""Another edition of a site's pages, in which a title on each differs (floor 2).

Every other crawl of a warmup is served it. Whoever returns what an earlier crawl found, or reads
the bodies that an earlier crawl fetched, returns titles of the wrong edition.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawlbench.base.model import USUAL_PARSERS, ListedSource
from crawlbench.plugins import registry
from crawlbench.sites.titles import change_titles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawlbench.base.model import Item, PageSource, Reader, SiteSpec

MAX_PAGES = 16
"""Most pages that differ; on larger sites they are drawn. Each takes some milliseconds."""
MAX_S = 3.0
"""Seconds after which no further page is begun: the manager waits, and a site may be slow."""
ORIGIN = "http://mirror"
"""An origin for addresses; which one does not matter here."""


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
        spec: the site.
        pages: the site's pages.
        seed: decides which pages are drawn.
    """
    deadline = time.monotonic() + MAX_S
    bodies: dict[str, bytes] = {}
    titles: dict[str, str] = {}
    parser = registry.load(registry.Kind.PARSER, USUAL_PARSERS[spec.media])
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
    for changed, due, item in change_titles(read(at, body), body, encoding):
        if read(at, changed) == due:
            return changed, item
    return None
