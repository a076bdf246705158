"""One word for each thing: docs/glossary.md has them, and no other word stands in for one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
DESIGN = [
    "value",
    "warmup",
    "loops",
    "event loop",
    "run",
    "worker",
    "benchmark",
    "suite",
    "strategy",
    "operation",
    "site",
    "scenario",
    "network",
    "mirror",
    "environment",
    "cell",
    "group",
    "lap",
    "turn",
    "round",
    "turnstile",
    "baseline",
    "twin",
    "to begin",
    "per page",
    "session",
    "verdict",
    "doubt",
]
"""The words of the design; more may be added, none may go."""
SUBSTITUTES = {
    "loops": r'(?<!")iterations?(?!")|repetitions?',  # quoted, it is a key of somebody's format
    "warmup": r"warm[- ]ups?|burn[- ]in|dry runs?",
    "event loop": r"event-loops?|io loops?|reactor loops?",
    "mirror": r"(?:mock|fake|dummy|test) servers?",
    "environment": r"virtualenvs?|sandbox(?:es)?",
    "cell": r"test cases?|contenders?|competitors?",
    "session": r"experiments?|test runs?",
    "turn": r"time ?slices?",
    "margin": r"tolerances?|noise floor",
    "verdict": r"winners?|losers?|statistically",
    "manager": r"coordinators?|controllers?|master process",
    "baseline": r"base[- ]line|control group",
}
"""Glossary's word, and what it is not called."""
SOURCES = sorted(
    path
    for path in (
        *(ROOT / "bench").rglob("*.py"),
        *(ROOT / "bench").rglob("*.toml"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "decisions").glob("*.md"),
        *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")),
    )
    if path != GLOSSARY
)


def entries():
    """Return each word of the glossary and what it means."""
    rows = re.findall(r"(?m)^\| ([^|]+) \| (.+) \|$", GLOSSARY.read_text(encoding="utf-8"))
    meanings = [(words, text) for words, text in rows if words not in ("word", "---")]
    return {word: text for words, text in meanings for word in words.split(", ")}


def substitutes_in(text):
    """Return the words in a text that stand in for one of the glossary, with that one."""
    return [
        (found[0], word)
        for word, pattern in SUBSTITUTES.items()
        for found in re.finditer(rf"(?i)\b(?:{pattern})(?![\w-])", text)
    ]


def test_glossary_has_every_word_of_the_design():
    assert set(DESIGN) <= set(entries())


def test_each_word_stands_once_with_its_meaning():
    """In a sentence's part that says more than the word itself."""
    rows = re.findall(r"(?m)^\| ([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"))
    words = [word for row in rows if row not in ("word", "---") for word in row.split(", ")]
    assert len(words) == len(set(words))
    assert all(len(meaning.split()) > 3 for meaning in entries().values())


def test_each_word_is_used_in_the_code():
    """A glossary of words that nobody uses would explain nothing."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.suffix == ".py")
    spelled = {word: rf"(?i)\b{'[ _-]'.join(word.split())}" for word in entries()}
    assert [word for word, pattern in spelled.items() if not re.search(pattern, code)] == []


def test_no_other_word_stands_in_for_one_of_the_glossary():
    """In code, documents and help (docs/cli.md is made from it)."""
    found = {
        str(path.relative_to(ROOT)): words
        for path in SOURCES
        if (words := substitutes_in(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a fake server answers", ["fake server"]),
        ("Warm-ups are thrown away.", ["Warm-ups"]),
        ("the winner of this experiment", ["experiment", "winner"]),
        ("a warmup on the mirror, in each of the loops", []),
        ('{"iterations": 3}', []),
        ("testing servers and a controlled machine", []),
    ],
)
def test_substitute_would_be_seen(text, words):
    """And nothing else is."""
    assert [found for found, _ in substitutes_in(text)] == words


def test_every_substitute_is_for_a_word_of_the_glossary():
    assert set(SUBSTITUTES) <= set(entries())
