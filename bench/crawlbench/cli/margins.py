"""What A/A sessions found on this machine, to be shown (floor 5)."""

from __future__ import annotations

from pathlib import Path

import typer

from crawlbench.measure.machine import describe_machine
from crawlbench.measure.margins import find_margin

__all__ = ["known_margin", "settings_folder"]


def settings_folder() -> Path:
    """Return the folder in which what belongs to this machine is kept."""
    return Path(typer.get_app_dir("crawlbench"))


def known_margin() -> float:
    """Return the log ratio that `crawlbench aa` has found for this machine; 0 if it has not run."""
    return find_margin(settings_folder(), describe_machine()) or 0.0
