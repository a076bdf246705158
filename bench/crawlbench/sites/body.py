"""A site whose pages have the size that its name says, such as `body-64k` (floor 1).

Twenty pages with one item each: what changes along a sweep of sizes is the body and nothing else.
"""

from __future__ import annotations

import random
import re
from urllib.parse import urlsplit, urlunsplit

from crawlbench.errors import UsageError
from crawlbench.model import Field, Item, PageKind, SiteSpec

__all__ = ["PAGES", "make_site"]

PAGES = 20
SMALLEST_BYTES = 2048
LARGEST_BYTES = 16 * 2**20
_UNITS = {"": 1, "k": 2**10, "m": 2**20}
_TEXT = "the of and to in is that it was for on are as with his they at be this from"
_HEADERS = {"Content-Type": "text/html; charset=utf-8", "Connection": "keep-alive"}


def make_site(name: str) -> SiteSpec:
    """Return the site of that name.

    Raises:
        UsageError: the name says no size, or one that is too small or too large.
    """
    size = _read_size(name)
    return SiteSpec(
        name=name,
        path="/page/1",
        kinds=(
            PageKind(
                pattern=r"/page/\d+",
                items="//article",
                fields=(Field("rank", ".//em", int), Field("title", ".//h1", str)),
                links="//nav/a",
            ),
        ),
        item_type=Item,
        page_address=page_address,
        expected_items=lambda: [Item(number, _title(number)) for number in range(1, PAGES + 1)],
        expected_pages=PAGES,
        pages=lambda: _Pages(size),
    )


def page_address(address: str) -> str:
    """Give one page one spelling: without query and fragment."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _read_size(name: str) -> int:
    """Return the bytes that a name such as `body-64k` says."""
    found = re.fullmatch(r"body-(\d{1,9})([km]?)", name)
    size = int(found[1]) * _UNITS[found[2]] if found else 0
    if not SMALLEST_BYTES <= size <= LARGEST_BYTES:
        raise UsageError(
            f"site {name!r} has no size between {SMALLEST_BYTES} bytes and "
            f"{LARGEST_BYTES // 2**20} MiB; write one as body-64k or body-1m"
        )
    return size


def _title(number: int) -> str:
    return f"Page {number}"


class _Pages:
    """A `PageSource`: pages of one size, made when they are asked for."""

    def __init__(self, size: int) -> None:
        self._size = size

    def find(self, address: str) -> str | None:
        address = page_address(address)
        known = re.fullmatch(r"/page/(\d{1,2})", address)
        return address if known and 1 <= int(known[1]) <= PAGES else None

    def read(self, address: str) -> tuple[dict[str, str], bytes]:
        return _HEADERS, _render(int(address.rpartition("/")[2]), self._size)


def _render(number: int, size: int) -> bytes:
    """Return a page of exactly that size; its text compresses about as English does."""
    others = [other for other in range(1, PAGES + 1) if other != number]
    nav = "".join(f'<a href="/page/{other}">{other}</a>' for other in others)
    head = (
        f'<!DOCTYPE html><html lang="en"><head><title>{_title(number)}</title></head><body>'
        f"<nav>{nav}</nav><article><em>{number}</em><h1>{_title(number)}</h1><p>"
    ).encode()
    tail = b"</p></article></body></html>\n"
    draw = random.Random(number)
    words = " ".join(draw.choices(_TEXT.split(), k=(size - len(head) - len(tail)) // 3 + 1))
    text = words.encode()[: size - len(head) - len(tail)]
    return head + text.ljust(size - len(head) - len(tail), b".") + tail
