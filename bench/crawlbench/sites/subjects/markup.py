"""How a movie's page is put into HTML (floor 1)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from crawlbench.sites.markup import LOOKS, make_environment, poster
from crawlbench.sites.subjects.dice import Dice
from crawlbench.sites.subjects.facts import Details, make_details, whole_title
from crawlbench.sites.subjects.prose import compose_headline, compose_nick

if TYPE_CHECKING:
    from jinja2 import Template

    from crawlbench.sites.movies import MovieFacts
    from crawlbench.sites.subjects.facts import Person

TEMPLATES: Final = Path(__file__).parent / "templates"

TOKENS: Final = 44
"""Lines of 64 characters that tell nothing, in the head and at the end.

Scripts of real pages pack less well than ours, which are alike; so gzip finds as much to do.
"""

_LOOK = LOOKS["2022"]  # of posters and the footer


def render_subject(movie: MovieFacts, movies: tuple[MovieFacts, ...]) -> str:
    """Return the HTML of a movie's page, the same each time.

    Args:
        movie: of the page.
        movies: all of the list.
    """
    page = make_details(movie, movies)
    return _template().render(
        movie=movie,
        title=whole_title(movie),
        page=page,
        look=_LOOK,
        stars=_big_stars(movie),
        data=_data_for_machines(movie, page),
        dice=Dice(movie.subject_id, "page"),
        tokens=TOKENS,
    )


@cache
def _template() -> Template:
    environment = make_environment(TEMPLATES)
    environment.globals.update(headline=compose_headline, nick=compose_nick)
    return environment.get_template("subject.html")


def _big_stars(movie: MovieFacts) -> str:
    """Return ten times the stars that a rating is drawn with, in halves."""
    return f"{5 * int(float(movie.rating) + 0.5):02}"


def _data_for_machines(movie: MovieFacts, page: Details) -> Markup:
    """Return the page's JSON-LD, which is no JSON where a string has raw line breaks."""
    data = {
        "@context": "http://schema.org",
        "name": whole_title(movie),
        "url": f"/subject/{movie.subject_id}/",
        "image": poster(movie, _LOOK),
        "director": [_person(person) for person in page.directors],
        "author": [_person(person) for person in page.writers],
        "actor": [_person(person) for person in page.cast],
        "datePublished": page.released[0][:10] if page.released else "",
        "genre": movie.genres.split(),
        "duration": _duration(page),
        "description": "　　".join(page.summary),
        "@type": "Movie",
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingCount": str(page.counted_votes),
            "bestRating": "10",
            "worstRating": "2",
            "ratingValue": movie.rating,
        },
    }
    text = json.dumps(data, ensure_ascii=False, indent=2)
    if page.has_raw_breaks:
        text = text.replace("。", "。\n", 1)
    return Markup(text)  # noqa: S704  (a script's text is not escaped; facts hold no tags)


def _person(person: Person) -> dict[str, str]:
    name = f"{person.name} {person.foreign_name}"
    return {"@type": "Person", "url": f"/celebrity/{person.number}/", "name": name}


def _duration(page: Details) -> str:
    hours, minutes = divmod(page.runtimes[0], 60) if page.runtimes else (0, 0)
    return f"PT{hours}H{minutes}M" if page.runtimes else ""
