"""The folder of a session: written atomically, read with suspicion (floor 3)."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyperf

from crawlbench.errors import SessionFileError, UsageError
from crawlbench.records import FORMAT, Session

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "SESSION_FILE",
    "SUITE_FILE",
    "create_folder",
    "load_session",
    "write_atomic",
    "write_session",
    "write_suite",
    "write_text",
]

SESSION_FILE = "session.json"
SUITE_FILE = "suite.json"


def create_folder(folder: Path, session: Session) -> None:
    """Make a session's folder with its first `session.json`, in one step.

    Raises:
        UsageError: it exists already or cannot be made.
    """
    if folder.exists():
        raise UsageError(
            f"the output folder {str(folder)!r} exists already; name a new one with -o"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as draft:
            write_session(Path(draft), session)
            Path(draft).chmod(0o755)  # temporary folders are private
            Path(draft).rename(folder)
            Path(draft).mkdir()  # what the context manager removes
    except OSError as error:
        raise UsageError(
            f"the output folder {str(folder)!r} cannot be made: {error.strerror}; "
            "name another with -o"
        ) from error


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside the path, then put it in the path's place."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".json", dir=path.parent)
    os.close(descriptor)
    draft = Path(name)
    try:
        write(draft)
        draft.chmod(0o644)  # temporary files are private
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def write_suite(folder: Path, suite: pyperf.BenchmarkSuite) -> None:
    """Write `suite.json`; before `session.json`, so that it never holds less."""
    write_atomic(folder / SUITE_FILE, lambda path: suite.dump(str(path), replace=True))


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    write_atomic(path, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))


def write_session(folder: Path, session: Session) -> None:
    """Write `session.json`, which makes what it holds part of the session."""
    write_text(folder / SESSION_FILE, msgspec.json.encode(session).decode() + "\n")


def load_session(folder: Path) -> Session:
    """Read a session and hold its suite against it.

    Raises:
        SessionFileError: no session is there, or a file of it is broken or of another format.
    """
    path = folder / SESSION_FILE
    if not path.is_file():
        raise SessionFileError(
            f"{str(folder)!r} is no session: it has no {SESSION_FILE}; "
            "give a folder that `crawlbench run` has made"
        )
    session = _decode(path)
    _check_suite(folder, session)
    return session


def _decode(path: Path) -> Session:
    try:
        content = path.read_bytes()
        found = msgspec.json.decode(content, type=_Versioned).format
        if found != FORMAT:
            raise SessionFileError(
                f"{str(path)!r} has format {found}, this crawlbench reads {FORMAT}; "
                "use the version that wrote it"
            )
        return msgspec.json.decode(content, type=Session)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SessionFileError(f"{str(path)!r} is not a whole session file: {error}") from error
    except OSError as error:
        raise SessionFileError(f"{str(path)!r} cannot be read: {error.strerror}") from error


class _Versioned(msgspec.Struct):
    format: int


def _check_suite(folder: Path, session: Session) -> None:
    """Raise if `suite.json` does not begin with the values that the session has.

    It may hold more: a session that was killed between the two files has them in its suite alone.
    """
    if not session.summaries:
        return  # no valid cell, no suite
    path = folder / SUITE_FILE
    try:
        suite = pyperf.BenchmarkSuite.load(str(path))
        found = {bench.get_name(): list(bench.get_values()) for bench in suite}
    except Exception as error:
        raise SessionFileError(
            f"{str(path)!r} is not a whole pyperf suite: {error}; the session is damaged"
        ) from error
    for summary in session.summaries:
        values = session.values(summary.cell)
        if found.get(summary.cell, [])[: len(values)] != values:
            raise SessionFileError(
                f"{str(path)!r} and {SESSION_FILE} disagree on {summary.cell!r}; "
                "they are not of one session, or one was edited"
            )
