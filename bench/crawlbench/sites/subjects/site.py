"""The list of the Top 250 and the page of each movie: 260 pages, most of 110 KB (floor 1).

A crawl finds the movies on the list and reads them on their own pages.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from crawlbench.base.model import Field, Item, PageKind, SiteSpec
from crawlbench.sites.douban import first_number, page_address
from crawlbench.sites.manifest import FolderPages
from crawlbench.sites.movies import load_movies
from crawlbench.sites.subjects.build import SITE_NAME, subjects_folder
from crawlbench.sites.subjects.facts import short_names, whole_title

if TYPE_CHECKING:
    from collections.abc import Mapping

GZIP_LEVEL = 6  # as the real host's


@dataclass(frozen=True, slots=True, order=True)
class Subject(Item):
    """One of the 250, as its own page tells it; the title is the Chinese and the original one."""

    subject_id: str
    """Number of the page."""
    year: int
    director: str
    """The first."""
    genre: str
    """The first."""
    rating: float
    """Mean of the votes, 2 to 10."""
    votes: int
    """People who rated it."""


class _SubjectPages(FolderPages):
    """A `PackedSource`: each page is gzipped once."""

    def __init__(self) -> None:
        remedy = "remove that folder, and it is made again"
        super().__init__(subjects_folder().open(), page_address, remedy)
        self._gzipped: dict[str, bytes] = {}

    def read_gzip(self, address: str) -> tuple[Mapping[str, str], bytes]:
        """See `PackedSource.read_gzip`."""
        headers, body = self.read(address)
        packed = self._gzipped.get(address)
        if packed is None:
            packed = self._gzipped[address] = gzip.compress(body, GZIP_LEVEL, mtime=0)
        return headers, packed


@cache
def _expected_items() -> tuple[Subject, ...]:
    return tuple(
        Subject(
            rank=movie.rank,
            title=whole_title(movie),
            subject_id=movie.subject_id,
            year=int(movie.year),
            director=short_names(movie.directors)[0],
            genre=movie.genres.split()[0],
            rating=float(movie.rating),
            votes=movie.votes,
        )
        for movie in load_movies()
    )


def _first_use() -> str:
    folder = subjects_folder()
    if folder.is_made():
        return ""
    return f"makes the 260 pages of {SITE_NAME} in {folder.path} (28 MB, once)"


SITE = SiteSpec(
    name=SITE_NAME,
    path="/top250",
    kinds=(
        PageKind(
            pattern=r"/top250(\?.*)?",
            items="",
            fields=(),
            links='//*[@id="content"]/div/div[1]/ol/li//div[@class="hd"]/a'
            ' | //*[@id="content"]/div/div[1]/div[2]/a',
        ),
        PageKind(
            pattern=r"/subject/\d+/",
            items='//*[@id="content"]',
            fields=(
                Field("rank", './/span[@class="top250-no"]', lambda text: int(first_number(text))),
                Field("title", './/span[@property="v:itemreviewed"]', str),
                Field("subject_id", './/div[@id="mainpic"]/a/@href', first_number),
                Field("year", './/span[@class="year"]', lambda text: int(first_number(text))),
                Field("director", './/a[@rel="v:directedBy"]', str),
                Field("genre", './/span[@property="v:genre"]', str),
                Field("rating", './/strong[@property="v:average"]', float),
                Field("votes", './/span[@property="v:votes"]', int),
            ),
            links="",
        ),
    ),
    item_type=Subject,
    page_address=page_address,
    expected_items=_expected_items,
    expected_pages=260,
    pages=_SubjectPages,
    first_use=_first_use,
    most_at_once=lambda: 225,  # the movies of the nine pages that the first leads to
)
