"""Puts this checkout's crawlbench into a Python of its own, with the versions of its lock file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ci.running import run

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["InstallError", "find_python"]

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "ci.txt"
"""All that crawlbench needs here, and what builds it, each with its hashes."""
OWN_PYTHON = "CRAWLBENCH_PYTHON"
ISOLATED = ("-I", "-X", "utf8")
"""Python's options: it looks for modules neither in the folder that we are called in, which may be
a stranger's, nor where variables say."""


class InstallError(Exception):
    """Raised when crawlbench cannot be installed; the message says why."""


def find_python(folder: Path, environ: Mapping[str, str], log: TextIO) -> str:
    """Return a Python that has crawlbench: the one that is named, else one that is made.

    Args:
        folder: in which it is made.
        environ: `CRAWLBENCH_PYTHON` names one that has it, as on a runner of one's own.
        log: where the installer's lines go.

    Raises:
        InstallError: it cannot be made.
    """
    if named := environ.get(OWN_PYTHON):
        return named
    place = folder / "python"
    python = str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    install = (python, *ISOLATED, "-m", "pip", "install", *quiet)
    for command in (
        (sys.executable, *ISOLATED, "-m", "venv", str(place)),
        (*install, "--require-hashes", "-r", str(LOCK)),
        (*install, "--no-deps", "--no-build-isolation", str(ROOT)),  # a folder has no hash
    ):
        ended = run(command, environ, log, folder=folder)
        if ended.code != 0:
            raise InstallError(f"crawlbench cannot be installed: {ended.last_words}")
    return python
