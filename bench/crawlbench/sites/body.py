"""A site whose pages have the size that its name says, such as `body-64k` (floor 1).

Twenty pages with one item each: along a sweep of sizes only the body changes.
"""

from __future__ import annotations

import random
import re
from functools import cache

from crawlbench.base.errors import UsageError
from crawlbench.base.model import Field, Item, PageKind, SiteSpec
from crawlbench.sites.scaled.packing import deflate_whole, gzip_file
from crawlbench.sites.written import without_query

PAGES = 20
SMALLEST_BYTES = 2048
LARGEST_BYTES = 16 * 2**20
BLOCK_BYTES = 64 * 2**10
_UNITS = {"": 1, "k": 2**10, "m": 2**20}
_TEXT = "the of and to in is that it was for on are as with his they at be this from"
_HEADERS = {"Content-Type": "text/html; charset=utf-8", "Connection": "keep-alive"}


def make_site(name: str) -> SiteSpec:
    """Return a site whose pages have a given size, such as body-4k or body-1m.

    Raises:
        UsageError: the name gives no size, or one that is too small or too large.
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
        page_address=without_query,
        expected_items=lambda: [Item(number, _title(number)) for number in range(1, PAGES + 1)],
        expected_pages=PAGES,
        pages=lambda: _Pages(size),
    )


def _read_size(name: str) -> int:
    """Return the number of bytes that a name such as `body-64k` gives."""
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
    """A `PackedSource`: pages of one size, put together on request."""

    def __init__(self, size: int) -> None:
        self._size = size

    def find(self, address: str) -> str | None:
        address = without_query(address)
        known = re.fullmatch(r"/page/(\d{1,2})", address)
        return address if known and 1 <= int(known[1]) <= PAGES else None

    def read(self, address: str) -> tuple[dict[str, str], bytes]:
        return _HEADERS, b"".join(_parts(_number(address), self._size))

    def read_gzip(self, address: str) -> tuple[dict[str, str], bytes]:
        number = _number(address)
        parts = _parts(number, self._size)
        whole = _block(number)
        packed = [_packed_block(number) if part is whole else deflate_whole(part) for part in parts]
        return _HEADERS, gzip_file(packed, b"".join(parts))


def _number(address: str) -> int:
    return int(address.rpartition("/")[2])


def _parts(number: int, size: int) -> list[bytes]:
    """Return a page of exactly this size in parts: its head, blocks of text, and its end.

    The text compresses about as well as English. A large page repeats its block at a distance
    beyond gzip's window, so that making 16 MiB costs no more than copying them.
    """
    others = [other for other in range(1, PAGES + 1) if other != number]
    nav = "".join(f'<a href="/page/{other}">{other}</a>' for other in others)
    head = (
        f'<!DOCTYPE html><html lang="en"><head><title>{_title(number)}</title></head><body>'
        f"<nav>{nav}</nav><article><em>{number}</em><h1>{_title(number)}</h1><p>"
    ).encode()
    tail = b"</p></article></body></html>\n"
    count, rest = divmod(size - len(head) - len(tail), BLOCK_BYTES)
    return [head, *[_block(number)] * count, _block(number)[:rest], tail]


@cache
def _block(number: int) -> bytes:
    """Return the text of which a page's body is made."""
    words = random.Random(number).choices(_TEXT.split(), k=BLOCK_BYTES // 3 + 1)
    return " ".join(words).encode()[:BLOCK_BYTES].ljust(BLOCK_BYTES, b".")


@cache
def _packed_block(number: int) -> bytes:
    return deflate_whole(_block(number))
