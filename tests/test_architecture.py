"""ARCHITECTURE.md leads somewhere: its files are there, and what it says is in them is."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import crawlbench

ROOT = Path(__file__).resolve().parent.parent
HOUSE = Path(crawlbench.__file__).parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PATH = re.compile(r"`([a-z_]+(?:/[\w.-]*)+|[a-z_]+\.py)`")
NAMED = re.compile(r"`([a-z_/]+\.py)`(?:, | \()`([\w.]+)`((?:, (?:and one of )?`[\w.]+`)*)")
PARTS = ("Decision", "Why", "Instead of", "What would change it")


def found(path):
    """Return whether a path is there, in the package or in the repository."""
    return any((folder / path).exists() for folder in (HOUSE, ROOT))


def names():
    """Yield each file that is named with what is in it."""
    for path, first, more in NAMED.findall(TEXT):
        for name in (first, *re.findall(r"`([\w.]+)`", more)):
            if "/" not in name and not name.endswith((".py", ".json", ".jsonl")):
                yield path, name


def test_files_that_are_named_are_there():
    """A file alone may be a room's: those of `base/` are named without it."""
    named = sorted(set(PATH.findall(TEXT)))
    there = {path.name for path in HOUSE.rglob("*")}
    assert len(named) > 50
    assert [path for path in named if not found(path) and path not in there] == []


def test_what_is_named_beside_a_file_is_in_it():
    """A function that moved would send a newcomer to the wrong room."""
    named = sorted(set(names()))
    assert len(named) >= 10
    lost = []
    for path, name in named:
        places = [HOUSE / path, ROOT / path]
        code = next(place for place in places if place.exists()).read_text(encoding="utf-8")
        if not re.search(rf"\b{name.rpartition('.')[2]}\b", code):
            lost.append(f"{name} is not in {path}")
    assert lost == []


def test_questions_of_newcomers_are_asked():
    """So are those that name something: else the test above would hold nothing."""
    for question in (
        "Where is a verdict decided?",
        "What may a strategy import?",
        "Where does a byte of the mirror go out?",
        "Where do I add a column to the table?",
        "What does `crawlbench ab` call first?",
    ):
        assert f"**{question}**" in TEXT
    for thing in ("a column", "an operation", "an exporter", "a strategy", "a network"):
        assert re.search(rf"(?m)^\| {thing} \| `?\w", TEXT), thing
    assert ("stats/judge.py", "_Judgement._answer") in set(names())
    assert ("report/tables.py", "_COLUMNS") in set(names())


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decision_has_a_date_a_reason_and_an_end(path):
    """And ARCHITECTURE.md leads to it under its own title."""
    title, _, day, _, *rest = path.read_text(encoding="utf-8").splitlines()
    assert date(2026, 11, 1) <= date.fromisoformat(day)
    leads = re.findall(r"(?m)^\*\*([^*]+)\.\*\* \S", "\n".join(rest))
    assert tuple(leads) == PARTS
    assert f"- {day}: [{title.removeprefix('# ')}](docs/decisions/{path.name})" in TEXT
