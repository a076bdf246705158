"""Answers as HTTP/1.1 sends them, of which the kernel need not copy the big ones (floor 2)."""

from __future__ import annotations

import os
import weakref

FEWEST_BYTES = 32_768  # below this, a copy costs less than a page of the file
FILE_BYTES = 8 * 2**20


class MemoryFile:
    """A file in memory that exists as long as an answer lies in it.

    It only grows, because sockets may still be sending what was written first.
    """

    __slots__ = ("__weakref__", "descriptor", "size")

    def __init__(self) -> None:
        """Make an empty one; raises AttributeError or OSError where the system has none."""
        self.descriptor = os.memfd_create("answers")
        self.size = 0
        weakref.finalize(self, os.close, self.descriptor)

    def append(self, data: bytes) -> int:
        """Append the data, and return where it begins."""
        start = self.size
        while self.size < start + len(data):
            self.size += os.write(self.descriptor, data[self.size - start :])
        return start


class Rendered:
    """The whole answer for one page."""

    __slots__ = ("__weakref__", "_file", "_start", "data")

    def __init__(self, data: bytes) -> None:
        """Hold it as bytes only."""
        self.data = data
        self._file: MemoryFile | None = None
        self._start = 0

    def lie_in(self, file: MemoryFile) -> None:
        """Send it from this file from now on."""
        # The bytes first: if there is no room for them, the answer goes on being sent from memory.
        self._start = file.append(self.data)
        self._file = file

    @property
    def is_worth_a_file(self) -> bool:
        """Whether sending from a file would be faster, and is not done yet."""
        return self._file is None and len(self.data) >= FEWEST_BYTES

    def send(self, descriptor: int) -> int:
        """Send as much to an open socket as it takes now, and return how many bytes it took.

        Raises:
            OSError: it takes nothing now, or is broken.
        """
        if self._file is None:
            return os.write(descriptor, self.data)
        return os.sendfile(descriptor, self._file.descriptor, self._start, len(self.data))


class Shelf:
    """Puts answers that are requested again into files in memory, one file after the other."""

    def __init__(self) -> None:
        """Start without a file."""
        self._file: MemoryFile | None = None
        self._is_possible = hasattr(os, "memfd_create")

    def put(self, rendered: Rendered) -> None:
        """Let an answer be sent from a file, if this system has such files."""
        if not self._is_possible:
            return
        try:
            # Several files, so that the memory of each is free once its last answer is dropped.
            if self._file is None or self._file.size >= FILE_BYTES:
                self._file = MemoryFile()
            rendered.lie_in(self._file)
        except OSError:  # no room, or not allowed: then it is copied
            self._is_possible = False
