"""Files that only grow, line by line (floor 3).

Only complete lines count; what a killed process left of a line is cut off.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crawlbench.base.storage import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a file, which is created if necessary, and make sure that it is on disk.

    Raises:
        OSError: the disk refuses; part of the line may be there.
    """
    with path.open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Replace a file by these lines, whole or not at all; raises what `append_line` raises."""
    write_bytes(path, b"".join(line + b"\n" for line in lines))


def read_lines(path: Path) -> list[bytes]:
    """Return the complete lines of a file; none if there is no file.

    Raises:
        OSError: it exists, but cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return content.split(b"\n")[:-1]
