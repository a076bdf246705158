"""Makes the pages of `douban-subjects` in a folder, byte for byte alike (floor 1).

Links between the pages lead to the server that they come from, as in any copy of a site: the real
ones name their own host.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crawlbench.base.cache import hash_files
from crawlbench.sites.cache import CachedFolder
from crawlbench.sites.manifest import FORMAT, MANIFEST_NAME, Manifest, encode_manifest
from crawlbench.sites.movies import fixture_folder, load_movies
from crawlbench.sites.pages import BuiltPage, build_pages, enter_page
from crawlbench.sites.subjects.markup import TEMPLATES, render_subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.sites.manifest import ManifestPage

SITE_NAME: Final = "douban-subjects"

_HERE = Path(__file__).parent
_SHARED: Final = ("manifest", "markup", "movies", "pages", "sentences")
"""Modules beside this package that pages are made with."""

_OWN_LINK = re.compile(rb'(?<= href=")https://movie\.douban\.com(?=/(?:subject|top250)\b)')


def subjects_folder() -> CachedFolder:
    """Return the folder of this version's pages, made or not."""
    # `site.py` reads the pages and has no part in making them.
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
    pages = [_write_page(folder, page) for page in _build_pages()]
    manifest = Manifest(FORMAT, SITE_NAME, tuple(pages))
    (folder / MANIFEST_NAME).write_bytes(encode_manifest(manifest))


def _build_pages() -> Iterator[BuiltPage]:
    movies = load_movies()
    yield from build_pages(movies)
    for movie in movies:
        name = f"subject-{movie.subject_id}.html"
        body = render_subject(movie, movies).encode()
        yield BuiltPage(name, f"/subject/{movie.subject_id}/", body)


def _write_page(folder: Path, page: BuiltPage) -> ManifestPage:
    page = replace(page, body=_OWN_LINK.sub(b"", page.body))
    (folder / page.name).write_bytes(page.body)
    return enter_page(page)
