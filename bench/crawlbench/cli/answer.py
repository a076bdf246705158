"""What `crawlbench ab` answers: `answer.json` for scripts, and an exit code (floor 5)."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn, TypedDict

import typer

from crawlbench.base.errors import INTERRUPTED, INVALID, SLOWER, UNCLEAR, StorageError
from crawlbench.base.records import Ending, Quantity
from crawlbench.base.storage import write_text
from crawlbench.cli.measuring import exit_code
from crawlbench.cli.output import complain
from crawlbench.report.environment_pairs import versus_changes, versus_sentence
from crawlbench.report.view import SessionView
from crawlbench.stats.change import find_changes
from crawlbench.stats.gate import Bound, hold_gate
from crawlbench.stats.judge import judge_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crawlbench.base.records import Session
    from crawlbench.report.environment_pairs import ToldChange

ANSWER_FILE = "answer.json"
ENDED_EARLY = {Ending.INTERRUPTED: INTERRUPTED, Ending.MIRROR: INVALID}
"""Exit code by the ending of a session that was cut short."""
VERDICTS = {
    0: "passed",
    SLOWER: "slower",
    UNCLEAR: "unclear",
    INVALID: "invalid",
    INTERRUPTED: "interrupted",
}
"""By exit code."""


class AnswerFile(TypedDict):
    """What is written to answer.json; docs/ci.md describes it."""

    format: int
    sentence: str
    verdict: str
    code: int
    reason: str
    gate: float
    gate_quantity: Quantity
    is_extended: bool
    changes: list[ToldChange]
    cpu_changes: list[ToldChange]
    per_page_changes: list[ToldChange]
    to_begin_changes: list[ToldChange]
    cpu_per_page_changes: list[ToldChange]


def find_answer(session: Session, gate: Bound | None) -> AnswerFile:
    """Return the answer for scripts, whose fields docs/ci.md describes.

    Args:
        session: the session that measured both sides.
        gate: the gate to check; if None, the margin serves as one, by wall time.
    """
    view = SessionView(session)
    asked = gate or Bound(Quantity.TIME, session.plan.margin)
    held = hold_gate(find_changes(judge_at(session, asked), asked.quantity), asked.size)
    is_cut = session.ending in ENDED_EARLY
    # Whatever its rounds show, a session that was cut short passes nothing and fails nothing.
    code = ENDED_EARLY[session.ending] if is_cut else held.code
    return {
        "format": 1,
        "sentence": versus_sentence(view),
        "verdict": VERDICTS[code],
        "code": code,
        "reason": "the session was not finished" if is_cut else held.reason,
        "gate": asked.size,
        "gate_quantity": asked.quantity,
        "is_extended": False,
        "changes": versus_changes(view),
        "cpu_changes": versus_changes(view, Quantity.CPU),
        "per_page_changes": versus_changes(view, Quantity.PAGE),
        "to_begin_changes": versus_changes(view, Quantity.BEGIN),
        "cpu_per_page_changes": versus_changes(view, Quantity.CPU_PAGE),
    }


def find_answer_again(folder: Path, session: Session) -> AnswerFile:
    """Return the answer of a session of `ab` that went on, which takes the place of the last."""
    is_extended = False
    with suppress(OSError, ValueError, AttributeError):  # there is none, or it is not ours
        before = json.loads((folder / ANSWER_FILE).read_bytes())
        is_extended = before.get("is_extended") is True
    plan = session.plan
    gate = None if plan.gate is None else Bound(plan.gate_quantity, plan.gate)
    return {**find_answer(session, gate), "is_extended": is_extended}


def write_answer(folder: Path, answer: Mapping[str, object]) -> bool:
    """Write the answer into the session's folder; if that fails, say why and return False.

    What was measured can be shown all the same.
    """
    try:
        write_text(folder / ANSWER_FILE, json.dumps(answer, indent=1) + "\n")
    except OSError as error:
        complain(f"{ANSWER_FILE} was not written: {error.strerror or error}")
        return False
    return True


def end_with(answer: AnswerFile, session: Session, *, is_published: bool) -> NoReturn:
    """Exit with an answer's code, and say in a sentence why it is not 0."""
    if session.ending in ENDED_EARLY:
        exit_code(session)  # says why
    elif answer["reason"]:
        complain(answer["reason"])
    # A verdict stands, whether or not everything that shows it could be written.
    missing = 0 if is_published else StorageError.exit_code
    raise typer.Exit(answer["code"] or missing)
