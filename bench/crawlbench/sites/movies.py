"""The facts of the 250 movies, as `movies.csv` holds them (floor 1)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crawlbench.base.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent.parent
_CANDIDATES = (_PACKAGE / "fixtures" / "douban", _PACKAGE.parent.parent / "fixtures" / "douban")


@dataclass(frozen=True, slots=True)
class MovieFacts:
    """One row of `movies.csv`; lists are joined as the page shows them."""

    rank: int
    subject_id: str
    title: str
    original_title: str
    """Empty where the title is the original one."""
    other_titles: str
    """Joined by ` / `."""
    directors: str
    cast: str
    """Empty where the page shows none."""
    year: str
    countries: str
    """Joined by blanks."""
    genres: str
    """Joined by blanks."""
    rating: str
    votes: int
    playable: bool


def fixture_folder() -> Path:
    """Return the folder of the Douban fixtures: within the package, else in the checkout.

    Raises:
        UsageError: neither place has them.
    """
    for folder in _CANDIDATES:
        if (folder / "movies.csv").is_file():
            return folder
    raise UsageError(
        f"no fixtures: neither {_CANDIDATES[0]} nor {_CANDIDATES[1]} holds movies.csv; "
        "reinstall crawlbench or work in its checkout"
    )


@cache
def load_movies() -> tuple[MovieFacts, ...]:
    """Read the 250 movies in order of rank."""
    with (fixture_folder() / "movies.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_movie(row) for row in csv.DictReader(file))


def _movie(row: dict[str, str]) -> MovieFacts:
    numbers = {"rank": int(row["rank"]), "votes": int(row["votes"])}
    return MovieFacts(**{**row, **numbers, "playable": row["playable"] == "1"})  # type: ignore[arg-type]
