"""Says what A/A sessions found on a machine, for `doctor` and after each session (floor 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.cli.places import settings_folder
from crawlbench.measure.margins import find_margin
from crawlbench.report.numbers import format_percent

if TYPE_CHECKING:
    from crawlbench.base.records import Machine


def tell_kept(machine: Machine) -> str:
    """Return a clause on how far apart equal things looked; empty if nothing was kept for it.

    Raises:
        UsageError: the file of margins is broken.
    """
    margin = find_margin(settings_folder(), machine)
    if not margin:
        return ""
    return f"equal things looked up to {format_percent(margin)} apart here, in short sessions"
