"""An API of JSON: a list of addresses, and 999 movies of 1 to 5 KB each (floor 1).

This is everyday work of API clients: many small answers from one host, whose addresses are known as
soon as the list is there, so that as many are in flight as are allowed. `api-json` is requested
with GET, `api-post` with POST, where a JSON body says which movie and which of its fields are
wanted.
"""

from __future__ import annotations

import json
import random
import re
from functools import cache, partial
from typing import Final
from urllib.parse import urlsplit

from crawlbench.base.model import Field, PageKind, SiteSpec
from crawlbench.sites.douban import Movie
from crawlbench.sites.movies import load_movies
from crawlbench.sites.scaled.movies import movies_up_to
from crawlbench.sites.sentences import compose_quote
from crawlbench.sites.written import WrittenPages, without_query

MOVIES: Final = 999
LIST: Final = "/api/movies"
HEADERS: Final = {"Content-Type": "application/json", "Vary": "Accept-Encoding"}
FIELDS: Final = ("rank", "title", "subject_id", "rating", "votes")


def payload(address: str) -> dict[str, object]:
    """Return what is sent with POST to ask for an address."""
    rank = urlsplit(address).path.rpartition("/")[2]
    if not rank.isdecimal():
        return {"list": "top", "limit": MOVIES}
    return {"rank": int(rank), "fields": [*FIELDS, "reviews"], "language": "zh"}


@cache
def _bodies() -> dict[str, bytes]:
    bodies = {f"{LIST}/{movie.rank}": _write(movie) for movie in movies_up_to(MOVIES)}
    return bodies | {LIST: json.dumps({"count": MOVIES, "movies": list(bodies)}).encode()}


def _write(movie: Movie) -> bytes:
    """Return a movie as an API would return it, with enough reviews for 1 to 5 KB."""
    facts = load_movies()[(movie.rank - 1) % len(load_movies())]
    draw = random.Random(movie.rank)
    reviews = [
        {"author": f"user{draw.randrange(10**6)}", "stars": draw.randint(1, 5), "text": quote}
        for quote in (compose_quote(draw.choice(load_movies())) for _ in range(draw.randint(9, 34)))
    ]
    answer = {
        "rank": movie.rank,
        "title": movie.title,
        "original_title": facts.original_title or None,
        "subject_id": movie.subject_id,
        "year": int(facts.year),
        "directors": facts.directors.split(" / "),
        "countries": facts.countries.split(),
        "genres": facts.genres.split(),
        "rating": movie.rating,
        "votes": movie.votes,
        "is_playable": facts.playable,
        "reviews": reviews,
    }
    return json.dumps(answer, ensure_ascii=False).encode()


_make_spec = partial(
    SiteSpec,
    path=LIST,
    kinds=(
        PageKind(pattern=re.escape(LIST), items="", fields=(), links="movies"),
        PageKind(
            pattern=rf"{LIST}/\d+",
            items="",
            fields=(
                Field("rank", "rank", int),
                Field("title", "title", str),
                Field("subject_id", "subject_id", str),
                Field("rating", "rating", float),
                Field("votes", "votes", int),
            ),
            links="",
        ),
    ),
    item_type=Movie,
    page_address=without_query,
    expected_items=lambda: list(movies_up_to(MOVIES)),
    expected_pages=MOVIES + 1,
    pages=lambda: WrittenPages(_bodies(), HEADERS),
    media="json",
)

API_JSON = _make_spec(name="api-json")
API_POST = _make_spec(name="api-post", method="POST", payload=payload)
