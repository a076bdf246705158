"""Decodes the files of a session, without trusting what they say (floor 3)."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec

from crawlbench.base.errors import SessionFileError
from crawlbench.base.records import FORMAT, RoundRecord, Session, WarningNote
from crawlbench.measure.flaws import find_flaw
from crawlbench.measure.lines import read_lines
from crawlbench.stats.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDS_FILE = "rounds.jsonl"
CONCLUSIONS = ("warnings", "summaries", "comparisons", "noise", "controls", "slots")
"""Fields that are written for other programs once a session has ended. They are ignored here, since
everything is concluded again whenever a session is read."""
KEPT_WARNINGS = ("mirror",)
"""Topics of warnings that cannot be concluded again from the values."""
_BEYOND_RANGE = re.compile("Expected `(int|float)` [<>]")
"""What msgspec says about a number that `records.ranges` rules out."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an OSError within the block, which reads this file, into an error with a sentence."""
    try:
        yield
    except OSError as error:
        raise SessionFileError(f"{str(path)!r} cannot be read: {error.strerror}") from error


class _Versioned(msgspec.Struct):
    format: int
    kept_rounds: int = 0


def decode_session(path: Path, content: bytes) -> Session:
    """Return the session in this `session.json` and its rounds, judged by today's rules.

    Raises:
        SessionFileError: a file is broken, contradicts itself, or has another format.
    """
    try:
        # The format alone at first: in another one, all the rest may differ.
        found = msgspec.json.decode(content, type=_Versioned)
        if found.format not in range(1, FORMAT + 1):
            raise SessionFileError(
                f"{str(path)!r} has format {found.format}, this crawlbench reads 1 to {FORMAT}; "
                "use the version that wrote it"
            )
        kept: dict[str, Any] = msgspec.json.decode(content)
        # A warning that is no object raises an AttributeError, a number in their place a TypeError.
        notes = [one for one in kept.get("warnings", ()) if one.get("topic") in KEPT_WARNINGS]
        session = msgspec.convert(
            {name: value for name, value in kept.items() if name not in CONCLUSIONS}, Session
        )
        warnings = msgspec.convert(notes, tuple[WarningNote, ...])
    except (
        msgspec.MsgspecError,
        UnicodeDecodeError,
        RecursionError,
        AttributeError,
        TypeError,
    ) as error:
        raise not_whole(path, "session file", error) from error
    if found.format < FORMAT:
        session = _cap_waits(session)
    else:
        rounds = _load_rounds(path.parent / ROUNDS_FILE, found.kept_rounds)
        session = replace(session, rounds=rounds)
    # Before the judge, which relies on what is checked here.
    if flaw := find_flaw(session):
        raise _cannot_be_right(path, flaw)
    judged = judge(session)
    return replace(judged, warnings=(*judged.warnings, *warnings))


def _load_rounds(path: Path, count: int) -> tuple[RoundRecord, ...]:
    """Return the first rounds of a file; there may be more, the last of them incomplete."""
    with reading(path):
        lines = read_lines(path)[:count]
    if len(lines) < count:
        raise SessionFileError(
            f"{str(path)!r} has {len(lines)} whole rounds of {count}; the session is damaged"
        )
    decoder = msgspec.json.Decoder(RoundRecord)
    try:
        return tuple(map(decoder.decode, lines))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise not_whole(path, "file of rounds", error) from error


def not_whole(path: Path, what: str, error: Exception) -> SessionFileError:
    """Return the error that says that a file is not whole, or that a number in it is impossible."""
    if _BEYOND_RANGE.search(str(error)):
        return _cannot_be_right(path, str(error))
    return SessionFileError(f"{str(path)!r} is not a whole {what}: {error}")


def _cannot_be_right(path: Path, flaw: str) -> SessionFileError:
    return SessionFileError(f"{str(path)!r} cannot be right: {flaw}; it was edited or damaged")


def _cap_waits(session: Session) -> Session:
    """Return a session of format 1 with its workers' waits capped at what is usual in the group.

    In format 1 a wait was that of the main thread alone, which may have waited for its own worker's
    threads. Other processes that want the CPU make all cells of a round wait, but a worker's
    threads delay only their own cell. So no cell may count a larger share of its time as waiting
    than the median cell of its group.
    """
    groups = {cell.name: cell.group for cell in session.plan.cells}
    rounds = tuple(_cap(record, groups) for record in session.rounds)
    return replace(session, rounds=rounds)


def _cap(record: RoundRecord, groups: dict[str, str]) -> RoundRecord:
    shares: dict[str, list[float]] = {}
    for sample in record.samples:
        if not sample.warmup and sample.cell in groups and sample.seconds > 0:
            share = sample.cpu_wait_s / sample.seconds
            shares.setdefault(groups[sample.cell], []).append(share)
    usual = {group: median(found) for group, found in shares.items()}
    samples = tuple(
        replace(
            sample,
            cpu_wait_s=min(
                sample.cpu_wait_s, usual.get(groups.get(sample.cell, ""), 0.0) * sample.seconds
            ),
        )
        for sample in record.samples
    )
    return replace(record, samples=samples)
