"""The Douban Top-250 list: ten pages of 25 movies (floor 1).

The selectors hold for the markup of 2017 to 2025. Three XPaths are given and used as they are: for
the movies, the title (the first of one or two) and the other pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

from crawlbench.base.model import Field, Item, PageKind, SiteSpec
from crawlbench.sites.manifest import FolderPages
from crawlbench.sites.movies import fixture_folder, load_movies


@dataclass(frozen=True, slots=True, order=True)
class Movie(Item):
    """One of the 250."""

    subject_id: str
    """Number of the movie's own page."""
    rating: float
    """Mean of the votes, 2 to 10."""
    votes: int
    """Number of people who rated it."""


def page_address(address: str) -> str:
    """Give each page one spelling: `/top250`, `?start=0` and `?start=0&filter=` are the same.

    Args:
        address: absolute, or a path with its query.
    """
    parts = urlsplit(address)
    start = parse_qs(parts.query).get("start", ["0"])[0]
    query = "" if start in ("", "0") else f"start={start}&filter="
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def first_number(text: str) -> str:
    """Return the first run of digits, as in a subject's address or `2634466人评价`."""
    match = re.search(r"\d+", text)
    if match is None:
        raise ValueError(f"no number in {text!r}")
    return match.group()


def _expected_items() -> list[Item]:
    return [Movie(m.rank, m.title, m.subject_id, float(m.rating), m.votes) for m in load_movies()]


ITEMS = '//*[@id="content"]/div/div[1]/ol/li'
LINKS = '//*[@id="content"]/div/div[1]/div[2]/a'
EXPRESSIONS = {
    ITEMS: r'<em class="">(?P<rank>\d+)</em>.*?/subject/(?P<subject_id>\d+)/'
    r'.*?<span class="title">(?P<title>[^<]+)</span>'
    r'.*?<span class="rating_num"[^>]*>(?P<rating>[\d.]+)</span>'
    r".*?<span>(?P<votes>\d+)人评价",
    LINKS: r'<a href="(?P<href>\?start=\d+&amp;filter=)" >\d+</a>',
    ".//em": "rank",
    './/span[@class="title"]': "title",
    './/div[@class="hd"]/a/@href': "subject_id",
    './/span[@class="rating_num"]': "rating",
    './/span[@class="rating_num"]/following-sibling::span[2]': "votes",
}
"""For the parser regex. They fit the pages as they are here, not the next layout."""

SITE = SiteSpec(
    name="douban-top250",
    path="/top250",
    kinds=(
        PageKind(
            pattern=r"/top250(\?.*)?",
            items=ITEMS,
            fields=(
                Field("rank", ".//em", int),
                Field("title", './/span[@class="title"]', str),
                Field("subject_id", './/div[@class="hd"]/a/@href', first_number),
                Field("rating", './/span[@class="rating_num"]', float),
                Field(
                    "votes",
                    './/span[@class="rating_num"]/following-sibling::span[2]',
                    lambda text: int(first_number(text)),
                ),
            ),
            links=LINKS,
        ),
    ),
    item_type=Movie,
    page_address=page_address,
    expected_items=_expected_items,
    expected_pages=10,
    pages=lambda: FolderPages(fixture_folder(), page_address),
    expressions=EXPRESSIONS,
)
