"""Keeps the margins that A/A sessions found, one for each machine, in a file (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from crawlbench.base.errors import UsageError
from crawlbench.base.storage import storing, write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.base.records import Machine

FILE = "margins.json"
_Margin = Annotated[float, msgspec.Meta(ge=0)]


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
    return _write(path, margins)


def forget_margin(folder: Path, machine: Machine) -> None:
    """Forget the margin of this machine, if one is kept.

    Raises:
        StorageError: the file cannot be written.
    """
    path = folder / FILE
    margins = _read(path)
    if margins.pop(_key(machine), None) is not None:
        _write(path, margins)


def _read(path: Path) -> dict[str, float]:
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, _Margin])
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"{str(path)!r} is not a file of margins: {error}; delete it") from error


def _write(path: Path, margins: dict[str, float]) -> Path:
    with storing(path):
        write_bytes(path, msgspec.json.format(msgspec.json.encode(margins), indent=1) + b"\n")
    return path


def _key(machine: Machine) -> str:
    """Return a machine's name in the file: another CPU, or number of CPUs, makes another one."""
    return f"{machine.hostname} / {machine.cpu_model} / {machine.cpu_count} CPUs"
