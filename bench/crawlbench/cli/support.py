"""What a session's event loops support: `probe.json`, and a section of its page (floor 5).

The loops are probed after the session, when nothing is being measured any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.base.errors import BenchError, SessionFileError
from crawlbench.base.records import Ending
from crawlbench.base.text import one_line
from crawlbench.cli.consoles import status_console
from crawlbench.cli.probing import run_probe
from crawlbench.probe import ProbeOptions, Support
from crawlbench.probe.catalogue import names_of_themes
from crawlbench.probe.store import PROBE_FILE, load_report, write_report
from crawlbench.probe.tables import (
    about_lines,
    all_rows,
    count_rows,
    lacking_rows,
    missing_text,
    probed_loops,
    reason_rows,
)
from crawlbench.report.page import Section
from crawlbench.report.table import Column, Table

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.base.records import Session
    from crawlbench.probe import Report

MIN_OPERATIONS = 20
"""Sessions with this many operations are probed; for smaller ones the probe would take longer."""
TITLE = "What event loops support"
FOUND = (Column("what"), Column("is", is_prose=True))
LEAD = (
    "Found by trying, each feature or operation in a process of its own: what no session can "
    "measure, and the themes of this session's operations. "
    '"crawlbench probe" tries everything.'
)
NOT_IN_BUNDLES = f"A bundle holds no {PROBE_FILE}."
NOT_PROBED = (
    f"This session's folder has no {PROBE_FILE}; "
    f'"crawlbench probe --json" prints what belongs in it.'
)


def probe_session(session: Session, folder: Path) -> str:
    """Probe the event loops of a session's operations and write `probe.json`, if it does not exist.

    A session is never lost because of this: what goes wrong is returned as a sentence, which is
    empty if nothing does.
    """
    # A probe uses the manager's Python, and would say nothing about other environments.
    if len(session.plan.operations) < MIN_OPERATIONS or session.environments:
        return ""
    loops = dict.fromkeys(c.event_loop for c in session.plan.cells if c.operation and c.event_loop)
    # Whoever pressed Ctrl-C wants it to end.
    if session.ending is Ending.INTERRUPTED or (folder / PROBE_FILE).exists():
        return ""
    probes = names_of_themes({facts.theme for facts in session.plan.operations})
    options = ProbeOptions(tuple(loops), probes, are_named=False, file=folder / PROBE_FILE)
    try:
        with status_console().status("probing event loops") as status:
            report = run_probe(
                options,
                lambda _, done, due: status.update(
                    f"probing what event loops support: {done} of {due}; Ctrl-C leaves the rest out"
                ),
            )
        write_report(report, folder / PROBE_FILE)
    except KeyboardInterrupt:
        return f"{PROBE_FILE} is not whole: the probe was interrupted"
    except (BenchError, OSError) as error:
        return f"{PROBE_FILE} was not written: {error}"
    return f"{PROBE_FILE} is not whole: {missing_text(report)}" if report.missing else ""


def probed_section(session: Session, folder: Path | None) -> Section | None:
    """Return what `probe.json` holds as a section of a page; None for a session of crawls.

    Args:
        session: which is shown.
        folder: of the session; None for a bundle, which has none.
    """
    if folder is None:
        return _empty(NOT_IN_BUNDLES) if session.plan.operations else None
    try:
        report = load_report(folder)
    except SessionFileError as error:
        return _empty(f"There is nothing to show: {error}.")
    if report is not None:
        return _section(report)
    return _empty(NOT_PROBED) if session.plan.operations else None


def _empty(missing: str) -> Section:
    return Section("support", TITLE, missing=missing)


def _section(report: Report) -> Section:
    everything = all_rows(report)
    loops = [Column(one_line(loop.name)) for loop in probed_loops(report)]
    features = (Column("theme"), Column("probe"), *loops)
    supports = (Column(str(support), is_number=True) for support in Support)
    lacking, reasons = lacking_rows(report), reason_rows(report)
    sentences = (Column("how"), Column("loops, probes, reason", is_prose=True))
    tables = (
        Table("How many of the probes", (Column("loop"), *supports), count_rows(report)),
        Table("What not all of them have", features, lacking),
        Table("Why", sentences, reasons),
        Table("What was tried, and where", FOUND, tuple(about_lines(report))),
    )
    return Section(
        "support",
        TITLE,
        LEAD,
        tables=tuple(_plain(table) for table in tables if table.rows),
        details=(_plain(Table(f"All {len(everything)} probes", features, everything)),),
    )


def _plain(table: Table) -> Table:
    """Return the table with names chosen by others on single lines."""
    rows = tuple(tuple(map(one_line, row)) for row in table.rows)
    return Table(table.title, table.columns, rows)
