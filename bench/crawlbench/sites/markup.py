"""How a list page is put into HTML: the layouts of three years and the templates (floor 1).

Whatever looks random on a page (posters, versions) is a hash, so that each build is alike.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from crawlbench.sites.sentences import compose_quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment, Template

    from crawlbench.sites.movies import MovieFacts

Layout = Literal["2017", "2022", "2025"]
"""The year whose markup a page has."""

PAGE_SIZE = 25
"""Movies per page, as on the real list."""

_IMAGE_HOSTS = ("img1", "img2", "img3", "img9")

_NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class Look:
    """What a layout changes; a `Markup` is an attribute with the blank before it, or nothing."""

    year: str
    """Shown in the footer; the templates also ask it for the scripts and styles of that year."""
    language: str
    """Of the html element."""
    heading: str
    """Title and h1."""
    poster: str
    """Path of a poster on its host, with `{}` for its number."""
    width: Markup
    """Of a poster."""
    blank_class: Markup
    """Of em, poster, link and credits."""
    star_class: Markup
    """Of the div around rating and votes."""
    quote_class: Markup
    """Of the span within the quote."""


_LOOK_2022 = Look(
    year="2022",
    language="zh-CN",
    heading="豆瓣电影 Top 250",
    poster="view/photo/s_ratio_poster/public/p{}.jpg",
    width=Markup(' width="100"'),
    blank_class=Markup(' class=""'),
    star_class=Markup(' class="star"'),
    quote_class=Markup(' class="inq"'),
)

LOOKS: dict[Layout, Look] = {
    "2017": replace(
        _LOOK_2022,
        year="2017",
        language="zh-cmn-Hans",
        heading="豆瓣电影TOP250",
        poster="view/movie_poster_cover/ipst/public/p{}.jpg",
        width=_NOTHING,
    ),
    "2022": _LOOK_2022,
    "2025": replace(
        _LOOK_2022,
        year="2025",
        poster="view/photo/s_ratio_poster/public/p{}.webp",
        blank_class=_NOTHING,
        star_class=_NOTHING,
        quote_class=_NOTHING,
    ),
}


def render_page(movies: Sequence[MovieFacts], number: int, layout: Layout) -> str:
    """Return the HTML of one page.

    Args:
        movies: all of the list, in order of rank.
        number: of the page, from 1.
        layout: the year whose markup the page gets.
    """
    start = PAGE_SIZE * (number - 1)
    return _page_template().render(
        look=LOOKS[layout],
        movies=movies[start : start + PAGE_SIZE],
        start=start,
        number=number,
        last=-(-len(movies) // PAGE_SIZE),
        total=len(movies),
    )


def format_query(number: int) -> str:
    """Return the relative reference to a page, as the paginator writes it."""
    return f"?start={PAGE_SIZE * (number - 1)}&filter="


@cache
def _page_template() -> Template:
    environment = make_environment()
    environment.globals.update(
        other_titles=_other_titles,
        query=format_query,
        quote=compose_quote,
        rating_class=_rating_class,
    )
    return environment.get_template("page.html")


def make_environment(*folders: Path) -> Environment:
    """Return a jinja environment with our templates, and before them those of other folders.

    jinja is imported here because workers find a site, too, and render nothing.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader([*folders, Path(__file__).parent / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(asset=asset, poster=poster)
    return environment


def asset(folder: str, path: str, digits: int = 40) -> str:
    """Return the address of a style, script or image, with a made-up version in hex."""
    version = hashlib.sha256(f"{folder}/{path}".encode()).hexdigest()[:digits]
    return f"https://img1.doubanio.com/{folder}/{version}/{path}"


def poster(movie: MovieFacts, look: Look) -> str:
    """Return the address of a poster; host and number are made up from the subject's id."""
    digest = hashlib.sha256(movie.subject_id.encode()).digest()
    host = _IMAGE_HOSTS[digest[0] % len(_IMAGE_HOSTS)]
    number = 10**9 + int.from_bytes(digest[1:5]) % (2 * 10**9)
    return f"https://{host}.doubanio.com/{look.poster.format(number)}"


def _other_titles(movie: MovieFacts) -> str:
    """Widen the blanks around each slash between titles, but not within `(港 / 台)`."""
    return re.sub(r" / (?![^(]*\))", "  /  ", movie.other_titles)


def _rating_class(movie: MovieFacts) -> str:
    """Return the class that draws a rating's stars: halves of five, rounded."""
    halves = int(float(movie.rating) + 0.5)
    return f"rating{halves // 2}{'5' if halves % 2 else ''}-t"
