"""`crawlbench compare`: says what changed between two kept sessions (floor 5)."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.base.children import clean_environment, python_command
from crawlbench.base.errors import UNCLEAR, UsageError
from crawlbench.cli.checks import not_negative
from crawlbench.cli.consoles import print_tables, result_console
from crawlbench.cli.effects import refuse_idle
from crawlbench.cli.options import USUAL_MARGIN, AsJson, FailOn
from crawlbench.cli.output import complain, print_json
from crawlbench.measure.past_sessions import find_kept
from crawlbench.measure.store import load_session
from crawlbench.report.changes import (
    ONE,
    comparison_notes,
    comparison_tables,
    tell_comparison,
    why_not_compared,
)
from crawlbench.stats.compare import SessionComparison, compare_sessions
from crawlbench.stats.gate import hold_gate, read_bound
from crawlbench.stats.rows import Margin

REMEDY = "more sessions kept beside these, or a wider gate,"
"""What helps where two sessions are compared: more rounds would not make sessions more alike."""


def compare(
    context: typer.Context,
    base: Annotated[Path, typer.Argument(help="The folder of a session, or a pyperf file.")],
    head: Annotated[Path, typer.Argument(help="The session to compare with it.")],
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            callback=not_negative,
            help="Largest change that does not matter, in %.",
            show_default=f"{USUAL_MARGIN:g}",
        ),
    ] = None,
    fail_on: FailOn = None,
    as_json: AsJson = False,
) -> None:
    """Compare two sessions, in plain and in normalised time; a verdict needs both.

    Example: crawlbench compare results/before results/after --fail-on slower:5%

    Even the same code differs from session to session. The intervals include that variance, taken
    from the other sessions in the same folders or, where there are none, from earlier measurements.
    Where both crawled the same two lengths, time per page and time to begin are compared as well.
    """
    wanted = math.log1p((USUAL_MARGIN if margin is None else margin) / 100)
    gate = None if fail_on is None else read_bound(fail_on, wanted)
    if base.is_file() or head.is_file():
        if as_json:
            raise UsageError("--json needs two sessions' folders; pyperf's comparison has no JSON")
        refuse_idle(context, "files are compared by pyperf, which has no margin", "margin")
        _compare_suites(base, head, is_gated=gate is not None)
        return
    pair = load_session(base), load_session(head)
    others = find_kept(pair, (base, head))
    found = compare_sessions(*pair, wanted, others)
    # Before anything is printed that would look like an answer.
    copy = f"{ONE}; measure the head" if found.is_one else ""
    if gate and (why_not := why_not_compared(found, gate.quantity) or copy):
        raise UsageError(f"--fail-on {fail_on} cannot be checked: {why_not}")
    if as_json:
        print_json(tell_comparison(found))
    else:
        _show(found)
    if gate is not None:
        # Judged once more: a verdict at the margin does not say whether the gate was passed.
        at_gate = compare_sessions(*pair, Margin(gate.margin(wanted), gate.begin_s), others)
        compared = at_gate.by[gate.quantity]
        held = hold_gate(compared.changes, gate.size, REMEDY, len(compared.lost))
        if held.reason:
            complain(held.reason)
        raise typer.Exit(held.code)


def _show(found: SessionComparison) -> None:
    print_tables(*comparison_tables(found))
    for note in comparison_notes(found):
        result_console().print(note, style="dim")


def _compare_suites(base: Path, head: Path, *, is_gated: bool) -> None:
    """Let pyperf compare two suites in its own way, and say how far that can be trusted."""
    for folder, file in ((base, head), (head, base)):
        if folder.is_dir():
            raise UsageError(
                f"{str(folder)!r} is a folder and {str(file)!r} a file; give two session "
                "folders, or two pyperf files"
            )
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
        "treats all values as independent; use session folders for intervals that hold\n"
    )
    if is_gated:
        complain("a gate needs sessions with rounds: give their folders")
        raise typer.Exit(UNCLEAR)
