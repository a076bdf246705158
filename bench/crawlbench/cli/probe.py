"""`crawlbench probe`: tries what each event loop supports (floor 5)."""

from __future__ import annotations

import fnmatch
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crawlbench.base.errors import INTERRUPTED, UsageError
from crawlbench.cli.checks import positive
from crawlbench.cli.consoles import result_console
from crawlbench.cli.options import AsJson
from crawlbench.cli.output import complain, finish_output
from crawlbench.cli.places import require_place
from crawlbench.cli.probing import run_probe, tell_findings
from crawlbench.plugins import registry
from crawlbench.probe import ProbeOptions, Report, Support
from crawlbench.probe.catalogue import all_tries, find_try
from crawlbench.probe.html import render_html
from crawlbench.probe.prober import DEADLINE_S
from crawlbench.probe.store import encode_report, write_report
from crawlbench.probe.tables import (
    about_lines,
    count_rows,
    missing_text,
    reason_rows,
    theme_tables,
)
from crawlbench.probe.terminal import render_terminal
from crawlbench.report.markdown import render_table
from crawlbench.report.table import Column, Table


class ProbeFormat(StrEnum):
    """How a probe's report can be shown."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"


def probe(
    loops: Annotated[
        list[str] | None,
        typer.Option(
            "-l", "--loop", help="Event loops: names, globs or module:factory; by default all."
        ),
    ] = None,
    probes: Annotated[
        list[str] | None,
        typer.Option("-p", "--probe", help="Probes to run: names or globs; by default all."),
    ] = None,
    deadline_s: Annotated[
        float,
        typer.Option(
            "--deadline",
            metavar="SECONDS",
            callback=positive,
            help="Seconds that a probe may take.",
        ),
    ] = DEADLINE_S,
    file: Annotated[
        Path | None,
        typer.Option(
            "--keep", metavar="FILE", help="File to write the findings to, as JSON, as they come."
        ),
    ] = None,
    as_json: AsJson = False,
    output_format: Annotated[
        ProbeFormat, typer.Option("--format", help="Format to show it in.")
    ] = ProbeFormat.TERMINAL,
) -> None:
    """Try what each event loop supports; each probe has a process of its own.

    Example: crawlbench probe -l uvloop -p "tls*"
    """
    if as_json and output_format is not ProbeFormat.TERMINAL:
        raise UsageError(f"--json and --format {output_format} cannot be given together")
    if file:
        require_place(file)
    options = ProbeOptions(
        loops=_chosen_loops(tuple(loops or ())),
        probes=_chosen_probes(tuple(probes or ())),
        deadline_s=deadline_s,
        are_named=bool(loops),
        file=file,
    )
    with tell_findings() as tell:
        report = run_probe(options, tell)
    if report.findings or as_json:
        _print(report, output_format, as_json)
    if file:
        write_report(report, file)
    if report.missing:
        # Where both streams lead to one place, the sentence must come after the tables.
        finish_output()
        complain(missing_text(report))
        raise typer.Exit(INTERRUPTED)


def _chosen_loops(patterns: tuple[str, ...]) -> tuple[str, ...]:
    kind = registry.Kind.EVENT_LOOP
    if not patterns:
        return tuple(registry.names(kind))
    chosen: dict[str, None] = {}
    for pattern in patterns:
        names = [pattern] if ":" in pattern else registry.select(kind, (pattern,))
        chosen.update(dict.fromkeys(names))
    return tuple(chosen)


def _chosen_probes(patterns: tuple[str, ...]) -> tuple[str, ...]:
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matches = [o.name for o in all_tries() if fnmatch.fnmatchcase(o.name, pattern)]
        chosen.update(dict.fromkeys(matches or [find_try(pattern).name]))
    return tuple(chosen)


def _print(report: Report, output_format: ProbeFormat, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(encode_report(report))
    elif output_format is ProbeFormat.MARKDOWN:
        sys.stdout.write(_render_markdown(report))
    elif output_format is ProbeFormat.HTML:
        sys.stdout.write(render_html(report))
    else:
        console = result_console()
        console.print(render_terminal(report, console.width))


def _render_markdown(report: Report) -> str:
    tables = [
        Table(
            themed.theme,
            (Column("probe"), *map(Column, themed.loops)),
            tuple((row.probe, *row.words) for row in themed.rows),
        )
        for themed in theme_tables(report)
    ]
    supports = (Column(support, is_number=True) for support in Support)
    counts = Table("all", (Column("loop"), *supports), count_rows(report))
    reasons = Table(
        "reasons",
        (Column("how"), Column("what and why")),
        (*reason_rows(report), *about_lines(report)),
    )
    return "\n\n".join(map(render_table, [*tables, counts, reasons])) + "\n"
