"""A page as data: what it says, in which order (floor 3; pure). `html.py` lays it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.report.answer import Sentence
    from crawlbench.report.charts.chart import Chart
    from crawlbench.report.table import Table

__all__ = ["Fact", "Figure", "Page", "Section", "Trouble"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what is to be said of it."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number to remember: what it is a number of, who holds it, and where."""

    number: str
    words: str
    who: str
    place: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A warning, or a cell that is invalid, with its reason."""

    label: str
    text: str
    detail: str = ""
    """A worker's last words; shown when asked for."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page."""

    name: str
    """Unique in a page: letters and hyphens."""
    title: str
    lead: str = ""
    """How to read what follows."""
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    """Small ones; the large one is the page's."""
    missing: str = ""
    """Why there is nothing to be seen, and what would bring it."""
    details: tuple[Table, ...] = ()
    """Long tables, opened by those who want them."""


@dataclass(frozen=True, slots=True)
class Page:
    """All of a page."""

    title: str
    subtitle: str
    answer: tuple[Sentence, ...]
    sections: tuple[Section, ...]
    table: Table
    """Everything: sortable and filterable."""
    method: str
    facts: tuple[Fact, ...]
    """Machine, versions, seeds."""
    troubles: tuple[Trouble, ...] = ()
    quiet: str = ""
    """What is said where there is no trouble."""
    asked: str = ""
    """What it answers, as its heading; its title where there is no question."""
    figures: tuple[Figure, ...] = ()
    command: str = ""
    """Repeats it all; empty if that is not known."""
