"""Installs this checkout's crawlbench into a Python of its own, with its lock file's versions."""

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
"""The lock file with everything that crawlbench needs here and to be built, with hashes."""
OWN_PYTHON = "CRAWLBENCH_PYTHON"
ISOLATED = ("-I", "-X", "utf8")
"""Options for Python, so that it looks for modules neither in the current folder, which may be a
stranger's, nor where environment variables say."""


class InstallError(Exception):
    """Raised when crawlbench cannot be installed; the message says why."""


def find_python(folder: Path, environ: Mapping[str, str], log: TextIO) -> str:
    """Return a Python that has crawlbench: the one that a variable names, or a new one.

    Args:
        folder: the folder for a new one.
        environ: `CRAWLBENCH_PYTHON` may name a Python, for instance on a runner of your own.
        log: where the installer's lines go.

    Raises:
        InstallError: crawlbench cannot be installed.
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
