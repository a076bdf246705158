"""The folder of a session: keeps what is finished, and distrusts what it reads (floor 3).

session.json    plan, machine, and how many rounds belong to it; replaced whole, at the end
                with the conclusions
rounds.jsonl    a round's values in each line; only added to
runs.jsonl      a round's pyperf runs in each line, until the session ends
suite.json      all runs as pyperf keeps them; written when the session ends

A round is part of the session once `session.json` counts it. Further lines come from a session that
was killed in between, and are ignored.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pyperf

from crawlbench.base.errors import SessionFileError, StorageError, UsageError
from crawlbench.base.records import FORMAT, RoundRecord, Session
from crawlbench.base.storage import storing, whole_folder, write_atomic, write_text
from crawlbench.measure.collect import decode_runs, encode_runs, merge_runs, round_of
from crawlbench.measure.decoding import (
    CONCLUSIONS,
    ROUNDS_FILE,
    decode_session,
    not_whole,
    reading,
)
from crawlbench.measure.lines import append_line, read_lines, write_lines
from crawlbench.measure.owner import OwnedError, own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SESSION_FILE = "session.json"
RUNS_FILE = "runs.jsonl"
SUITE_FILE = "suite.json"
Runs = dict[str, list[pyperf.Run]]
"""Runs by cell, in the order of the rounds."""
_IN_THE_WAY = (FileExistsError, NotADirectoryError)  # on the way to a new folder


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to fill, which becomes the output folder when the block ends.

    Raises:
        UsageError: that exists already or cannot be made.
    """
    try:
        refuse_taken(folder)  # an OSError if the name is too long
        with whole_folder(folder) as draft:
            yield draft
    except OSError as error:
        reason = "a file is in the way" if isinstance(error, _IN_THE_WAY) else error.strerror
        raise UsageError(
            f"the output folder {str(folder)!r} cannot be made: {reason}; name another with -o"
        ) from error


def refuse_taken(folder: Path) -> None:
    """Raise UsageError if there is something under the name of an output folder."""
    if folder.exists():
        raise UsageError(
            f"the output folder {str(folder)!r} exists already; name a new one with -o, "
            "or replace it with --force"
        )


def create_folder(folder: Path, session: Session) -> None:
    """Make a session's folder with its first `session.json`; raises what `new_folder` raises."""
    with new_folder(folder) as draft:
        write_text(draft / SESSION_FILE, _encode(session))


def append_round(folder: Path, record: RoundRecord, runs: Mapping[str, pyperf.Run]) -> None:
    """Add a finished round and its runs, by cell; `write_session` makes it part of the session.

    Raises:
        StorageError: it cannot be written.
    """
    lines = {RUNS_FILE: encode_runs({c: [r] for c, r in runs.items()})}
    lines[ROUNDS_FILE] = msgspec.json.encode(record)
    for name, line in lines.items():
        with storing(folder / name):
            append_line(folder / name, line)


def write_session(folder: Path, session: Session) -> None:
    """Write `session.json`, which makes the rounds that it counts part of the session.

    Raises:
        StorageError: it cannot be written.
    """
    with storing(folder / SESSION_FILE):
        write_text(folder / SESSION_FILE, _encode(session))


def write_suite(folder: Path, suite: pyperf.BenchmarkSuite | None) -> None:
    """Write `suite.json`; remove it if no cell is valid, because pyperf has no empty suites.

    Raises:
        StorageError: it cannot be written.
    """
    path = folder / SUITE_FILE
    with storing(path):
        if suite is None:
            path.unlink(missing_ok=True)
        else:
            write_atomic(path, lambda draft: suite.dump(str(draft), replace=True))


def close_session(folder: Path, session: Session, runs: Runs) -> None:
    """Write a session that has ended; its suite comes first, so that it never has fewer values.

    Raises:
        StorageError: it cannot be written.
    """
    write_suite(folder, _merge_valid(session, runs))
    write_session(folder, session)
    with suppress(OSError):  # the suite has them all by now
        (folder / RUNS_FILE).unlink(missing_ok=True)


def reopen_session(folder: Path, session: Session, runs: Runs) -> None:
    """Prepare a folder for more rounds, whatever was left of one that was not finished.

    Raises:
        StorageError: it cannot be written.
    """
    by_round = [
        {c: [r for r in of_cell if round_of(r) == record.number] for c, of_cell in runs.items()}
        for record in session.rounds
    ]
    lines = {
        RUNS_FILE: [encode_runs(of_round) for of_round in by_round],
        ROUNDS_FILE: [msgspec.json.encode(record) for record in session.rounds],
    }
    for name, content in lines.items():
        with storing(folder / name):
            write_lines(folder / name, content)
    # Last: until then, a session that had ended is read with its suite, which is still whole.
    write_session(folder, session)


def load_session(folder: Path) -> Session:
    """Read a session, and check it against itself and its suite.

    If the session was killed, its suite is made from the runs that it has kept.

    Raises:
        SessionFileError: there is no session, or one of its files is broken or has another format.
    """
    path = folder / SESSION_FILE
    with reading(path):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            lack = "it is a file" if folder.is_file() else f"it has no {SESSION_FILE}"
            raise SessionFileError(
                f"{str(folder)!r} is not a session: {lack}; "
                "give a folder that `crawlbench run` has made"
            ) from error
    session = decode_session(path, content)
    was_killed = session.format == FORMAT and not session.ending
    # Where no suite can be made, because the session goes on or the folder is read-only, none is
    # checked: no report needs it.
    if not was_killed or _mend_suite(folder, session, content):
        _check_suite(folder / SUITE_FILE, session)
    return session


def load_runs(folder: Path, session: Session) -> Runs:
    """Return the runs of the session's rounds by cell, with an empty list for cells without runs.

    Runs of later rounds, which a killed session may have, are left out: their rounds are measured
    again.
    """
    runs: Runs = {cell.name: [] for cell in session.plan.cells}
    path = folder / (SUITE_FILE if session.ending or session.format < FORMAT else RUNS_FILE)
    with reading(path):
        lines = read_lines(path)
    try:
        # pyperf writes a suite as one line, so that both files are read alike.
        for cell, run in (found for line in lines for found in decode_runs(line)):
            if round_of(run) <= len(session.rounds):
                runs[cell].append(run)
    except Exception as error:
        raise not_whole(path, "pyperf suite", error) from error
    return runs


def _merge_valid(session: Session, runs: Runs) -> pyperf.BenchmarkSuite | None:
    failed = {failure.cell for failure in session.failures}
    return merge_runs({cell: of_cell for cell, of_cell in runs.items() if cell not in failed})


def _mend_suite(folder: Path, session: Session, content: bytes) -> bool:
    """Make the suite of a session that was killed, unless another process is writing it."""
    try:
        with own(folder):
            if (folder / SESSION_FILE).read_bytes() != content:
                return False  # its owner has gone on meanwhile
            write_suite(folder, _merge_valid(session, load_runs(folder, session)))
    except (StorageError, OwnedError, OSError):
        return False
    return True


def _encode(session: Session) -> str:
    """Return the content of `session.json`; conclusions are included only once it has ended.

    They grow with the number of pairs, and whoever reads a session draws them again.
    """
    apart = {"rounds", *(CONCLUSIONS if not session.ending else ())}
    fields = msgspec.to_builtins(replace(session, rounds=(), format=FORMAT))
    content = {name: value for name, value in fields.items() if name not in apart}
    content["kept_rounds"] = len(session.rounds)
    return msgspec.json.encode(content).decode() + "\n"


def _check_suite(path: Path, session: Session) -> None:
    """Raise if `suite.json` does not begin with the session's values.

    In format 1 it may be one round ahead, if the session was killed between the two files: then it
    has more values, and lacks the cells that became invalid in that round.
    """
    if not session.summaries:
        return  # no valid cell, no suite
    with reading(path):
        content = path.read_bytes()
    try:
        suite = pyperf.BenchmarkSuite.loads(content)
        found = {bench.get_name(): list(bench.get_values()) for bench in suite}
    except Exception as error:
        raise SessionFileError(
            f"{str(path)!r} is not a whole pyperf suite ({type(error).__name__}: {error}); "
            "the session is damaged"
        ) from error
    values: dict[str, list[float]] = {}
    for sample in (sample for record in session.rounds for sample in record.samples):
        if not sample.warmup:
            values.setdefault(sample.cell, []).append(sample.seconds)
    is_ahead = any(len(found.get(s.cell, ())) > s.values for s in session.summaries)
    for summary in session.summaries:
        if is_ahead and summary.cell not in found:
            continue
        if found.get(summary.cell, [])[: summary.values] != values[summary.cell]:
            raise SessionFileError(
                f"{str(path)!r} and the values of the session disagree on {summary.cell!r}; "
                "they are not of one session, or one was edited"
            )
