"""The ten list pages of the Douban Top 250, built from the facts byte for byte alike (floor 1).

The shape is the real pages': sizes, tags, entities, odd blanks. Sentences and scripts are ours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.storage import write_bytes
from crawlbench.sites.manifest import (
    FORMAT,
    MANIFEST_NAME,
    Manifest,
    ManifestPage,
    encode_manifest,
)
from crawlbench.sites.markup import PAGE_SIZE, Layout, format_query, render_page
from crawlbench.sites.movies import load_movies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawlbench.sites.movies import MovieFacts

SITE_NAME = "douban-top250"

SITE_PATH = "/top250"

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Connection": "keep-alive",
    "Keep-Alive": "timeout=30",
    "Vary": "Accept-Encoding",
    "Cache-Control": "must-revalidate, no-cache, private",
    "Pragma": "no-cache",
    "Server": "dae",
}
"""What the real host sends whoever asks; coding, length and cookie depend on the request."""


@dataclass(frozen=True, slots=True)
class BuiltPage:
    """One page, ready to be written or served."""

    name: str
    """File name, such as `page-01.html`."""
    address: str
    """Path and query: `/top250` for page 1, `/top250?start=25&filter=` for page 2."""
    body: bytes
    """UTF-8, lines ending in LF."""


def build_pages(movies: Sequence[MovieFacts], layout: Layout = "2022") -> list[BuiltPage]:
    """Build the pages of the list in order; the same input gives the same bytes anywhere.

    Args:
        movies: in order of rank.
        layout: the year whose markup the pages get; the committed ones have that of 2022.
    """
    last = -(-len(movies) // PAGE_SIZE)
    return [_build_page(movies, number, layout) for number in range(1, last + 1)]


def write_fixtures(folder: Path) -> list[Path]:
    """Write the pages of the Top 250 and, last, their manifest; return what was written.

    Each file is replaced as a whole, so that no reader sees half of one.

    Raises:
        UsageError: the folder cannot be written.
    """
    pages = build_pages(load_movies())
    manifest = Manifest(FORMAT, SITE_NAME, tuple(map(enter_page, pages)))
    contents = {page.name: page.body for page in pages}
    contents[MANIFEST_NAME] = encode_manifest(manifest)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_bytes(folder / name, content)
        return [folder / name for name in contents]
    except OSError as error:
        raise UsageError(
            f"cannot write the fixtures to {folder} ({error.strerror}); name a folder of your own"
        ) from error


def _build_page(movies: Sequence[MovieFacts], number: int, layout: Layout) -> BuiltPage:
    query = format_query(number) if number > 1 else ""
    body = render_page(movies, number, layout).encode()
    return BuiltPage(f"page-{number:02}.html", SITE_PATH + query, body)


def enter_page(page: BuiltPage) -> ManifestPage:
    """Return a page's entry in the manifest."""
    digest = hashlib.sha256(page.body).hexdigest()
    return ManifestPage(page.address, page.name, digest, len(page.body), HEADERS)
