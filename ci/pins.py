"""The flow behind `ci/pins`: finds the measured packages that two lock files pin differently.

The files may come from a stranger's branch, so the output has only a strict form of
`name==version`.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

from ci.service import Service

__all__ = ["changed_pins", "main"]

LOCK = Path("requirements/dev.txt")
MEASURED = ("clients", "loops", "niquests")
"""Extras whose packages are measured, besides those of the core."""
_PIN = re.compile(r"(?m)^([a-z0-9][a-z0-9-]{0,80})==([0-9][0-9a-z.+]{0,40})(?=[ ;\\\n])")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def main() -> int:
    """Write the outputs `base` and `head`: a line of requirements each, empty if none changed."""
    base, head = (Path(argument) for argument in sys.argv[1:3])
    found = changed_pins(base, head)
    service = Service(os.environ, sys.stdout)
    for side, pins in zip(
        ("base", "head"), zip(*found, strict=True) if found else ((), ()), strict=True
    ):
        service.write_output(side, " ".join(pins))
        service.say(f"{side}: {' '.join(pins) or 'nothing that is measured changes'}")
    return 0


def changed_pins(base: Path, head: Path) -> list[tuple[str, str]]:
    """Return `name==version` of base and head, for each measured package that differs.

    Args:
        base: a checkout; its pyproject.toml names the measured packages.
        head: another checkout.
    """
    measured = _measured(base / "pyproject.toml")
    old, new = _pins(base / LOCK), _pins(head / LOCK)
    return [
        (f"{name}=={old[name]}", f"{name}=={new[name]}")
        for name in sorted(measured & old.keys() & new.keys())
        if old[name] != new[name]
    ]


def _measured(path: Path) -> set[str]:
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"], *(text for extra in MEASURED for text in extras[extra])]
    names = [match[0] for text in texts if (match := _NAME.match(text))]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def _pins(path: Path) -> dict[str, str]:
    return dict(_PIN.findall(path.read_text(encoding="utf-8")))
