"""What came out of a comparison: a verdict, a sentence, and whether the step may pass."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ci.comments import quote, write_comment

if TYPE_CHECKING:
    from pathlib import Path

    from ci.inputs import Inputs
    from ci.running import Ended

__all__ = ["Outcome", "fail", "judge"]

ANSWER_FILE = "answer.json"
TABLE_FILE = "table.md"
VERDICTS = {0: "passed", 1: "slower", 3: "unclear", 4: "invalid"}
"""By exit code of `crawlbench ab`."""
USAGE, INVALID, UNCLEAR, INTERRUPTED = 2, 4, 3, 130
BASE_FAILED = "The base cannot be measured, so that the head has nothing to be held against: "
HEAD_FAILED = "The head cannot be measured: "


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step tells."""

    verdict: str
    """`passed`, `slower`, `unclear` or `invalid`."""
    code: int
    """What `crawlbench ab` ended with, or would have."""
    sentence: str
    """What was found, in a line; others' words may be in it."""
    table: str = ""
    """Markdown; empty if nothing was measured."""
    is_extended: bool = False
    """Whether it was measured a second time as long, as it was unclear."""

    def exit_code(self, *, fails_if_unclear: bool) -> int:
        """Return what the step ends with: 0, 1, 2 if it was asked wrongly, 130 if interrupted."""
        if self.code in (USAGE, INTERRUPTED):
            return self.code
        passes = self.verdict == "passed" or (self.verdict == "unclear" and not fails_if_unclear)
        return 0 if passes else 1

    def level(self, exit_code: int) -> str:
        """Return how loudly to tell it."""
        if exit_code:
            return "error"
        return "warning" if self.verdict == "unclear" else "notice"

    def summary(self) -> str:
        """Return it as Markdown; the table begins with the sentence."""
        return self.table or quote(self.sentence)

    def comment(self, name: str) -> str:
        """Return it as a comment of the comparison of that name."""
        again = (
            ", measured a second time as long because it was unclear" if self.is_extended else ""
        )
        footer = (
            f"From `crawlbench ab`, exit code {self.code}{again}. "
            "The session and its report are an artifact of the run."
        )
        return write_comment(name, f"{name}: {self.verdict}", self.summary(), footer)


def fail(sentence: str, code: int = INVALID) -> Outcome:
    """Return that nothing could be measured."""
    return Outcome("invalid", code, " ".join(sentence.split()))


def judge(ended: Ended, folder: Path, inputs: Inputs) -> Outcome:
    """Return what `crawlbench ab` found.

    Its exit code is believed only with an answer that says the same: Python itself ends with 1 when
    a program crashes, which is not a head that is slower.
    """
    answer = _read(folder / ANSWER_FILE)
    code = ended.code if ended.code is not None else INVALID
    if answer is None or answer["code"] != code or code not in VERDICTS:
        text = _blame(ended.last_words, inputs.side_names)
        return fail(text, code if code in (USAGE, INTERRUPTED) else INVALID)
    sentence = " ".join(str(answer["sentence"]).split())
    if code == INVALID and _is_base_broken(answer):
        sentence = f"{BASE_FAILED}{sentence}"
    table = _read_table(folder / TABLE_FILE)
    return Outcome(VERDICTS[code], code, sentence, table, answer["is_extended"] is True)


def _blame(words: str, names: tuple[str, str]) -> str:
    """Say which side it was, if that is what the words begin with."""
    for name, failed in zip(names, (BASE_FAILED, HEAD_FAILED), strict=True):
        if words.startswith(f"environment {name!r} "):
            return f"{failed}{words}"
    return words


def _is_base_broken(answer: dict[str, Any]) -> bool:
    changes = [change for change in answer["changes"] if isinstance(change, dict)]
    return any(c.get("verdict") == "invalid" and c.get("base_s") is None for c in changes)


def _read(path: Path) -> dict[str, Any] | None:
    """Return the answer, or None if there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not {"code", "sentence", "is_extended"} <= found.keys():
        return None
    return found if isinstance(found.get("changes"), list) else None


def _read_table(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
