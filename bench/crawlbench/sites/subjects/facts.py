"""What a movie's page shows: the facts of `movies.csv`, and what is made up around them (floor 1).

How often something is missing, and how many of each there are, is as on 1,083 real pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.sites.subjects.dice import Dice
from crawlbench.sites.subjects.prose import (
    compose_foreign_name,
    compose_headline,
    compose_name,
    compose_nick,
    compose_text,
)

if TYPE_CHECKING:
    from crawlbench.sites.movies import MovieFacts

DAYS_PER_MONTH = 28  # that each month has


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a page of their own."""

    name: str
    foreign_name: str
    """In Latin letters, as data for machines have it too."""
    number: int
    """Of that page."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A visitor's few words."""

    number: int
    nick: str
    visitor: str
    """Their place in addresses."""
    stars: int
    day: str
    """Such as 2014-07-21."""
    time: str
    useful: int
    text: str


@dataclass(frozen=True, slots=True)
class Review:
    """A visitor's many words, of which the page shows the first."""

    comment: Comment
    headline: str
    useless: int
    replies: int
    warns: bool
    """Says that it tells the end."""


@dataclass(frozen=True, slots=True)
class Details:
    """All that is on a movie's page beyond the facts of the list."""

    directors: tuple[Person, ...]
    writers: tuple[Person, ...]
    cast: tuple[Person, ...]
    """Empty on five of the 250 pages."""
    runtimes: tuple[int, ...]
    """In minutes; empty on two pages. The second is bare text."""
    released: tuple[str, ...]
    """Days with their countries; empty on one page."""
    imdb: str
    summary: tuple[str, ...]
    """Paragraphs."""
    shares: tuple[float, ...]
    """Votes in percent, of five stars down to one."""
    counted_votes: int
    """As the page's data for machines has them: they lag behind."""
    has_raw_breaks: bool
    """Those data have line breaks within a string, so that they are no JSON: on 17 % of pages."""
    comments: tuple[Comment, ...]
    reviews: tuple[Review, ...]
    recommended: tuple[MovieFacts, ...]
    tags: tuple[str, ...]


def whole_title(movie: MovieFacts) -> str:
    """Return both titles in one string, as the page's heading has them."""
    return f"{movie.title} {movie.original_title}".strip()


def short_names(names: str) -> list[str]:
    """Return names without their foreign forms: the list shows both, a movie's page the first.

    Args:
        names: joined by ` / `.
    """
    return [_short_name(name) for name in names.split(" / ") if name]


def _short_name(name: str) -> str:
    first, _, rest = name.partition(" ")
    return name if first.isascii() or not rest.isascii() else first


def make_details(movie: MovieFacts, movies: tuple[MovieFacts, ...]) -> Details:
    """Return what that movie's page shows; the same each time.

    Args:
        movie: of the page.
        movies: all of the list, of which the page recommends ten.
    """
    dice = Dice(movie.subject_id, "details")
    year = int(movie.year)
    return Details(
        directors=_people(dice, short_names(movie.directors), 0),
        writers=_people(dice, [], dice.number(1, 6)),
        cast=_cast(dice, movie),
        runtimes=_runtimes(dice, movie),
        released=_released(dice, movie, year),
        imdb=f"tt{dice.number(10**5, 10**7 - 1):07}",
        summary=tuple(
            compose_text(dice, movie, dice.number(5, 8)) for _ in range(dice.number(1, 3))
        ),
        shares=tuple(dice.shares(float(movie.rating))),
        counted_votes=movie.votes - dice.number(0, movie.votes // 1000),
        has_raw_breaks=movie.rank % 6 == 2,
        comments=tuple(_comment(dice, movie, dice.number(2, 4)) for _ in range(5)),
        reviews=tuple(_review(dice, movie) for _ in range(10 - (movie.rank % 5 == 0))),
        recommended=_recommended(dice, movie, movies),
        tags=(*movie.genres.split()[:4], *movie.countries.split()[:2], movie.year, "经典"),
    )


def _people(dice: Dice, names: list[str], more: int) -> tuple[Person, ...]:
    names = names + [compose_name(dice) for _ in range(more)]
    return tuple(
        Person(name, compose_foreign_name(dice), dice.number(1_000_000, 1_420_000))
        for name in names
    )


def _cast(dice: Dice, movie: MovieFacts) -> tuple[Person, ...]:
    if movie.rank % 50 == 33:
        return ()
    many = dice.number(24, 44) if dice.chance(0.12) else dice.number(5, 15)
    return _people(dice, short_names(movie.cast), many)


def _runtimes(dice: Dice, movie: MovieFacts) -> tuple[int, ...]:
    if movie.rank % 125 == 97:
        return ()
    first = dice.number(81, 178)
    return (first, first + dice.number(4, 19)) if dice.chance(0.2) else (first,)


def _released(dice: Dice, movie: MovieFacts, year: int) -> tuple[str, ...]:
    if movie.rank == 171:
        return ()
    places = [movie.countries.split()[0], "中国大陆", "某电影节", "重映"][: dice.number(1, 4)]
    return tuple(f"{_day(dice, year + later)}({place})" for later, place in enumerate(places))


def _day(dice: Dice, year: int) -> str:
    return f"{year}-{dice.number(1, 12):02}-{dice.number(1, DAYS_PER_MONTH):02}"


def _comment(dice: Dice, movie: MovieFacts, sentences: int) -> Comment:
    is_named = dice.chance(0.3)
    return Comment(
        number=dice.number(10**8, 2 * 10**9),
        nick=compose_nick(dice),
        visitor=dice.hexadecimal(9) if is_named else str(dice.number(10**6, 2 * 10**8)),
        stars=5 - int(dice.chance(0.4)) - 2 * int(dice.chance(0.1)),
        day=_day(dice, dice.number(2006, 2019)),
        time=f"{dice.number(0, 23):02}:{dice.number(0, 59):02}:{dice.number(0, 59):02}",
        useful=dice.number(3, 29_999),
        text=compose_text(dice, movie, sentences),
    )


def _review(dice: Dice, movie: MovieFacts) -> Review:
    comment = _comment(dice, movie, dice.number(4, 6))
    headline = compose_headline(dice)
    return Review(comment, headline, dice.number(0, 999), dice.number(0, 1999), dice.chance(0.25))


def _recommended(
    dice: Dice, movie: MovieFacts, movies: tuple[MovieFacts, ...]
) -> tuple[MovieFacts, ...]:
    # No step has a divisor in common with 250, so that none comes twice; one more than is shown,
    # because the movie itself may be among them.
    start, step = dice.number(0, len(movies) - 1), dice.choose((7, 11, 13, 17))
    others = [movies[(start + step * n) % len(movies)] for n in range(11)]
    return tuple(other for other in others if other is not movie)[:10]
