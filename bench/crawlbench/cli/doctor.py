"""`crawlbench doctor`: says what on this machine would disturb a session (floor 5)."""

from __future__ import annotations

import subprocess
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.text import list_cpus
from crawlbench.cli.consoles import result_console
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import print_json
from crawlbench.cli.places import settings_folder
from crawlbench.measure.conditions import read_conditions
from crawlbench.measure.machine import describe_machine
from crawlbench.measure.margins import find_margin
from crawlbench.report.numbers import format_percent
from crawlbench.stats.caveats import condition_caveats

if TYPE_CHECKING:
    from crawlbench.base.records import Machine

NOT_KNOWN = "how far apart equal things look here is not known; crawlbench aa finds out"


def doctor(
    as_json: AsJson = False,
) -> None:
    """Look at this machine and say what would disturb a session, and what would help.

    Example: crawlbench doctor
    """
    machine, conditions = describe_machine(), read_conditions()
    doubts = condition_caveats(machine, conditions)
    advice = _pyperf_advice()
    if as_json:
        found = {
            "machine": asdict(machine),
            "conditions": asdict(conditions),
            "warnings": [asdict(doubt) for doubt in doubts],
            "pyperf": advice,
            "kept_margin": find_margin(settings_folder(), machine) or None,
        }
        print_json(found)
        return
    rows = [
        (
            "CPUs",
            f"{machine.cpu_count}, workers on {list_cpus(machine.worker_cpus) or 'any'}, "
            f"mirror on {list_cpus(machine.mirror_cpus) or 'any'}",
        ),
        ("load", "unknown" if conditions.load is None else f"{conditions.load:.2f}"),
        ("busy", ", ".join(conditions.busy) or "nobody else"),
        ("governor", conditions.governor or "unknown"),
        ("turbo", {None: "unknown", True: "on", False: "off"}[conditions.turbo]),
        ("A/A", tell_kept(machine) or NOT_KNOWN),
        *(("warning", doubt.text) for doubt in doubts),
        *(("pyperf", line) for line in advice),
    ]
    table = Table.grid(padding=(0, 1, 0, 0))
    for label, text in rows:
        style = "yellow" if label == "warning" else ""
        table.add_row(Text(label, style="dim"), Text(text, style=style, overflow="fold"))
    result_console().print(table)


def tell_kept(machine: Machine) -> str:
    """Return a clause on how far apart equal things looked; empty if nothing was kept for it.

    Raises:
        UsageError: the file of margins is broken.
    """
    margin = find_margin(settings_folder(), machine)
    if not margin:
        return ""
    return f"equal things looked up to {format_percent(margin)} apart here, in short sessions"


def _pyperf_advice() -> list[str]:
    """Return what `pyperf system show` advises; `pyperf system tune` would do it."""
    call = python_command("pyperf", "system", "show")
    output = subprocess.run(
        call, capture_output=True, text=True, check=False, env=clean_environment()
    ).stdout
    advice = output.partition("Advices\n=======\n")[2].partition("\nWarnings\n")[0]
    return [line for line in advice.strip().splitlines() if line and not line.startswith("Run ")]
