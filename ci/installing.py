"""Puts this checkout's crawlbench into a Python of its own, with the versions of its lock file."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ci.running import run

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["InstallError", "find_python"]

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "environments,report"
OWN_PYTHON = "CRAWLBENCH_PYTHON"
ISOLATED = ("-I", "-X", "utf8")
"""Python's options: it looks for modules neither in the folder that we are called in, which may be
a stranger's, nor where variables say."""
_PIN = re.compile(r"(?m)^([A-Za-z0-9][A-Za-z0-9._-]*==[^\s;\\]+(?: *; *[^\\\n]+?)?) *\\?$")


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
    constraints = folder / "constraints.txt"
    constraints.write_text(_constraints(), encoding="utf-8")
    python = str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    wanted = f"crawlbench[{EXTRAS}] @ {ROOT.as_uri()}"
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    for command in (
        (sys.executable, *ISOLATED, "-m", "venv", str(place)),
        (python, *ISOLATED, "-m", "pip", "install", *quiet, "-c", str(constraints), wanted),
    ):
        ended = run(command, environ, log, folder=folder)
        if ended.code != 0:
            raise InstallError(f"crawlbench cannot be installed: {ended.last_words}")
    return python


def _constraints() -> str:
    """Return the pins of our lock file, without hashes: a folder, such as ours, can have none."""
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    return "".join(f"{pin}\n" for pin in _PIN.findall(lock))
