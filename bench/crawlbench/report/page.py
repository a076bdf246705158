"""A page as data: what it says, and in which order; `html.py` renders it (floor 3; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawlbench.report.answer import Sentence
    from crawlbench.report.charts.chart import Chart
    from crawlbench.report.table import Table


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what there is to say about it."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number to remember: what it counts, whose it is, and where."""

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
    """A worker's last words; shown on request."""


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
    """Small tables; the large one belongs to the page."""
    missing: str = ""
    """Why there is nothing to see, and what would change that."""
    details: tuple[Table, ...] = ()
    """Long tables, which readers can open."""


@dataclass(frozen=True, slots=True)
class PageContent:
    """Everything on a page."""

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
    """What to say if there is no trouble."""
    asked: str = ""
    """The question it answers, as its heading; without one, its title is used."""
    figures: tuple[Figure, ...] = ()
    command: str = ""
    """The command that repeats it all; empty if that is not known."""
