"""Keeps the margins that A/A sessions found, one for each machine, in a file (floor 3)."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.whole import storing, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.base.records import Machine

FILE = "margins.json"


def find_margin(folder: Path, machine: Machine) -> float | None:
    """Return the log ratio by which equal things can differ on this machine; None if not known.

    Raises:
        UsageError: the file of margins is broken.
    """
    return _read(folder / FILE).get(_key(machine))


def keep_margin(folder: Path, machine: Machine, margin: float) -> Path:
    """Record the margin of this machine, and return the file.

    Raises:
        StorageError: it cannot be written.
    """
    path = folder / FILE
    margins = {**_read(path), _key(machine): margin}
    with storing(path):
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(margins, indent=1) + "\n")
    return path


def forget_margin(folder: Path, machine: Machine) -> None:
    """Forget the margin of this machine, if one is kept.

    Raises:
        StorageError: the file cannot be written.
    """
    path = folder / FILE
    margins = _read(path)
    if margins.pop(_key(machine), None) is not None:
        with storing(path):
            write_text(path, json.dumps(margins, indent=1) + "\n")


def _read(path: Path) -> dict[str, float]:
    if not path.exists():
        return {}
    try:
        margins = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): _margin(value) for key, value in margins.items()}
    except (OSError, ValueError, AttributeError, TypeError, ArithmeticError) as error:
        raise UsageError(f"{str(path)!r} is not a file of margins: {error}; delete it") from error


def _margin(value: object) -> float:
    """Return a margin, which must be finite and not negative."""
    number = float(value)  # type: ignore[arg-type]
    if not 0 <= number < math.inf:
        raise ValueError(f"{value!r} is not a margin")
    return number


def _key(machine: Machine) -> str:
    """Return a machine's name in the file: another CPU, or number of CPUs, makes another one."""
    return f"{machine.hostname} / {machine.cpu_model} / {machine.cpu_count} CPUs"
