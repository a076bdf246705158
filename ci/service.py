"""Reports to the service that runs a step: outputs, a summary, annotations, a fenced log.

A machine reads all of this from files and from standard output. So text that a stranger may have
written (a branch's name, a compiler's last words) is written in a way that it stays text.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Service"]

MAX_SUMMARY_BYTES = 1_000_000
"""GitHub accepts 1 MiB for a step."""


@dataclass(frozen=True, slots=True)
class Service:
    """GitHub's runner, or a plain shell if GitHub's variables are not set."""

    environ: Mapping[str, str]
    log: TextIO

    @property
    def is_github(self) -> bool:
        """Whether the service looks for commands in the log."""
        return self.environ.get("GITHUB_ACTIONS") == "true"

    def write_output(self, name: str, value: str) -> None:
        """Set an output of the step; the value may be any text."""
        path = self.environ.get("GITHUB_OUTPUT")
        if not path:
            return
        end = _unused_word(value)
        _append(path, f"{name}<<{end}\n{value}\n{end}\n")

    def add_summary(self, markdown: str) -> None:
        """Add to the page that the service shows for the step."""
        path = self.environ.get("GITHUB_STEP_SUMMARY")
        if path:
            text = markdown.encode()[:MAX_SUMMARY_BYTES].decode(errors="ignore")
            _append(path, f"{text}\n")

    def annotate(self, level: str, sentence: str) -> None:
        """Show a sentence where people look first.

        Args:
            level: `error`, `warning` or `notice`.
            sentence: one line of text.
        """
        text = " ".join(sentence.split())
        if self.is_github:
            text = text.replace("%", "%25")  # as the runner's own toolkit does
            self.say(f"::{level} title=crawlbench::{text}")
        else:
            self.say(f"crawlbench: {level}: {text}")

    def say(self, line: str) -> None:
        """Log a line of our own."""
        self.log.write(f"{line}\n")
        self.log.flush()

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """Keep the runner from taking anything that is logged inside for a command."""
        if not self.is_github:
            yield
            return
        word = _unused_word("")
        self.say(f"::stop-commands::{word}")
        try:
            yield
        finally:
            self.say(f"::{word}::")


def _unused_word(text: str) -> str:
    """Return a word that nobody can predict, and that is not in the text."""
    while True:
        word = f"crawlbench-{secrets.token_hex(16)}"
        if word not in text:
            return word


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write(text)
