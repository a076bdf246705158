"""Files that only grow, a line at a time (floor 3).

A line counts when it is whole; what a process that was killed has left of one is cut off.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crawlbench.base.whole import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["append_line", "read_lines", "write_lines"]


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a file, which is made if need be, and see it onto the disk.

    Raises:
        OSError: the disk refuses; part of the line may be there.
    """
    with path.open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Replace a file, whole or not at all; errors as `append_line`."""
    write_bytes(path, b"".join(line + b"\n" for line in lines))


def read_lines(path: Path) -> list[bytes]:
    """Return the whole lines of a file; none if there is no file.

    Raises:
        OSError: it is there, but cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return content.split(b"\n")[:-1]
