"""Where output goes (floor 5): results to standard output, everything else to standard error.

Neither fails on a character that the terminal's encoding lacks. Standard error never fails: a
message that cannot be shown must not end the work. A standard output that cannot be written is an
error, except for a pipe whose reader has seen enough.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import select
import sys
from contextlib import suppress
from pathlib import Path

from crawlbench.base.errors import StorageError, UsageError
from crawlbench.base.text import one_line

STORAGE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG}
"""Errors of a disk that is full or broken."""

_STANDARD = 3
"""Descriptors below this are those of the standard streams."""


class _Forgiving(io.FileIO):
    """A file that accepts what is written, whether it can be written or not."""

    def write(self, data: object) -> int:
        with suppress(OSError):
            return super().write(data) or 0  # type: ignore[arg-type]
        # As if all were written, or the buffer above would keep the rest and try again.
        return memoryview(data).nbytes  # type: ignore[arg-type]


def prepare_output() -> None:
    """Make sure that no stream fails on a character, and that standard error never fails."""
    while (free := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        pass  # else the next file opened would take a closed stream's place
    os.close(free)
    # It was closed when Python started. What is printed now goes nowhere, and is no error.
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is not sys.__stderr__:  # somebody is already listening
        return
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(_Forgiving(2, "w", closefd=False)),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=True,
    )


def finish_output() -> None:
    """Write what is still held back.

    Raises:
        StorageError: standard output cannot be written; nothing is written to it from now on.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        give_up_output()
    except OSError as error:
        give_up_output()
        raise StorageError(f"standard output cannot be written: {error.strerror}") from error


def give_up_output() -> None:
    """Discard everything still to be written, so that the interpreter's end does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def is_printed(path: Path) -> bool:
    """Return whether an output that was asked for is standard output."""
    return str(path) == "-"


def write_output(path: Path, content: bytes) -> None:
    """Write a file that was asked for, whole or not at all; `-` is standard output.

    Raises:
        UsageError: there is no such place, or it cannot be written to.
        StorageError: the disk refuses.
    """
    if is_printed(path):
        sys.stdout.flush()
        # Past the text layer, which must not hold back what was printed before: hence the flush.
        sys.stdout.buffer.write(content)
        return
    from crawlbench.base.storage import write_bytes  # noqa: PLC0415  (only if a file is written)

    try:
        write_bytes(path, content)
    except OSError as error:
        kind = StorageError if error.errno in STORAGE_ERRORS else UsageError
        raise kind(f"the file {str(path)!r} cannot be written: {error.strerror}") from error


def print_json(found: object) -> None:
    """Print a result as one JSON document, in plain ASCII, so that it is whole in every locale.

    Args:
        found: made of dicts, lists, dataclasses and structs; infinite numbers become null.
    """
    import msgspec  # noqa: PLC0415  (`--version` prints no JSON)

    sys.stdout.write(json.dumps(_finite(msgspec.to_builtins(found)), indent=1) + "\n")


def _finite(value: object) -> object:
    """Return a value without infinities, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_reader_gone() -> bool:
    """Return whether nobody reads standard output any more."""
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    # No event is asked for: errors are reported all the same.
    poll.register(1, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def complain(sentence: str) -> None:
    """Report what went wrong, in one line."""
    sys.stderr.write(f"crawlbench: {one_line(sentence)}\n")
