"""`crawlbench compare` (floor 5)."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.children import clean_environment, python_command
from crawlbench.cli.checks import not_negative
from crawlbench.cli.gates import FailOn, parse_gate
from crawlbench.cli.margins import known_margin
from crawlbench.cli.output import complain, result_console
from crawlbench.errors import UsageError
from crawlbench.measure.store import load_session
from crawlbench.report.changes import changes_table
from crawlbench.report.terminal import render_table
from crawlbench.stats.compare import SessionComparison, compare_sessions
from crawlbench.stats.gate import hold_gate

__all__ = ["compare"]

UNCLEAR = 3
USUAL_MARGIN = 0.01


def compare(
    base: Annotated[Path, typer.Argument(help="A session's folder, or a pyperf suite.")],
    head: Annotated[Path, typer.Argument(help="The one to hold against it.")],
    margin: Annotated[
        float | None,
        typer.Option("--margin", callback=not_negative, help="Changes that do not matter, in %."),
    ] = None,
    fail_on: FailOn = None,
) -> None:
    """Compare two sessions, each normalised by its own control."""
    wanted = math.log1p(USUAL_MARGIN) if margin is None else math.log1p(margin / 100)
    least = max(wanted, known_margin()) if margin is None else wanted
    gate = parse_gate(fail_on, least)
    if base.is_file() or head.is_file():
        _compare_suites(base, head, is_gated=gate is not None)
        return
    found = compare_sessions(
        load_session(base), load_session(head), least if gate is None else gate
    )
    _show(found)
    if gate is not None:
        held = hold_gate(found.changes, gate)
        if held.reason:
            complain(held.reason)
        raise typer.Exit(held.code)


def _show(found: SessionComparison) -> None:
    console = result_console()
    console.print(render_table(changes_table(found.changes), console.width))
    notes = [f"{c.cell}: {c.verdict}: {c.reason}" for c in found.changes if c.reason]
    notes += [f"{name}: only in the base" for name in found.only_base]
    notes += [f"{name}: only in the head" for name in found.only_head]
    notes.append(
        "ratio is head over base after each was divided by its own control; a change of the "
        "baseline itself shows in the plain times only"
    )
    for note in notes:
        console.print(note, style="dim", markup=False)


def _compare_suites(base: Path, head: Path, *, is_gated: bool) -> None:
    """Let pyperf compare two suites in its own way, and say what that is worth."""
    call = python_command("pyperf", "compare_to", str(base), str(head), "--table")
    outcome = subprocess.run(
        call, capture_output=True, text=True, check=False, env=clean_environment()
    )
    if outcome.returncode:
        words = outcome.stderr.strip().splitlines() or ["it said nothing"]
        raise UsageError(f"pyperf cannot compare {str(base)!r} with {str(head)!r}: {words[-1]}")
    sys.stdout.write(outcome.stdout)
    sys.stdout.write(
        "\nunpaired: plain pyperf suites have no rounds, so this is pyperf's own test, which\n"
        "takes all values as independent; use session folders for intervals that hold\n"
    )
    if is_gated:
        complain("a gate needs sessions with rounds: give their folders")
        raise typer.Exit(UNCLEAR)
