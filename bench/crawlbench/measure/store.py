"""The folder of a session: written atomically, read with suspicion (floor 3)."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyperf

from crawlbench.errors import BenchError, SessionFileError, StorageError, UsageError
from crawlbench.records import FORMAT, Session
from crawlbench.whole import write_atomic, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "SESSION_FILE",
    "SUITE_FILE",
    "create_folder",
    "load_runs",
    "load_session",
    "write_session",
    "write_suite",
]

SESSION_FILE = "session.json"
SUITE_FILE = "suite.json"
_IN_THE_WAY = (FileExistsError, NotADirectoryError)  # on the way to a folder that is to be made


def create_folder(folder: Path, session: Session) -> None:
    """Make a session's folder with its first `session.json`, in one step.

    Raises:
        UsageError: it exists already or cannot be made.
    """
    try:
        if folder.exists():
            raise UsageError(
                f"the output folder {str(folder)!r} exists already; name a new one with -o"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".crawlbench-", dir=folder.parent) as draft:
            write_text(Path(draft) / SESSION_FILE, _encode(session))
            Path(draft).chmod(0o755)  # temporary folders are private
            Path(draft).rename(folder)
            Path(draft).mkdir()  # what the context manager removes
    except OSError as error:
        reason = "a file is in the way" if isinstance(error, _IN_THE_WAY) else error.strerror
        raise UsageError(
            f"the output folder {str(folder)!r} cannot be made: {reason}; name another with -o"
        ) from error


def write_suite(folder: Path, suite: pyperf.BenchmarkSuite | None) -> None:
    """Write `suite.json`; before `session.json`, so that it never holds less.

    Args:
        folder: of the session.
        suite: None if no cell is valid: then there is no such file, as pyperf knows no empty suite.

    Raises:
        StorageError: it cannot be written.
    """
    path = folder / SUITE_FILE
    with _explained(path, "written", StorageError):
        if suite is None:
            path.unlink(missing_ok=True)
        else:
            write_atomic(path, lambda draft: suite.dump(str(draft), replace=True))


def write_session(folder: Path, session: Session) -> None:
    """Write `session.json`, which makes what it holds part of the session.

    Raises:
        StorageError: it cannot be written.
    """
    with _explained(folder / SESSION_FILE, "written", StorageError):
        write_text(folder / SESSION_FILE, _encode(session))


def load_session(folder: Path) -> Session:
    """Read a session, and hold it against itself and its suite.

    Raises:
        SessionFileError: no session is there, or a file of it is broken or of another format.
    """
    path = folder / SESSION_FILE
    with _explained(path, "read"):
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SessionFileError(
                f"{str(folder)!r} is no session: it has no {SESSION_FILE}; "
                "give a folder that `crawlbench run` has made"
            ) from error
    session = _decode(path, content)
    if flaw := _find_flaw(session):
        raise _cannot_be_right(path, flaw)
    _check_suite(folder / SUITE_FILE, session)
    return session


def load_runs(folder: Path, session: Session) -> dict[str, list[pyperf.Run]]:
    """Return the runs of the session's rounds by cell, an empty list for a cell without any.

    Runs of later rounds, which a session that was killed may have in its suite alone, are left out:
    their rounds are measured again.
    """
    runs: dict[str, list[pyperf.Run]] = {cell.name: [] for cell in session.plan.cells}
    path = folder / SUITE_FILE
    if path.exists():
        for bench in pyperf.BenchmarkSuite.load(str(path)):
            runs[bench.get_name()] = [
                run
                for run in bench.get_runs()
                if run.get_metadata()["crawlbench_round"] <= len(session.rounds)
            ]
    return runs


@contextmanager
def _explained(path: Path, what: str, kind: type[BenchError] = SessionFileError) -> Iterator[None]:
    """Turn an error of the system into a sentence."""
    try:
        yield
    except OSError as error:
        raise kind(f"{str(path)!r} cannot be {what}: {error.strerror}") from error


def _encode(session: Session) -> str:
    return msgspec.json.encode(session).decode() + "\n"


_BEYOND_RANGE = re.compile("Expected `(int|float)` [<>]")
"""What msgspec says of a number that is one, but cannot be this one."""


class _Versioned(msgspec.Struct):
    format: int


def _decode(path: Path, content: bytes) -> Session:
    try:
        found = msgspec.json.decode(content, type=_Versioned).format
        if found != FORMAT:
            raise SessionFileError(
                f"{str(path)!r} has format {found}, this crawlbench reads {FORMAT}; "
                "use the version that wrote it"
            )
        return msgspec.json.decode(content, type=Session)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if _BEYOND_RANGE.search(str(error)):
            raise _cannot_be_right(path, str(error)) from error
        raise SessionFileError(f"{str(path)!r} is not a whole session file: {error}") from error


def _cannot_be_right(path: Path, flaw: str) -> SessionFileError:
    return SessionFileError(f"{str(path)!r} cannot be right: {flaw}; it was edited or damaged")


def _find_flaw(session: Session) -> str:
    """Return what no session of ours would hold, or nothing; see `records.ranges`, too."""
    plan, cells = session.plan, session.plan.cells
    names = {cell.name for cell in cells}
    samples = [sample for record in session.rounds for sample in record.samples]
    values = Counter(sample.cell for sample in samples if not sample.warmup)
    failed = {failure.cell for failure in session.failures}
    summed_up = {summary.cell: summary.values for summary in session.summaries}
    flaws = {
        "two cells have one name": len(names) < len(cells),
        "a cell has no baseline, or neither network nor operation": any(
            plan.baselines.get(cell.group) not in names
            or not (cell.network in session.networks or plan.operation(cell))
            for cell in cells
        ),
        "there are results of a cell that is not in the plan": not names >= {*values, *failed},
        f"it was not created at {session.created!r}": not _is_moment(session.created),
        "the summaries do not belong to the values": summed_up
        != {cell: count for cell, count in values.items() if cell not in failed},
    }
    return next((flaw for flaw, is_there in flaws.items() if is_there), "")


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _check_suite(path: Path, session: Session) -> None:
    """Raise if `suite.json` does not begin with the values that the session has.

    It may be a round ahead, in a session that was killed between the two files: then it has more
    values, and lacks the cells that became invalid in that round.
    """
    if not session.summaries:
        return  # no valid cell, no suite
    with _explained(path, "read"):
        content = path.read_bytes()
    try:
        suite = pyperf.BenchmarkSuite.loads(content)
        found = {bench.get_name(): list(bench.get_values()) for bench in suite}
    except Exception as error:
        raise SessionFileError(
            f"{str(path)!r} is not a whole pyperf suite ({type(error).__name__}: {error}); "
            "the session is damaged"
        ) from error
    is_ahead = any(len(found.get(s.cell, ())) > s.values for s in session.summaries)
    for summary in session.summaries:
        if is_ahead and summary.cell not in found:
            continue
        if found.get(summary.cell, [])[: summary.values] != session.values(summary.cell):
            raise SessionFileError(
                f"{str(path)!r} and {SESSION_FILE} disagree on {summary.cell!r}; "
                "they are not of one session, or one was edited"
            )
