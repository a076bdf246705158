"""What other processes note for the worker whose pages they read (floor 3).

Imported by workers, hence it uses only the standard library.
"""

from __future__ import annotations

import os
import struct
import tempfile
from dataclasses import dataclass, field

_NOTE = struct.Struct("<QQd")
"""What is noted of each page: its items, its bytes, and when it had been read."""


@dataclass(frozen=True, slots=True)
class Notes:
    """A nameless file to which all processes of a machine append; pickled, it is found by path."""

    _path: str
    """Where others find the file for as long as its owner runs; empty where there is no file."""
    _identity: tuple[int, int]
    """Its device and inode, since a descriptor may be closed and another file get its number."""
    _descriptor: int | None = field(default=None, compare=False)
    """The owner's, which forked children inherit; None in processes that were sent this."""

    def __reduce__(self) -> tuple[object, ...]:
        """Leave the descriptor here, where it means something."""
        return Notes, (self._path, self._identity)

    def leave(self, items: int, size: int, at: float) -> bool:
        """Note a page, and return whether that was possible.

        One small write to a file that was opened for appending is whole: no lock is needed.

        Args:
            items: how many the page has.
            size: bytes of its body.
            at: when it had been read, on the clock of `time.perf_counter`.
        """
        note = _NOTE.pack(items, size, at)
        if self._is_at(self._descriptor):
            os.write(self._descriptor, note)  # type: ignore[arg-type]
            return True
        # Opened for each note, which takes 9 µs (a page by lxml, 1.7 ms): a process that was sent
        # many readers would otherwise keep as many descriptors.
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError:  # another machine, or one without /proc
            return False
        try:
            return self._is_at(descriptor) and bool(os.write(descriptor, note))
        finally:
            os.close(descriptor)

    def _is_at(self, descriptor: int | None) -> bool:
        if descriptor is None:
            return False
        try:
            found = os.fstat(descriptor)
        except OSError:  # closed, as daemons close all that they inherit
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def look(self) -> list[tuple[int, int, float]]:
        """Return the items, the bytes and the time of each page that was noted, in the owner."""
        if self._descriptor is None:
            return []
        size = os.fstat(self._descriptor).st_size
        return list(_NOTE.iter_unpack(os.pread(self._descriptor, size, 0)))

    def clear(self) -> None:
        """Forget all notes, in the owner."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)


def open_notes() -> Notes:
    """Return notes of this process; without fork they stay empty."""
    if not hasattr(os, "fork"):
        return Notes("", (0, 0))
    descriptor, path = tempfile.mkstemp()
    os.close(descriptor)  # `mkstemp` does not open for appending
    appending = os.open(path, os.O_RDWR | os.O_APPEND)
    os.unlink(path)  # noqa: PTH108  (not our name any more)
    found = os.fstat(appending)
    # Linux opens by this path what has no name, for processes of the same user.
    path = f"/proc/{os.getpid()}/fd/{appending}"
    return Notes(path, (found.st_dev, found.st_ino), appending)
