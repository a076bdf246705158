"""Pages in which one title is another: what a site's other edition is made of (floor 1)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from crawlbench.base.model import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.model import Item

MAX_TRIES = 4
"""How many titles of a page to try: not every title is in the page as a crawl returns it."""


def change_titles(page: Page, body: bytes, encoding: str) -> Iterator[tuple[bytes, Page, Item]]:
    """Yield bodies in which one title has changed, what should be read there, and its item.

    Nobody has read them yet: whoever serves one must see that nothing but that title differs.

    Args:
        page: as it was read.
        body: that it was read from.
        encoding: of the body.
    """
    longest = sorted(page.items, key=lambda item: len(item.title), reverse=True)
    for item in longest[:MAX_TRIES]:
        with suppress(Exception):  # raised by what a user wrote: this title stays as it is
            other = replace(item, title=_swap_letters(item.title))
            changed = body.replace(item.title.encode(encoding), other.title.encode(encoding))
            if changed != body:
                items = tuple(other if one is item else one for one in page.items)
                yield changed, Page(items, page.links), other


def _swap_letters(title: str) -> str:
    """Return a title with two neighbouring letters exchanged; unchanged if there are none.

    It keeps its length in bytes, and needs nothing new of its encoding or markup.
    """
    for place, (first, second) in enumerate(pairwise(title)):
        if first != second and first.isalnum() and second.isalnum():
            return title[:place] + second + first + title[place + 2 :]
    return title
