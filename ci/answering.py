"""The outcome of a comparison: a verdict, a sentence, and whether the step passes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ci.comments import quote, write_comment

if TYPE_CHECKING:
    from pathlib import Path

    from ci.inputs import Inputs
    from ci.running import Ended

__all__ = ["NOTHING_SAID", "Outcome", "fail", "judge"]

ANSWER_FILE = "answer.json"
TABLE_FILE = "table.md"
USAGE, INVALID, INTERRUPTED = 2, 4, 130
VERDICTS = {0: "passed", 1: "slower", 3: "unclear", INVALID: "invalid", INTERRUPTED: "interrupted"}
"""Verdicts by the exit code of `crawlbench ab`."""
BASE_FAILED = "The base cannot be measured, so there is nothing to compare the head with"
HEAD_FAILED = "The head cannot be measured"
CUT_SHORT = "Interrupted, so this is not everything"
NOTHING_SAID = "interrupted; nothing can be said"
LOST = "The head does not have what the base has"
NO_ANSWER = "Nothing can be said"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step reports."""

    verdict: str
    """`passed`, `slower`, `unclear`, `invalid` or `interrupted`."""
    code: int
    """The exit code of `crawlbench ab`, or the one that fits."""
    sentence: str
    """The result in one line, which may quote strangers."""
    table: str = ""
    """The table as Markdown; empty if nothing was measured."""
    is_extended: bool = False
    """Whether it was measured for as long again, because it was unclear."""

    def exit_code(self, *, fails_if_unclear: bool) -> int:
        """Return the step's exit code: 0, 1, 2 for an unusable input, 130 if interrupted."""
        if self.code in (USAGE, INTERRUPTED):
            return self.code
        passes = self.verdict == "passed" or (self.verdict == "unclear" and not fails_if_unclear)
        return 0 if passes else 1

    def level(self, exit_code: int) -> str:
        """Return the level of the annotation."""
        if exit_code:
            return "error"
        return "warning" if self.verdict == "unclear" else "notice"

    def summary(self) -> str:
        """Return the summary as Markdown; the table begins with the session's sentence."""
        return self.table or quote(self.sentence)

    def comment(self, name: str) -> str:
        """Return the comment for the comparison of that name."""
        again = ", measured for as long again because it was unclear" if self.is_extended else ""
        footer = (
            f"From `crawlbench ab`, exit code {self.code}{again}. "
            "The session and its report are an artifact of the run."
        )
        return write_comment(name, f"{name}: {self.verdict}", self.summary(), footer)


def fail(sentence: str, code: int = INVALID) -> Outcome:
    """Return the outcome if nothing could be measured."""
    verdict = VERDICTS[code if code == INTERRUPTED else INVALID]
    return Outcome(verdict, code, " ".join(sentence.split()))


def judge(ended: Ended, folder: Path, inputs: Inputs) -> Outcome:
    """Return the outcome of `crawlbench ab`.

    We rely on its exit code only if its answer agrees: Python itself ends with 1 when a program
    crashes, and that does not mean that the head is slower.
    """
    answer = _read(folder / ANSWER_FILE)
    code = ended.code
    if ended.is_interrupted and code < 0 and answer:  # it was ended while drawing its page
        code = answer["code"]
    if answer is None or answer["code"] != code or code not in VERDICTS:
        if ended.is_interrupted:
            return fail(NOTHING_SAID, INTERRUPTED)
        text = _blame(ended.last_words, inputs.side_names)
        return fail(text, code if code in (USAGE, INTERRUPTED) else INVALID)
    sentence = " ".join(str(answer["sentence"]).split())
    table = _read_table(folder / TABLE_FILE)
    if lead := _lead(code, answer):
        sentence = f"{lead}: {sentence}"
        table = table and f"{quote(lead)}\n\n{table}"
    return Outcome(VERDICTS[code], code, sentence, table, answer["is_extended"] is True)


def _blame(words: str, names: tuple[str, str]) -> str:
    """Return a sentence that names the side that failed, if the words begin with its name."""
    for name, failed in zip(names, (BASE_FAILED, HEAD_FAILED), strict=True):
        if words.startswith((f"environment {name!r} ", f"environment {name!r}: ")):
            return f"{failed}: {words}"
    return words


def _lead(code: int, answer: dict[str, Any]) -> str:
    """Return what to add before the session's own sentence; empty if that is enough."""
    if code == INTERRUPTED:
        return CUT_SHORT
    if code != INVALID:
        return ""
    changes = [change for change in answer["changes"] if isinstance(change, dict)]
    if any(_is_base_broken(change) for change in changes):
        return BASE_FAILED
    if any(_is_lost(change) for change in changes):
        return LOST
    if any(change.get("verdict") == "invalid" for change in changes):
        return ""
    # The mirror died, or nothing can be judged.
    reason = " ".join(str(answer.get("reason", "")).split())
    return f"{NO_ANSWER} ({reason})" if reason else NO_ANSWER


def _is_base_broken(change: dict[str, Any]) -> bool:
    """Return whether a change is invalid because the base failed, with or without the head."""
    is_of_base = change.get("failed") == "base" or change.get("base_s") is None
    return change.get("verdict") == "invalid" and is_of_base


def _is_lost(change: dict[str, Any]) -> bool:
    """Return whether the base has something that the head lacks; otherwise both lack it."""
    return change.get("verdict") == "not supported" and change.get("base_s") is not None


def _read(path: Path) -> dict[str, Any] | None:
    """Return the answer; None if there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not {"code", "sentence", "is_extended"} <= found.keys():
        return None
    is_whole = isinstance(found["code"], int) and isinstance(found.get("changes"), list)
    return found if is_whole else None


def _read_table(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
