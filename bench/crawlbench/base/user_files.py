"""Reads files that people write by hand, which are small (floor 0)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16 * 2**20
"""A larger file is not what its name says, and is not read into memory."""


def read_handmade(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: it cannot be read, or is too large to have been written by hand.
    """
    with path.open("rb") as file:
        # Its size is not asked for: a pipe or a device has none, and may never end.
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {MAX_BYTES // 2**20} MB", str(path))
    return content
