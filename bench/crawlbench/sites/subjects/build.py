"""Makes the pages of `douban-subjects` in a folder, byte for byte alike (floor 1).

Links between the pages lead to the server that they come from, as in any copy of a site: the real
ones name their own host.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crawlbench.sites.cache import CachedFolder, hash_files
from crawlbench.sites.manifest import (
    FORMAT,
    MANIFEST_NAME,
    Manifest,
    ManifestPage,
    encode_manifest,
)
from crawlbench.sites.movies import fixture_folder, load_movies
from crawlbench.sites.pages import HEADERS, build_pages
from crawlbench.sites.subjects.markup import TEMPLATES, render_subject

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE_NAME: Final = "douban-subjects"

_HERE = Path(__file__).parent
_SHARED: Final = ("manifest", "markup", "movies", "pages", "sentences")
"""Modules beside this package that pages are made with."""

_OWN_LINK = re.compile(rb'(?<= href=")https://movie\.douban\.com(?=/(?:subject|top250)\b)')


def subjects_folder() -> CachedFolder:
    """Return the folder of this version's pages, made or not."""
    sources = [path for path in _HERE.glob("*.py") if path.name != "site.py"]
    sources += [_HERE.parent / f"{name}.py" for name in _SHARED]
    sources += [*TEMPLATES.glob("*.html"), *(_HERE.parent / "templates").glob("*.html")]
    version = hash_files([*sources, fixture_folder() / "movies.csv"])
    return CachedFolder(SITE_NAME, version, write_subjects)


def write_subjects(folder: Path) -> None:
    """Write the list, the movies' pages and, last, their manifest.

    Raises:
        OSError: a file cannot be written.
    """
    pages = [_write_page(folder, *page) for page in _render_pages()]
    manifest = Manifest(FORMAT, SITE_NAME, tuple(pages))
    (folder / MANIFEST_NAME).write_bytes(encode_manifest(manifest))


def _render_pages() -> Iterator[tuple[str, str, bytes]]:
    """Yield name, address and body of each page."""
    movies = load_movies()
    for page in build_pages(movies):
        yield page.name, page.address, page.body
    for movie in movies:
        name = f"subject-{movie.subject_id}.html"
        yield name, f"/subject/{movie.subject_id}/", render_subject(movie, movies).encode()


def _write_page(folder: Path, name: str, address: str, body: bytes) -> ManifestPage:
    body = _OWN_LINK.sub(b"", body)
    (folder / name).write_bytes(body)
    return ManifestPage(address, name, hashlib.sha256(body).hexdigest(), len(body), HEADERS)
