"""The facts of a list of any length: the 250 movies again and again, each time different (floor 1).

In its first cycle the list is the real one. Later cycles keep titles and ratings; the subject's
number starts with that of the cycle, and votes change but keep their number of digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.sites.douban import Movie
from crawlbench.sites.movies import load_movies

if TYPE_CHECKING:
    from collections.abc import Iterator

VOTES_STEP = 104_729
"""How much votes differ from cycle to cycle; a prime, so that few are equal."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What distinguishes a movie from the same movie in another cycle."""

    subject_id: str
    """As in the real list."""
    votes: int
    """Votes in the real list."""
    votes_least: int
    """Smallest number with as many digits."""
    padded_id: str
    """With eight digits, to follow the number of a cycle."""

    def in_cycle(self, cycle: int) -> tuple[str, int]:
        """Return the subject's number and the votes in a cycle, from 0."""
        if not cycle:
            return self.subject_id, self.votes
        least = self.votes_least
        votes = least + (self.votes - least + cycle * VOTES_STEP) % (9 * least)
        return f"{cycle}{self.padded_id}", votes


def page_numbers(first: int, size: int) -> list[Numbers]:
    """Return the numbers of the real list's movies from a place on, from 0."""
    return [
        Numbers(m.subject_id, m.votes, 10 ** (len(str(m.votes)) - 1), m.subject_id.zfill(8))
        for m in load_movies()[first : first + size]
    ]


def movies_up_to(count: int) -> Iterator[Movie]:
    """Yield the items of a list in order of rank, one at a time."""
    facts = load_movies()
    base = [(m.title, float(m.rating)) for m in facts]
    numbers = page_numbers(0, len(facts))
    for rank in range(1, count + 1):
        cycle, place = divmod(rank - 1, len(facts))
        subject_id, votes = numbers[place].in_cycle(cycle)
        title, rating = base[place]
        yield Movie(rank, title, subject_id, rating, votes)
