"""Writes files whole or not at all (floor 0)."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["write_atomic", "write_bytes", "write_text"]


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside the path, then put it in the path's place.

    Raises:
        OSError: the disk refuses; what was in the place is still there.
    """
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


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; errors as `write_atomic`."""
    write_atomic(path, lambda draft: draft.write_bytes(content))


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; errors as `write_atomic`."""
    write_atomic(path, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))
