"""What documents show to be typed: the commands in their blocks, and what stands beside them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name != "cli.md"),
]
HELP = ROOT / "docs" / "cli.md"
"""The help of all commands, in which only the examples are to be typed."""
SHELL = ("", "sh", "bash", "console")
"""What a block for a shell is marked with; what a command prints is marked as text."""
VARIABLE = re.compile(r"([A-Z_]+)=(.*)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a document shows it."""

    document: str
    """Its path below the root."""
    words: tuple[str, ...]
    """As a shell would split them, without what follows a comment's sign."""
    comment: str = ""
    """What stands beside it or in the line above."""
    variables: dict[str, str] = field(default_factory=dict)
    """Those that are set for this call alone."""

    @property
    def text(self):
        """Return its words in a line, by which it is known."""
        return " ".join(self.words)


def blocks(text):
    """Return the language and the text of each block of a document."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(language, body.replace("\\\n", " ")) for language, body in found]


def is_script(body):
    """Tell whether a block writes files too: such blocks are run whole, in order."""
    return "<<'" in body


def commands(text, document=""):
    """Return the commands of a document's blocks, but of its scripts."""
    found = []
    for language, body in blocks(text):
        if language not in SHELL or is_script(body):
            continue
        above = ""
        for line in body.splitlines():
            words = shlex.split(line, comments=True)
            beside = re.search(r"(?:^|\s)# (.*)", line)
            comment = beside[1] if beside else ""
            if words:
                found.append(_read(document, words, comment or above))
            above = "" if words else comment
    return found


def _read(document, words, comment):
    variables = {}
    while match := VARIABLE.fullmatch(words[0]):
        variables[match[1]] = match[2]
        words = words[1:]
    return Shown(document, tuple(words), comment, variables)


def all_commands():
    """Return the commands of all documents, each once, by their text."""
    found = {}
    for example in re.findall(r"^ +Example: (.+)$", HELP.read_text("utf-8"), re.MULTILINE):
        words = tuple(shlex.split(example))
        found[" ".join(words)] = Shown("docs/cli.md", words)
    for path in DOCUMENTS:
        for shown in commands(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))):
            if shown.comment or shown.text not in found:
                found[shown.text] = shown
    return found


def inline_commands(program):
    """Return what stands between backticks in prose and begins with a program's name."""
    found = set()
    for path in DOCUMENTS:
        prose = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        found |= {" ".join(text.split()) for text in re.findall(rf"`({program}\s[^`]+)`", prose)}
    return sorted(found)
